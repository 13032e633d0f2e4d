import { LRUCache } from 'lru-cache';
import type { PersonalRead } from '../audit/personal-reads.ts';
import type { AuthCache } from '../credentials/cache/auth-cache.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import { unavailable } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import { countedWait, limitedWait } from '../kernel/request-context.ts';
import type { InvalidationFeed } from '../revocation/feed.ts';
import type { BetweenReplicas } from './between-replicas.ts';
import type { CoalescedOperation, ExecutionNames } from './execution-name.ts';
import type { LatestPosition } from './latest-position.ts';
import type { CoalescingCounts, CoalescingMetrics } from './metrics.ts';
import { outcomeOf, type SharedOutcome, textOf } from './outcome.ts';
import { type Left, SharedExecution } from './shared-execution.ts';

/** How many requests of this replica wait for the execution of another one. Further ones execute for themselves. */
const MOST_WAITING = 10_000;
/** How many requests execute for themselves at the same time, while executions cannot be shared. More would only queue. */
const BULKHEAD = 32;
/** How often a request looks for an execution to share, before it is rejected. */
const ATTEMPTS = 2;
/** How many results are kept, and how long they are together and each, in characters of their JSON. */
const KEPT = { max: 1000, maxSize: 16 * 1024 * 1024, maxEntrySize: 256 * 1024 };

/** A request that may share an execution. */
export interface CoalescedCall {
  readonly accepted: AcceptedCredential;
  readonly operation: CoalescedOperation;
  /** For how long the result is shared after the execution, and how long a request waits for it, in milliseconds. */
  readonly ttlMs: number;
  readonly timeoutMs: number;
  /**
   * Executes the operation for the caller that this credential stands for.
   *
   * @param isShared other requests may wait for it, so it continues if the client of this request disconnects
   */
  execute(accepted: AcceptedCredential, isShared: boolean): Promise<SharedOutcome>;
  /** Records that this request, too, reads this. @throws if it cannot be recorded */
  record(reads: readonly PersonalRead[]): Promise<void>;
  /**
   * Authenticates the request again.
   *
   * @throws AccessError `UNAUTHENTICATED` if its credential has ended, `AUTHENTICATION_UNAVAILABLE` if that is not known
   */
  readAgain(): Promise<AcceptedCredential>;
  /** Calls the listener when the client is gone. @returns a function that stops it */
  onDisconnect(listener: () => void): () => void;
}

export interface CoalescingOptions {
  cache: Pick<AuthCache, 'isCurrent'>;
  feed: Pick<InvalidationFeed, 'watch'>;
  position: Pick<LatestPosition, 'read'>;
  names: ExecutionNames;
  /** Null: executions are shared within this replica. */
  replicas: Pick<BetweenReplicas, 'claim'> | null;
  clock: Clock;
  counts: CoalescingCounts;
  metrics: CoalescingMetrics;
}

/** An outcome, and whether this request has executed it. */
type Found = { readonly outcome: SharedOutcome; readonly isOwn: boolean } | Left;

/**
 * Lets identical queries of one credential share an execution.
 *
 * The rule: a request may share an execution only if no recorded change and no revocation was committed between the
 * beginning of the execution and the arrival of the request. Each request reads the position of the latest change after
 * its arrival, and the execution has its name from the position that its own request has read before. So the same name
 * means the same state, on every replica, while the execution runs and after it.
 *
 * Before a result is returned, the credential of the request is checked by the same check as an entry of the cache. If it
 * is in doubt, the request is authenticated again.
 */
export class Coalescing {
  readonly #options: CoalescingOptions;
  readonly #running = new Map<string, SharedExecution>();
  #alone = 0;
  readonly #kept: LRUCache<string, { outcome: SharedOutcome; until: number }>;

  constructor(options: CoalescingOptions) {
    this.#options = options;
    this.#kept = new LRUCache({ ...KEPT, ttlAutopurge: true });
  }

  /**
   * The outcome of the call, by its own execution or that of another request. Errors of an execution are thrown at all
   * requests that share it.
   *
   * @throws AccessError `UNAUTHENTICATED` if the credential ends meanwhile, and `AUTHENTICATION_UNAVAILABLE` if that is not
   *   known or the executions of other requests take too long
   */
  async run(call: CoalescedCall): Promise<SharedOutcome> {
    const { cache, names, position, counts } = this.#options;
    let { accepted } = call;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      // Without a lease, only a read for this request alone may decide about its credential.
      const mayShare = cache.isCurrent(accepted) && counts.waiting < MOST_WAITING;
      const at = mayShare ? await limitedWait(() => position.read()).catch(throwUnavailable) : null;
      if (at === null || !cache.isCurrent(accepted)) return this.#executeAlone(call, accepted);
      const found = await this.#share(names.nameOf(at, accepted.principal, call.operation), call, accepted);
      if (typeof found === 'object' && !found.isOwn) await this.#record(call, found.outcome);
      let isSame = true;
      if (!cache.isCurrent(accepted)) {
        const again = await call.readAgain();
        isSame = names.areEqual(accepted.principal, again.principal);
        accepted = again;
      }
      if (typeof found === 'object' && isSame) return found.outcome;
      if (found === 'disconnected') break;
    }
    throw unavailable();
  }

  async #executeAlone(call: CoalescedCall, accepted: AcceptedCredential): Promise<SharedOutcome> {
    if (this.#alone >= BULKHEAD) throw unavailable();
    this.#alone++;
    this.#options.counts.alone++;
    try {
      return await call.execute(accepted, false);
    } finally {
      this.#alone--;
    }
  }

  async #record(call: CoalescedCall, { reads }: SharedOutcome): Promise<void> {
    for (const batch of reads) await call.record(batch);
  }

  /** Finds the execution or begins it, without a pause in between: there is one in this replica. */
  #share(name: string, call: CoalescedCall, accepted: AcceptedCredential): Promise<Found> {
    const { clock, counts } = this.#options;
    const kept = this.#kept.get(name);
    if (kept && kept.until > clock.monotonic()) {
      counts.kept++;
      return Promise.resolve({ outcome: kept.outcome, isOwn: false });
    }
    const running = this.#running.get(name);
    return running ? this.#wait(running, call) : this.#lead(name, call, accepted);
  }

  async #wait(running: SharedExecution, call: CoalescedCall): Promise<Found> {
    const { clock, counts, metrics } = this.#options;
    const begun = clock.monotonic();
    const disconnected = Promise.withResolvers<Left>();
    const stop = call.onDisconnect(() => disconnected.resolve('disconnected'));
    counts.waiting++;
    try {
      const outcome = await countedWait(running.wait(disconnected.promise));
      if (typeof outcome === 'string') {
        counts[outcome]++;
        return outcome;
      }
      counts.waited++;
      metrics.wait.observe((clock.monotonic() - begun) / 1000);
      return { outcome, isOwn: false };
    } finally {
      counts.waiting--;
      stop();
    }
  }

  async #lead(name: string, call: CoalescedCall, accepted: AcceptedCredential): Promise<Found> {
    const { clock, feed } = this.#options;
    const { timeoutMs } = call;
    const left = () => {
      if (this.#running.get(name) === running) this.#running.delete(name);
    };
    const running = new SharedExecution({ clock, timeoutMs, left });
    this.#running.set(name, running);
    // Without a lease, the check before the response decides.
    const unwatch = feed.watch(accepted.tags, (doubt) => doubt !== 'lease lost' && running.leave('inDoubt'));
    try {
      const found = await this.#claimAndExecute(name, { call, accepted, running });
      running.settle(typeof found === 'string' ? found : found.outcome);
      return found;
    } catch (error) {
      this.#options.counts.failedExecutions++;
      running.settle({ error });
      throw error;
    } finally {
      unwatch();
      left();
    }
  }

  async #claimAndExecute(
    name: string,
    { call, accepted, running }: { call: CoalescedCall; accepted: AcceptedCredential; running: SharedExecution },
  ): Promise<Found> {
    const { replicas, cache, clock, counts, metrics } = this.#options;
    const { ttlMs, timeoutMs } = call;
    const begun = clock.monotonic();
    const claiming = replicas?.claim(name, { timeoutMs, isNeeded: () => cache.isCurrent(accepted) });
    const claimed = claiming ? await countedWait(claiming) : null;
    if (claimed && 'text' in claimed) {
      const outcome = outcomeOf(claimed.text);
      counts.handed++;
      metrics.wait.observe((clock.monotonic() - begun) / 1000);
      this.#keep(name, { outcome, text: claimed.text, ttlMs: Math.min(ttlMs, claimed.keptMs) });
      return { outcome, isOwn: false };
    }
    if (!cache.isCurrent(accepted)) {
      claimed?.end(() => null, 0);
      return 'inDoubt';
    }
    running.beginHere();
    counts.led++;
    let text: string | null | undefined;
    try {
      const outcome = await call.execute(accepted, true);
      if (outcome.result.errors) counts.failedExecutions++;
      const write = () => (text === undefined ? (text = textOf(outcome)) : text);
      if (ttlMs > 0) this.#keep(name, { outcome, text: write(), ttlMs });
      claimed?.end(write, ttlMs);
      return { outcome, isOwn: true };
    } catch (error) {
      claimed?.end(() => null, 0);
      throw error;
    }
  }

  #keep(name: string, { outcome, text, ttlMs }: { outcome: SharedOutcome; text: string | null; ttlMs: number }): void {
    if (text === null || ttlMs <= 0) return;
    const until = this.#options.clock.monotonic() + ttlMs;
    this.#kept.set(name, { outcome, until }, { ttl: Math.ceil(ttlMs), size: Math.max(1, text.length) });
  }
}

function throwUnavailable(error: unknown): never {
  throw unavailable(error);
}
