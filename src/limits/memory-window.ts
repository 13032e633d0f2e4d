import { hash } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';

export const WINDOW_MS = 60_000;

/** What a judge says of one: whether it was let through, and how long the next one has to wait. */
export interface Verdict {
  passed: boolean;
  waitMs: number;
}

interface Entry {
  /** When each of the last minute was let through, oldest first. */
  times: number[];
  /** What somebody who knows more has said; at most a window after `touchedAt`. */
  blockedUntil: number;
  touchedAt: number;
}

/**
 * Counts in this process. The window slides: whichever minute you look at, no more than the limit was let through.
 * What is refused is not counted, so trying on never makes the wait longer.
 *
 * rate-limiter-flexible's RateLimiterMemory is not used here: its windows are fixed (nearly twice the limit around an
 * edge), it reads the machine's clock, and it keeps one timer and about 470 bytes for each key somebody thinks of,
 * without an end.
 */
export class MemoryWindow {
  readonly #clock: Clock;
  readonly #capacity: number;
  /** By the time of the last touch: Map keeps the order, so what is over stands in front and no timer is needed. */
  readonly #entries = new Map<string, Entry>();
  #forgottenAt = Number.NEGATIVE_INFINITY;

  /** @param capacity how many keys get a counter of their own */
  constructor(clock: Clock, capacity = 20_000) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** How many counters there are at the moment. */
  get size(): number {
    return this.#entries.size;
  }

  /** Milliseconds until this key may have another one, 0 when it may now. Counts nothing. */
  wait(key: string, limit: number): number {
    const entry = this.#entries.get(this.#counterOf(key));
    if (!entry) return 0;
    const limitReachedAt = entry.times.at(-limit);
    const until = Math.max(entry.blockedUntil, limitReachedAt === undefined ? 0 : limitReachedAt + WINDOW_MS);
    return Math.max(0, until - this.#clock.monotonic());
  }

  /** Lets one through, counts it and answers 0; or answers how many milliseconds to wait. */
  take(key: string, limit: number): number {
    this.#forgetWhatIsOver();
    const wait = this.wait(key, limit);
    if (wait === 0) this.#add(this.#counterOf(key));
    return wait;
  }

  /** Counts one that another judge has let through, and remembers for how long that judge will refuse the next. */
  note(key: string, { passed, waitMs }: Verdict): void {
    this.#forgetWhatIsOver();
    const counter = this.#counterOf(key);
    if (counter !== key) return; // Shared counters are for when nobody else remembers.
    if (passed) this.#add(counter);
    if (waitMs > 0) {
      const entry = this.#touch(counter);
      entry.blockedUntil = entry.touchedAt + Math.min(waitMs, WINDOW_MS);
    }
  }

  // When all counters are taken, new keys share 4096 more by their hash. Dropping the least recent one instead would
  // let a flood of made-up keys wash away the counter it runs against; this way a flood makes the limit stricter.
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

  #forgetWhatIsOver(): void {
    const now = this.#clock.monotonic();
    if (now < this.#forgottenAt + 1000) return; // A Map walks past what was deleted from its front: not for every call.
    this.#forgottenAt = now;
    for (const [counter, { touchedAt }] of this.#entries) {
      if (touchedAt > now - WINDOW_MS) return;
      this.#entries.delete(counter);
    }
  }
}
