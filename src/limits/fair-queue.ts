import { AccessError, tooMany, unavailable } from '../identity/access-error.ts';
import { countedWait } from '../kernel/request-context.ts';

export interface FairQueueOptions {
  /** How many pieces of work run at the same time. */
  atOnce: number;
  /** How many of them may be of one owner. Must be less than `atOnce`, otherwise one owner can take every place. */
  perOwner: number;
  /** How many of those may be of one key. Must be less than `perOwner`, otherwise one key can take all of them. */
  perKey: number;
  /** How many more of one owner may wait. */
  waitingPerOwner: number;
  /** How many may wait, of all owners together. */
  waiting: number;
  /** The longest wait, in milliseconds. */
  longestWaitMs: number;
  /** Called with each rejection with `RATE_LIMITED`. */
  limited?: (() => void) | undefined;
}

/** The caller of the work. */
export interface Caller {
  /** The user or the network that shares the places. */
  owner: string;
  /** The credential of the user, or the network, that takes turns. */
  key: string;
  /**
   * For this many milliseconds after a rejection with `RATE_LIMITED`, the key does not get its place back. So a caller
   * that continues without a pause waits in the queue, where it costs nothing.
   */
  pauseMs?: number;
}

/** The work of one key. It exists only while there is some. */
interface Flow {
  readonly owner: Owner;
  /** Running, or pausing. */
  busy: number;
  readonly waiting: Set<Waiter>;
}

interface Owner {
  readonly flows: Map<string, Flow>;
  running: number;
  waiting: number;
  /** How much of its work has started so far. */
  begun: number;
}

interface Waiter {
  start: () => void;
  reject: (reason: AccessError) => void;
  timer: NodeJS.Timeout;
}

/**
 * Bounded concurrency that callers share fairly.
 *
 * Keys take turns, whatever the number of requests of each. A key that was idle goes before the keys that were
 * already served, as new flows go before old ones in FQ-CoDel (RFC 8290 §4.2). So a request of a quiet caller waits
 * for the running work, not for the queue of a busy caller. A user whose stolen session floods the queue can still
 * revoke it with another session.
 */
export class FairQueue {
  readonly #options: FairQueueOptions;
  readonly #owners = new Map<string, Owner>();
  /** Flows with waiting work, in the order of their turns. A flow is in at most one of the two sets. */
  readonly #fresh = new Set<Flow>();
  readonly #served = new Set<Flow>();
  #running = 0;
  #waiting = 0;

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  /** How much work runs, and how much waits. */
  get state(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#waiting };
  }

  /** How many owners have work. Idle owners are deleted. */
  get size(): number {
    return this.#owners.size;
  }

  /**
   * Runs `work` when it is the caller's turn. The work must not call `run` of the same queue: it would wait for itself.
   *
   * @throws AccessError `RATE_LIMITED` if the queue is full or the owner demands more turns than there are,
   *   `AUTHENTICATION_UNAVAILABLE` if the running work does not end. In both cases the work has not started.
   */
  async run<T>(caller: Caller, work: () => Promise<T>): Promise<T> {
    const flow = this.#flowOf(caller);
    if (!this.#takesPlace(flow)) await countedWait(this.#turnOf(caller, flow));
    let pauseMs = 0;
    try {
      return await work();
    } catch (error) {
      if (error instanceof AccessError && error.code === 'RATE_LIMITED') pauseMs = caller.pauseMs ?? 0;
      throw error;
    } finally {
      this.#running--;
      flow.owner.running--;
      if (pauseMs > 0) setTimeout(() => this.#rest(caller, flow), pauseMs).unref();
      else flow.busy--;
      this.#removeIdle(caller, flow);
      this.#startNext();
    }
  }

  #rest(caller: Caller, flow: Flow): void {
    flow.busy--;
    this.#removeIdle(caller, flow);
    this.#startNext();
  }

  #flowOf({ owner: ownerName, key }: Caller): Flow {
    let owner = this.#owners.get(ownerName);
    if (!owner) this.#owners.set(ownerName, (owner = { flows: new Map(), running: 0, waiting: 0, begun: 0 }));
    let flow = owner.flows.get(key);
    if (!flow) owner.flows.set(key, (flow = { owner, busy: 0, waiting: new Set() }));
    return flow;
  }

  /** Takes a free place. No place is free while a waiting flow may use it, so this overtakes no flow. */
  #takesPlace(flow: Flow): boolean {
    const { atOnce, perOwner, perKey } = this.#options;
    if (this.#running >= atOnce || flow.owner.running >= perOwner || flow.busy >= perKey) return false;
    this.#running++;
    flow.owner.running++;
    flow.owner.begun++;
    flow.busy++;
    return true;
  }

  /** Resolves when `#startNext` has given it a place. */
  #turnOf(caller: Caller, flow: Flow): Promise<void> {
    const { longestWaitMs } = this.#options;
    if (!this.#makeRoom(flow)) {
      this.#removeIdle(caller, flow);
      throw this.#tooMany();
    }
    if (!this.#served.has(flow) && !this.#fresh.has(flow)) (flow.busy > 0 ? this.#served : this.#fresh).add(flow);
    const begunBefore = flow.owner.begun;
    return new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        this.#leave(flow, waiter);
        this.#removeIdle(caller, flow);
        // If the owner got turns meanwhile, it demands more than there are. Otherwise no work has ended.
        const hadTurns = flow.owner.begun > begunBefore;
        reject(hadTurns ? this.#tooMany() : unavailable(new Error('The running work takes too long.')));
      };
      const waiter: Waiter = { start: resolve, reject, timer: setTimeout(giveUp, longestWaitMs) };
      flow.waiting.add(waiter);
      flow.owner.waiting++;
      this.#waiting++;
    });
  }

  /**
   * Whether one more request of this flow may wait. If the queue is full, the newest request of the longest flow is
   * rejected for one of a shorter flow (RFC 8290 §4.1). So the busy caller is rejected, not the quiet one.
   */
  #makeRoom(flow: Flow): boolean {
    const { waitingPerOwner, waiting } = this.#options;
    const ownerIsFull = flow.owner.waiting >= waitingPerOwner;
    if (!ownerIsFull && this.#waiting < waiting) return true;
    let longest = flow;
    for (const turns of [this.#fresh, this.#served]) {
      for (const each of turns) {
        if ((!ownerIsFull || each.owner === flow.owner) && each.waiting.size > longest.waiting.size) longest = each;
      }
    }
    if (longest === flow || longest.waiting.size <= flow.waiting.size + 1) return false;
    const newest = [...longest.waiting].at(-1) as Waiter;
    this.#leave(longest, newest);
    newest.reject(this.#tooMany());
    return true;
  }

  #tooMany(): AccessError {
    this.#options.limited?.();
    return tooMany(1);
  }

  #leave(flow: Flow, waiter: Waiter): void {
    clearTimeout(waiter.timer);
    flow.waiting.delete(waiter);
    flow.owner.waiting--;
    this.#waiting--;
    if (flow.waiting.size > 0) return;
    this.#fresh.delete(flow);
    this.#served.delete(flow);
  }

  #removeIdle({ owner: ownerName, key }: Caller, { owner, busy, waiting }: Flow): void {
    if (busy > 0 || waiting.size > 0) return;
    owner.flows.delete(key);
    if (owner.flows.size === 0) this.#owners.delete(ownerName);
  }

  /** Gives the place that has become free to the first flow in turn that may use it. */
  #startNext(): void {
    for (const turns of [this.#fresh, this.#served]) {
      for (const flow of turns) {
        if (!this.#takesPlace(flow)) {
          if (this.#running >= this.#options.atOnce) return;
          continue; // Its owner has the maximum of places.
        }
        const [next] = flow.waiting;
        // Its next turn comes after those of all others.
        turns.delete(flow);
        if (flow.waiting.size > 1) this.#served.add(flow);
        this.#leave(flow, next!);
        next!.start();
        return;
      }
    }
  }
}
