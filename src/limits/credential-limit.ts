import { rateLimitReached, unavailable } from '../identity/access-error.ts';
import type { Principal } from '../identity/principal.ts';
import type { RateLimit, RateState } from '../identity/rate-limit.ts';
import type { Clock } from '../kernel/clock.ts';
import type { RejectedCall } from './limits.ts';
import type { RateWindows, Returned } from './rate-windows.ts';
import type { Limited, RedisShare, TakenFromRedis } from './redis-share.ts';

/** A share covers this many seconds of an even use of the limit, */
const SHARE_SECONDS = 10;
/** but at least so many requests. */
const SMALLEST_SHARE = 10;
/** How long PostgreSQL is not asked again after it had nothing left: another replica may give requests back. */
const ASK_AGAIN_MS = 1000;
/** How long Redis is still asked after that: another replica may be about to put requests there. */
const SETTLED_MS = 200;
/** A share that was not used for so long is given back. */
const IDLE_MS = 2000;

/** Requests of one window that this replica may use. */
interface Share {
  readonly window: string;
  left: number;
  /** How many requests others had at hand when the share arrived: PostgreSQL, and the share in Redis. */
  beyond: number;
  /** When the window ends, by the clock of the database, and at the latest by the monotonic clock of this process. */
  readonly endsAt: number;
  readonly endsBy: number;
}

/** What this replica knows about one limited credential that is in use. */
interface Entry extends Limited {
  share: Share | null;
  /** What must be given back with the next question. */
  returned: Returned | null;
  /** How many requests this replica has accepted in the window `usedIn`. */
  used: number;
  usedIn: string;
  /** Requests that wait for a share, and the question that they wait for. */
  waiting: number;
  asking: Promise<Share> | null;
  /** By the monotonic clock: when the window was found used up, when it ends, and until when nothing is asked. */
  fullSince: number;
  fullUntil: number;
  askAgainAt: number;
  quietUntil: number;
  touchedAt: number;
}

export interface CredentialLimitOptions {
  windows: RateWindows;
  /** Null if no Redis is configured. */
  redis: RedisShare | null;
  clock: Clock;
  /** Of the replica: how long it may trust its caches, the time of the database, and how many replicas there are. */
  leaseRemaining: () => number;
  databaseNow: () => number;
  replicas: () => number;
  /** A request was rejected. Must not throw and must not block. */
  exceeded: (call: RejectedCall) => void;
}

/**
 * The rate limits of credentials: in no window are more requests accepted than the limit, whatever replicas accept them.
 *
 * PostgreSQL hands the requests of a window out in shares, and each accepted request uses one request of a share. With
 * Redis, the share is in Redis, and replicas use it together, with one call for each request. Without it, each replica has
 * a share of its own, in memory. Whatever is lost on the way was handed out and is not used: then fewer requests are
 * accepted, and never more. So Redis may vanish and return at any moment.
 *
 * A share counts for its window only. It is used while this replica holds a lease, because the lease is what the time of
 * the database is known by. Without a lease, PostgreSQL is asked for the requests that are waiting.
 */
export class CredentialLimit {
  readonly #options: CredentialLimitOptions;
  readonly #entries = new Map<string, Entry>();
  /** Accepted requests by the place of their share. Plain numbers, for the metrics. */
  readonly counts = { replica: 0, redis: 0, postgresql: 0 };

  constructor(options: CredentialLimitOptions) {
    this.#options = options;
  }

  /** How many credentials this process remembers. Those that are not in use are forgotten. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Counts one request. Returns without a promise if this replica has a share.
   *
   * @param address of the client, for the audit log
   * @throws AccessError `RATE_LIMITED` if the window is used up: nothing is counted then; `AUTHENTICATION_UNAVAILABLE` if
   *   neither a share nor PostgreSQL can tell
   */
  take(principal: Principal, limit: RateLimit, address: () => string): RateState | Promise<RateState> {
    const entry = this.#entryOf(principal.credentialId, limit);
    entry.touchedAt = this.#now();
    const own = this.#isTrusted() ? this.#takeOwn(entry) : null;
    if (own !== null) return this.#counted('replica', own);
    return this.#takeElsewhere(entry).then((state) => state ?? this.#reject(entry, principal, address()));
  }

  /** Gives back the shares that were not used for a while. With `all`, every share: before this replica stops. */
  async giveBack({ all = false } = {}): Promise<void> {
    const now = this.#now();
    const shares: (Returned & { credentialId: string })[] = [];
    for (const [id, { share, returned, touchedAt, waiting }] of this.#entries) {
      if (waiting > 0 || (!all && now < touchedAt + IDLE_MS)) continue;
      this.#entries.delete(id); // Before anything is awaited: what is given back must not be used.
      if (share && share.left > 0 && now < share.endsBy) {
        shares.push({ credentialId: id, window: share.window, requests: share.left });
      }
      if (returned) shares.push({ credentialId: id, ...returned });
    }
    await this.#options.windows.giveBack(shares);
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }

  #isTrusted(): boolean {
    return this.#options.leaseRemaining() > 0;
  }

  #entryOf(credentialId: string, limit: RateLimit): Entry {
    const known = this.#entries.get(credentialId);
    if (known && isSame(known.limit, limit)) return known;
    const entry: Entry = {
      ...{ credentialId, limit, share: null, returned: null, used: 0, usedIn: '', waiting: 0, asking: null },
      ...{ fullSince: 0, fullUntil: 0, askAgainAt: 0, quietUntil: 0, touchedAt: 0 },
    };
    // The limit was changed. PostgreSQL decides what is left under the new one.
    const share = known?.share;
    if (known && share) {
      known.share = null;
      entry.returned = { window: share.window, requests: share.left };
    }
    this.#entries.set(credentialId, entry);
    return entry;
  }

  /** One request of the share of this replica; null if it has none. @param isNew the share has arrived at this moment */
  #takeOwn(entry: Entry, isNew = false): RateState | null {
    const { share, limit } = entry;
    if (!share || share.left < 1) return null;
    const resetMs = share.endsBy - this.#now();
    if (resetMs <= 0 || (!isNew && this.#options.databaseNow() >= share.endsAt)) return null;
    share.left--;
    this.#noteUse(entry, share.window);
    return { limit, remaining: share.left + share.beyond, resetMs };
  }

  /** Null if the window is used up. */
  async #takeElsewhere(entry: Entry): Promise<RateState | null> {
    entry.waiting++;
    try {
      for (;;) {
        if (this.#now() < entry.quietUntil) return null;
        const common = await this.#takeFromRedis(entry);
        if (common) return common;
        const own = this.#isTrusted() ? this.#takeOwn(entry) : null;
        if (own) return this.#counted('replica', own);
        if (this.#now() < entry.askAgainAt) return null;
        entry.asking ??= this.#ask(entry).finally(() => {
          entry.asking = null;
        });
        const share = await entry.asking;
        const handedOut = share === entry.share ? this.#takeOwn(entry, true) : null;
        if (handedOut) return this.#counted('postgresql', handedOut);
      }
    } finally {
      entry.waiting--;
    }
  }

  async #takeFromRedis(entry: Entry): Promise<RateState | null> {
    const { redis, databaseNow } = this.#options;
    if (!redis || !this.#isTrusted()) return null;
    const taken = await redis.take(entry, (late) => this.#keep(entry, late));
    if (!taken) return null;
    if (!('endsAt' in taken)) {
      entry.returned = together(entry.returned, taken);
      return null;
    }
    const resetMs = taken.endsAt - databaseNow();
    if (resetMs <= 0 || !this.#isTrusted()) return null; // The window is over, or that is not known any more.
    this.#noteUse(entry, taken.window);
    return this.#counted('redis', { limit: entry.limit, remaining: taken.left + taken.beyond, resetMs });
  }

  /** Redis has handed out a request, but too late for the one that waited for it. The next one gets it. */
  #keep(entry: Entry, { window, endsAt, beyond, left }: TakenFromRedis): void {
    if (entry.share?.window === window) entry.share.left++;
    else if (!entry.share || entry.share.left < 1) {
      const endsBy = this.#now() + Math.max(0, endsAt - this.#options.databaseNow());
      entry.share = { window, left: 1, beyond: left + beyond, endsAt, endsBy };
    }
  }

  /** Asks PostgreSQL for a share, for all requests that wait. With Redis, what they do not need goes there. */
  async #ask(entry: Entry): Promise<Share> {
    const { windows, redis, replicas } = this.#options;
    const { credentialId, limit } = entry;
    const isCommon = redis?.isThere === true && this.#isTrusted();
    const returned = entry.returned;
    entry.returned = null;
    const askedAt = this.#now();
    const parts = isCommon ? 2 : 2 * replicas();
    const most = Math.max(entry.waiting, isCommon ? evenly(limit) : Math.min(evenly(limit), entry.used));
    const { window, requests, beyond, endsAt, now } = await windows
      .grant({ credentialId, limit, most, parts, returned })
      .catch((error) => {
        throw unavailable(error);
      });
    const remainingMs = endsAt - now;
    if (window !== entry.usedIn) Object.assign(entry, { usedIn: window, used: 0 });
    this.#noteFullness(entry, requests, remainingMs);
    const before = entry.share?.window === window ? entry.share.left : 0;
    const share: Share = { window, left: before + requests, beyond, endsAt, endsBy: askedAt + remainingMs };
    const surplus = isCommon ? Math.max(0, share.left - entry.waiting) : 0;
    if (surplus > 0) {
      share.left -= surplus;
      share.beyond += surplus;
      await redis?.add(entry, { window, requests: surplus, beyond, endsAt, remainingMs });
    }
    entry.share = share;
    return share;
  }

  #noteFullness(entry: Entry, granted: number, remainingMs: number): void {
    const now = this.#now();
    if (granted > 0) return void Object.assign(entry, { fullSince: 0, askAgainAt: 0, quietUntil: 0 });
    if (entry.fullSince === 0) entry.fullSince = now;
    entry.fullUntil = now + remainingMs;
    entry.askAgainAt = now + Math.min(ASK_AGAIN_MS, remainingMs);
  }

  #noteUse(entry: Entry, window: string): void {
    if (entry.usedIn !== window) Object.assign(entry, { usedIn: window, used: 0 });
    entry.used++;
  }

  #counted(place: 'replica' | 'redis' | 'postgresql', state: RateState): RateState {
    this.counts[place]++;
    return state;
  }

  /** A rejected request costs no call until PostgreSQL is asked again, so a flood of them costs nothing. */
  #reject(entry: Entry, { credentialId, userId }: Principal, address: string): never {
    const now = this.#now();
    if (now - entry.fullSince > SETTLED_MS) entry.quietUntil = entry.askAgainAt;
    this.#options.exceeded({ limit: 'credential', subjectId: credentialId, userId, address });
    throw rateLimitReached({ limit: entry.limit, remaining: 0, resetMs: entry.fullUntil - now });
  }
}

/** How many requests a share has at most, unless more of them wait. */
function evenly({ requests, windowSeconds }: RateLimit): number {
  return Math.max(SMALLEST_SHARE, Math.ceil((requests * SHARE_SECONDS) / windowSeconds));
}

function isSame(one: RateLimit, other: RateLimit): boolean {
  return one === other || (one.requests === other.requests && one.windowSeconds === other.windowSeconds);
}

/** Both of these; of two windows, only the second one: the first one is over. */
function together(one: Returned | null, other: Returned): Returned {
  return one?.window === other.window ? { ...other, requests: one.requests + other.requests } : other;
}
