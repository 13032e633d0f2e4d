import { hash } from 'node:crypto';
import { tooMany } from '../access/access-error.ts';
import { Breaker } from '../kernel/breaker.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { Limit } from './limit.ts';
import { networkOf } from './network.ts';
import type { RedisClient } from './redis-client.ts';

export { createRedisClient, type RedisClient } from './redis-client.ts';

/** Twenty tabs that wake up together are one exchange, and nineteen who get the same. */
const REPEATS_PER_EXCHANGE = 20;

export interface LimitsOptions {
  /** Null: this process is the only one, and counts in its memory. */
  redis: RedisClient | null;
  clock: Clock;
  logger: Logger;
  /** How many replicas there are at the moment. */
  replicas: () => number;
  /** What all spellings under which an account is found have in common. */
  accountOf: (email: string) => string;
  /** All rates per minute; 0 means no limit. */
  loginPerMinute: number;
  registerPerMinute: number;
  refreshPerMinute: number;
  failedAuthPerMinute: number;
}

/**
 * How often one may knock. Each call counts one: where a request holds a field three times under three aliases, three.
 * All methods throw AccessError `RATE_LIMITED` with the seconds after which trying again makes sense.
 */
export class Limits {
  readonly #loginByAddress: Limit | null;
  readonly #loginByAccount: Limit | null;
  readonly #password: Limit | null;
  readonly #register: Limit | null;
  readonly #refresh: Limit | null;
  readonly #repeatedRefresh: Limit | null;
  readonly #failedAuth: Limit | null;
  readonly #accountOf: (email: string) => string;
  readonly #counting = new Set<Promise<unknown>>();

  constructor({ redis, clock, logger, replicas, accountOf, ...rates }: LimitsOptions) {
    this.#accountOf = accountOf;
    const breaker = new Breaker({
      clock,
      timeoutMs: 25,
      // At the first failure: a login asks twice, and must not wait twice.
      failures: 1,
      openMs: 1000,
      onChange: (isOpen, cause) =>
        isOpen
          ? logger.warn(
              { err: cause },
              'limits: Redis does not answer; this replica counts alone and allows its share of half',
            )
          : logger.info('limits: Redis answers again'),
    });
    const limit = (name: string, perMinute: number) =>
      perMinute === 0 ? null : new Limit({ name, perMinute, redis, breaker, clock, replicas });
    this.#loginByAddress = limit('login-address', rates.loginPerMinute);
    this.#loginByAccount = limit('login-account', rates.loginPerMinute);
    this.#password = limit('password', rates.loginPerMinute);
    this.#register = limit('register', rates.registerPerMinute);
    this.#refresh = limit('refresh', rates.refreshPerMinute);
    this.#repeatedRefresh = limit('refresh-again', rates.refreshPerMinute * REPEATS_PER_EXCHANGE);
    this.#failedAuth = limit('failed-auth', rates.failedAuthPerMinute);
  }

  /** Counts a login for where it comes from and for the account it is about. */
  async login(address: string | null, email: string): Promise<void> {
    // One after the other: an address that is refused must not use up what strangers' accounts are allowed.
    await enforce(this.#loginByAddress, networkOf(address));
    // Redis sees no email address.
    await enforce(this.#loginByAccount, hash('sha256', this.#accountOf(email), 'base64url'));
  }

  /** Counts a guess at the current password by whoever is logged in. Apart from logins, which strangers can use up. */
  password(userId: string): Promise<void> {
    return enforce(this.#password, userId);
  }

  register(address: string | null): Promise<void> {
    return enforce(this.#register, networkOf(address));
  }

  /** Counts an exchange of a refresh token. */
  refresh(userId: string): Promise<void> {
    return enforce(this.#refresh, userId);
  }

  /** Counts one that only repeats what was answered a moment ago. */
  repeatedRefresh(userId: string): Promise<void> {
    return enforce(this.#repeatedRefresh, userId);
  }

  /**
   * Failed authentications by address, for the path of every request: nothing here waits. Counting happens in the
   * background, and checking looks at what this process knows. Another replica's failures are known from the first one
   * here on.
   */
  readonly failures = {
    check: (address: string | null): void => {
      const waitMs = this.#failedAuth?.wait(networkOf(address)) ?? 0;
      if (waitMs > 0) throw tooMany(wholeSeconds(waitMs));
    },
    count: (address: string | null): void => {
      const network = networkOf(address);
      if (!this.#failedAuth || this.#failedAuth.wait(network) > 0) return; // A flood costs no call to Redis.
      const counted: Promise<unknown> = this.#failedAuth.take(network).finally(() => this.#counting.delete(counted));
      this.#counting.add(counted);
    },
  };

  /** Waits for what is being counted. The connection to Redis belongs to whoever made it. */
  async close(): Promise<void> {
    await Promise.all(this.#counting);
  }
}

async function enforce(limit: Limit | null, key: string): Promise<void> {
  const waitMs = limit ? await limit.take(key) : 0;
  if (waitMs > 0) throw tooMany(wholeSeconds(waitMs));
}

/** Rounded up: who comes back then is let through. */
function wholeSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
