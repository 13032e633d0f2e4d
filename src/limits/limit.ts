import type { EntityManager } from '@mikro-orm/sql';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Breaker } from '../kernel/breaker.ts';
import type { Clock } from '../kernel/clock.ts';
import type { RedisClient } from '../kernel/redis-client.ts';
import { takeInDatabase } from './database-window.ts';
import { MemoryWindow, type Verdict, WINDOW_MS } from './memory-window.ts';

// The library's own script counts in fixed windows: ten at the end of one and ten at the start of the next are twenty
// in a moment. This one keeps the times of the last ARGV[3] that were let through, newest first, by the clock of
// Redis, and asks whether the oldest of them is less than a window ago. It runs as one step, whoever else is asking.
// Answers { above the limit when refused, milliseconds until the next one }.
const SLIDING_WINDOW = `
local window, limit = ARGV[2] * 1000, tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = redis.call('LINDEX', KEYS[1], limit - 1)
if oldest and now - oldest < window then return { limit + 1, oldest + window - now } end
redis.call('LPUSH', KEYS[1], now)
redis.call('LTRIM', KEYS[1], 0, limit - 1)
redis.call('PEXPIRE', KEYS[1], window)
oldest = redis.call('LINDEX', KEYS[1], limit - 1)
if oldest and now - oldest < window then return { limit, oldest + window - now } end
return { 1, 0 }
`;

export interface LimitOptions {
  name: string;
  perMinute: number;
  redis: RedisClient | null;
  breaker: Breaker;
  clock: Clock;
  /** How many replicas share the limit at the moment. */
  replicas: () => number;
}

/**
 * At most so many a minute for each key, whichever minute you look at.
 *
 * Redis counts for all replicas together. While it does not answer, PostgreSQL does, and half is allowed; where there
 * never was one, PostgreSQL counts, and all is. This process remembers what was let through here and what was refused:
 * what is known to be too much is refused without asking, and an outage neither starts from nothing nor lets everything
 * through.
 */
export class Limit {
  readonly #name: string;
  readonly #perMinute: number;
  readonly #replicas: () => number;
  readonly #shared: RateLimiterRedis | null;
  readonly #memory: MemoryWindow;
  readonly #breaker: Breaker;

  constructor({ name, perMinute, redis, breaker, clock, replicas }: LimitOptions) {
    this.#name = name;
    this.#perMinute = perMinute;
    this.#replicas = replicas;
    this.#memory = new MemoryWindow(clock);
    this.#breaker = breaker;
    this.#shared =
      redis &&
      new RateLimiterRedis({
        storeClient: redis,
        useRedisPackage: true,
        keyPrefix: `rekey:limit:${name}`,
        points: perMinute,
        duration: WINDOW_MS / 1000,
        customIncrTtlLuaScript: SLIDING_WINDOW,
      });
  }

  /** Milliseconds until this key may have another one, as far as this process knows. Counts nothing, asks nobody. */
  wait(key: string): number {
    const together = this.#shared !== null && !this.#breaker.isOpen;
    return this.#memory.wait(key, together ? this.#perMinute : this.#share);
  }

  /**
   * Counts one and answers 0, or answers how many milliseconds to wait.
   *
   * @param em whose connection to count on where Redis does not: inside a transaction its own, for the embedded
   *   database has no other
   * @throws whatever the database does: what nobody can count is not let through
   */
  async take(em: EntityManager, key: string): Promise<number> {
    return (await this.#takeInRedis(key)) ?? this.#takeInDatabase(em, key);
  }

  /** The same without the database: where Redis does not count, each replica allows its share of what all may have. */
  async takeWithoutDatabase(key: string): Promise<number> {
    return (await this.#takeInRedis(key)) ?? this.#memory.take(key, this.#share);
  }

  /** Null where Redis does not say. */
  async #takeInRedis(key: string): Promise<number | null> {
    const shared = this.#shared;
    if (!shared) return null;
    const known = this.#memory.wait(key, this.#perMinute);
    if (known > 0) return known;
    try {
      const verdict = await this.#breaker.run(() => consume(shared, key));
      this.#memory.note(key, verdict);
      return verdict.passed ? 0 : verdict.waitMs;
    } catch {
      return null; // The breaker has reported it.
    }
  }

  async #takeInDatabase(em: EntityManager, key: string): Promise<number> {
    const known = this.#memory.wait(key, this.#withoutRedis);
    if (known > 0) return known;
    const verdict = await takeInDatabase(em, `${this.#name}:${key}`, this.#withoutRedis);
    this.#memory.note(key, verdict);
    return verdict.waitMs;
  }

  /** What all replicas together allow where Redis does not count. */
  get #withoutRedis(): number {
    return this.#shared ? Math.max(1, Math.floor(this.#perMinute / 2)) : this.#perMinute;
  }

  get #share(): number {
    return Math.max(1, Math.floor(this.#withoutRedis / this.#replicas()));
  }
}

/** To the library a refusal is a rejection; to the breaker it has to be an answer like any other. */
async function consume(limiter: RateLimiterRedis, key: string): Promise<Verdict> {
  try {
    return { passed: true, waitMs: (await limiter.consume(key)).msBeforeNext };
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    return { passed: false, waitMs: refusal.msBeforeNext };
  }
}
