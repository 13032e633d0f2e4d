import { hash } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';

export const WINDOW_MS = 60_000;

/** The result of one call: whether it was allowed, and how long the next one must wait. */
export interface Verdict {
  passed: boolean;
  waitMs: number;
}

interface Entry {
  /** The times of the calls that were allowed in the last minute, oldest first. */
  times: number[];
  /** Set by another counter that knows more; at most a window after `touchedAt`. */
  blockedUntil: number;
  touchedAt: number;
}

/**
 * Counts in this process, with a sliding window: in whichever minute, no more calls than the limit are allowed.
 * Rejected calls are not counted, so a retry never extends the wait.
 *
 * rate-limiter-flexible's RateLimiterMemory is not used: its windows are fixed (nearly twice the limit around an edge),
 * it reads the machine's clock, and it keeps a timer and about 470 bytes for each invented key, without a bound.
 */
export class MemoryWindow {
  readonly #clock: Clock;
  readonly #capacity: number;
  /** In the order of the last touch, which Map keeps: outdated entries come first, and no timer is needed. */
  readonly #entries = new Map<string, Entry>();
  #purgedAt = Number.NEGATIVE_INFINITY;

  /** @param capacity how many keys get a counter of their own */
  constructor(clock: Clock, capacity = 20_000) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** How many counters there are at the moment. */
  get size(): number {
    return this.#entries.size;
  }

  /** Milliseconds until this key is allowed again, 0 if it is now. Counts nothing. */
  wait(key: string, limit: number): number {
    const entry = this.#entries.get(this.#counterOf(key));
    if (!entry) return 0;
    const limitReachedAt = entry.times.at(-limit);
    const until = Math.max(entry.blockedUntil, limitReachedAt === undefined ? 0 : limitReachedAt + WINDOW_MS);
    return Math.max(0, until - this.#clock.monotonic());
  }

  /** Allows and counts one and returns 0, or returns how many milliseconds to wait. */
  take(key: string, limit: number): number {
    this.#purge();
    const wait = this.wait(key, limit);
    if (wait === 0) this.#add(this.#counterOf(key));
    return wait;
  }

  /** Counts one that another counter has allowed, and remembers for how long that counter will reject the next one. */
  note(key: string, { passed, waitMs }: Verdict): void {
    this.#purge();
    const counter = this.#counterOf(key);
    if (counter !== key) return; // Shared counters are only for keys that no other counter remembers.
    if (passed) this.#add(counter);
    if (waitMs > 0) {
      const entry = this.#touch(counter);
      entry.blockedUntil = entry.touchedAt + Math.min(waitMs, WINDOW_MS);
    }
  }

  // When all counters are in use, new keys share 4096 more by their hash. If the least recent one were dropped instead,
  // a flood of invented keys would delete the counter that limits it. This way a flood makes the limit stricter.
  #counterOf(key: string): string {
    if (this.#entries.size < this.#capacity || this.#entries.has(key)) return key;
    return `shared ${hash('sha256', key, 'base64url').slice(0, 2)}`;
  }

  #add(counter: string): void {
    const { times, touchedAt } = this.#touch(counter);
    while (times[0] !== undefined && times[0] <= touchedAt - WINDOW_MS) times.shift();
    times.push(touchedAt);
  }

  #touch(counter: string): Entry {
    const entry = this.#entries.get(counter) ?? { times: [], blockedUntil: 0, touchedAt: 0 };
    entry.touchedAt = this.#clock.monotonic();
    this.#entries.delete(counter);
    this.#entries.set(counter, entry);
    return entry;
  }

  #purge(): void {
    const now = this.#clock.monotonic();
    if (now < this.#purgedAt + 1000) return; // Not at every call: a Map walks over deleted entries.
    this.#purgedAt = now;
    for (const [counter, { touchedAt }] of this.#entries) {
      if (touchedAt > now - WINDOW_MS) return;
      this.#entries.delete(counter);
    }
  }
}
