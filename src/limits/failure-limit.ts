import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Clock } from '../kernel/clock.ts';
import type { Breaker } from '../redis/breaker.ts';
import type { RedisClient } from '../redis/client.ts';
import { MemoryWindow, type Verdict, WINDOW_MS } from './memory-window.ts';

// The script of the library counts in fixed windows: ten calls at the end of one and ten at the start of the next are
// twenty within a moment. This script keeps the times of the last ARGV[3] allowed calls, newest first, by the clock of
// Redis, and checks whether the oldest is less than a window ago. It is atomic. A time in the future is from before the
// clock of Redis was set back: it becomes now, so the wait is at most one window. Returns { a number above the limit if
// rejected, milliseconds until the next call is allowed }.
const SLIDING_WINDOW = `
local window, limit = ARGV[2] * 1000, tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ahead = 0
while tonumber(redis.call('LINDEX', KEYS[1], 0) or 0) > now do
  redis.call('LPOP', KEYS[1])
  ahead = ahead + 1
end
for _ = 1, ahead do redis.call('LPUSH', KEYS[1], now) end
if ahead > 0 then redis.call('PEXPIRE', KEYS[1], window) end
local oldest = redis.call('LINDEX', KEYS[1], limit - 1)
if oldest and now - oldest < window then return { limit + 1, oldest + window - now } end
redis.call('LPUSH', KEYS[1], now)
redis.call('LTRIM', KEYS[1], 0, limit - 1)
redis.call('PEXPIRE', KEYS[1], window)
oldest = redis.call('LINDEX', KEYS[1], limit - 1)
if oldest and now - oldest < window then return { limit, oldest + window - now } end
return { 1, 0 }
`;

export interface FailureLimitOptions {
  perMinute: number;
  /** Null: each replica allows its share. */
  redis: RedisClient | null;
  breaker: Breaker;
  clock: Clock;
  /** How many replicas share the limit at the moment. */
  replicas: () => number;
  /** The text under which Redis counts a key, which is the address of a client. */
  hide: (key: string) => string;
}

/**
 * Limits failed authentications in any minute. Every request checks it and every invalid credential counts, so
 * it never uses the database.
 *
 * Redis counts for all replicas together. This process remembers what it has allowed and what Redis has rejected: a key
 * that is known to be above the limit is rejected without a call, and an outage neither resets the counts nor allows
 * everything. While Redis does not respond, each replica counts alone and allows its share of half the limit, at least
 * 1. If Redis was never configured, it allows its share of the limit.
 */
export class FailureLimit {
  readonly #perMinute: number;
  readonly #replicas: () => number;
  readonly #hide: (key: string) => string;
  readonly #shared: RateLimiterRedis | null;
  readonly #memory: MemoryWindow;
  readonly #breaker: Breaker;

  constructor({ perMinute, redis, breaker, clock, replicas, hide }: FailureLimitOptions) {
    this.#hide = hide;
    this.#perMinute = perMinute;
    this.#replicas = replicas;
    this.#memory = new MemoryWindow(clock);
    this.#breaker = breaker;
    this.#shared =
      redis &&
      new RateLimiterRedis({
        storeClient: redis,
        useRedisPackage: true,
        keyPrefix: 'rekey:limit:failed-auth',
        points: perMinute,
        duration: WINDOW_MS / 1000,
        customIncrTtlLuaScript: SLIDING_WINDOW,
      });
  }

  /** Milliseconds until this key is allowed again, as far as this process knows. Counts nothing and calls nothing. */
  wait(key: string): number {
    const together = this.#shared !== null && !this.#breaker.isOpen;
    return this.#memory.wait(key, together ? this.#perMinute : this.#share);
  }

  /** Counts one and returns 0, or returns how many milliseconds to wait. Never throws. */
  async take(key: string): Promise<number> {
    const shared = this.#shared;
    if (!shared) return this.#memory.take(key, this.#share);
    const known = this.#memory.wait(key, this.#perMinute);
    if (known > 0) return known;
    try {
      const verdict = await this.#breaker.run(() => consume(shared, this.#hide(key)));
      this.#memory.note(key, verdict);
      return verdict.passed ? 0 : verdict.waitMs;
    } catch {
      return this.#memory.take(key, this.#share); // The breaker has reported it.
    }
  }

  /** The share of this replica while each one counts alone. At least 1. */
  get #share(): number {
    const all = this.#shared ? this.#perMinute / 2 : this.#perMinute;
    return Math.max(1, Math.floor(all / this.#replicas()));
  }
}

/** The library rejects the promise above the limit. For the breaker, that must be an answer like any other. */
async function consume(limiter: RateLimiterRedis, key: string): Promise<Verdict> {
  try {
    return { passed: true, waitMs: (await limiter.consume(key)).msBeforeNext };
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    return { passed: false, waitMs: refusal.msBeforeNext };
  }
}
