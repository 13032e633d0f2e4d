import { AccessError, tooMany, unavailable } from '../identity/access-error.ts';

export interface FairQueueOptions {
  /** How many pieces of work run at the same time. */
  atOnce: number;
  /** How many of them may be of one owner. Less than `atOnce`, or one owner can take every place. */
  perOwner: number;
  /** How many of those may be of one key. Less than `perOwner`, or one key can take every place of its owner. */
  perKey: number;
  /** How many more of one owner may wait. */
  waitingPerOwner: number;
  /** How many may wait, of all owners together. */
  waiting: number;
  /** The longest that one waits, in milliseconds. */
  patienceMs: number;
}

/** Whose work it is. */
export interface Caller {
  /** Who shares the places: a user or a network. */
  owner: string;
  /** Who takes turns: a credential of the user, or the network. */
  key: string;
  /**
   * For this many milliseconds after work was refused with `RATE_LIMITED`, the key does not get its place back. So a
   * caller that goes on without a pause waits in the queue, where it costs nothing.
   */
  pauseMs?: number;
}

/** The work of one key. It is known only while there is some. */
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
  /** How much of its work has begun so far. */
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
 * Keys take turns, whatever the number of requests behind each. A key that had nothing to do goes before the keys that
 * were already served, as new flows go before old ones in FQ-CoDel (RFC 8290 §4.2): one request of a quiet caller waits
 * for the work that runs, not for the queue of a busy one. A user whose stolen session floods the queue still ends it
 * with another session.
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

  /** How many owners are known. Those that have nothing to do are forgotten. */
  get size(): number {
    return this.#owners.size;
  }

  /**
   * Runs `work` when it is the caller's turn. The work must not call `run` of the same queue: it would wait for itself.
   *
   * @throws AccessError `RATE_LIMITED` where the queue is full or the owner asks for more turns than there are,
   *   `AUTHENTICATION_UNAVAILABLE` where the work that runs does not end. The work has not begun then.
   */
  async run<T>(caller: Caller, work: () => Promise<T>): Promise<T> {
    const flow = this.#flowOf(caller);
    if (!this.#takesPlace(flow)) await this.#turnOf(caller, flow);
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
      this.#forgetIdle(caller, flow);
      this.#startNext();
    }
  }

  #rest(caller: Caller, flow: Flow): void {
    flow.busy--;
    this.#forgetIdle(caller, flow);
    this.#startNext();
  }

  #flowOf({ owner: ownerName, key }: Caller): Flow {
    let owner = this.#owners.get(ownerName);
    if (!owner) this.#owners.set(ownerName, (owner = { flows: new Map(), running: 0, waiting: 0, begun: 0 }));
    let flow = owner.flows.get(key);
    if (!flow) owner.flows.set(key, (flow = { owner, busy: 0, waiting: new Set() }));
    return flow;
  }

  /** Takes a free place. None is free while a waiting flow may use it, so this overtakes no flow. */
  #takesPlace(flow: Flow): boolean {
    const { atOnce, perOwner, perKey } = this.#options;
    if (this.#running >= atOnce || flow.owner.running >= perOwner || flow.busy >= perKey) return false;
    this.#running++;
    flow.owner.running++;
    flow.owner.begun++;
    flow.busy++;
    return true;
  }

  /** Resolves when `#startNext` has given a place to it. */
  #turnOf(caller: Caller, flow: Flow): Promise<void> {
    const { patienceMs } = this.#options;
    if (!this.#makeRoom(flow)) {
      this.#forgetIdle(caller, flow);
      throw tooMany(1);
    }
    if (!this.#served.has(flow) && !this.#fresh.has(flow)) (flow.busy > 0 ? this.#served : this.#fresh).add(flow);
    const begunBefore = flow.owner.begun;
    return new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        this.#leave(flow, waiter);
        this.#forgetIdle(caller, flow);
        // Where the owner has had turns meanwhile, it asks for more of them than there are. Else no work has ended.
        const hadTurns = flow.owner.begun > begunBefore;
        reject(hadTurns ? tooMany(1) : unavailable(new Error('The running work takes too long.')));
      };
      const waiter: Waiter = { start: resolve, reject, timer: setTimeout(giveUp, patienceMs) };
      flow.waiting.add(waiter);
      flow.owner.waiting++;
      this.#waiting++;
    });
  }

  /**
   * Whether one more of this flow may wait. Where the queue is full, the newest request of the longest flow leaves it for
   * one of a shorter flow (RFC 8290 §4.1): it is the busy caller that is refused, and not the quiet one.
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
    newest.reject(tooMany(1));
    return true;
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

  #forgetIdle({ owner: ownerName, key }: Caller, { owner, busy, waiting }: Flow): void {
    if (busy > 0 || waiting.size > 0) return;
    owner.flows.delete(key);
    if (owner.flows.size === 0) this.#owners.delete(ownerName);
  }

  /** Gives the place that has become free to the first flow in turn that may have one more. */
  #startNext(): void {
    for (const turns of [this.#fresh, this.#served]) {
      for (const flow of turns) {
        if (!this.#takesPlace(flow)) {
          if (this.#running >= this.#options.atOnce) return;
          continue; // Its owner has as many places as one may have.
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
