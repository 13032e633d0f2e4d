import type { EntityManager } from '@mikro-orm/sql';
import { tooMany } from '../access/access-error.ts';
import { Breaker } from '../kernel/breaker.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RedisClient } from '../kernel/redis-client.ts';
import type { Sql } from '../kernel/sql.ts';
import { FailureLimit } from './failure-limit.ts';
import { forgetCounters, Limit, MOST_PER_MINUTE } from './limit.ts';
import { networkOf } from './network.ts';

/** Twenty tabs that wake up together are one exchange, and nineteen who get the same. */
const REPEATS_PER_EXCHANGE = 20;

export interface LimitsOptions {
  /** Counts failed authentications for all replicas. Null: each allows its share of them. */
  redis: RedisClient | null;
  /** For tidying up. */
  sql: Sql;
  clock: Clock;
  logger: Logger;
  /** How many replicas there are at the moment. */
  replicas: () => number;
  /** What all spellings under which an account is found have in common, and which nobody can turn back into one. */
  accountOf: (email: string) => string;
  /** All rates per minute; 0 means no limit. */
  loginPerMinute: number;
  registerPerMinute: number;
  refreshPerMinute: number;
  failedAuthPerMinute: number;
}

/**
 * How often one may knock. Each call counts one: where a request holds a field three times under three aliases, three.
 * All methods throw AccessError `RATE_LIMITED` with the seconds after which trying again makes sense. Those that are
 * given an EntityManager count on its connection, inside its transaction where there is one.
 */
export class Limits {
  readonly #loginByAddress: Limit | null;
  readonly #loginByAccount: Limit | null;
  readonly #password: Limit | null;
  readonly #register: Limit | null;
  readonly #refresh: Limit | null;
  readonly #repeatedRefresh: Limit | null;
  readonly #failedAuth: FailureLimit | null;
  readonly #accountOf: (email: string) => string;
  readonly #sql: Sql;
  readonly #counting = new Set<Promise<unknown>>();

  constructor({ redis, sql, clock, logger, replicas, accountOf, ...rates }: LimitsOptions) {
    this.#accountOf = accountOf;
    this.#sql = sql;
    const breaker = new Breaker({
      clock,
      timeoutMs: 25,
      failures: 1,
      openMs: 1000,
      onChange: (isOpen, cause) =>
        isOpen
          ? logger.warn(
              { err: cause },
              'limits: Redis does not answer; this replica allows its share of half the failed authentications',
            )
          : logger.info('limits: Redis answers again'),
    });
    // As long as replicas do not know of each other's failures, everything that makes sessions gets less room.
    const halved = () => redis !== null && !redis.isReady;
    const limit = (name: string, perMinute: number) =>
      perMinute === 0 ? null : new Limit({ name, perMinute, clock, halved });
    this.#loginByAddress = limit('login-address', rates.loginPerMinute);
    this.#loginByAccount = limit('login-account', rates.loginPerMinute);
    this.#password = limit('password', rates.loginPerMinute);
    this.#register = limit('register', rates.registerPerMinute);
    this.#refresh = limit('refresh', rates.refreshPerMinute);
    const repeats = Math.min(MOST_PER_MINUTE, rates.refreshPerMinute * REPEATS_PER_EXCHANGE);
    this.#repeatedRefresh = limit('refresh-again', repeats);
    const perMinute = rates.failedAuthPerMinute;
    this.#failedAuth = perMinute === 0 ? null : new FailureLimit({ perMinute, redis, breaker, clock, replicas });
  }

  /** Counts a login for where it comes from and for the account it is about. */
  async login(em: EntityManager, address: string | null, email: string): Promise<void> {
    // One after the other: an address that is refused must not use up what strangers' accounts are allowed.
    await enforce(em, this.#loginByAddress, networkOf(address));
    await enforce(em, this.#loginByAccount, this.#accountOf(email));
  }

  /** Counts a guess at the current password by whoever is logged in. Apart from logins, which strangers can use up. */
  password(em: EntityManager, userId: string): Promise<void> {
    return enforce(em, this.#password, userId);
  }

  register(em: EntityManager, address: string | null): Promise<void> {
    return enforce(em, this.#register, networkOf(address));
  }

  /** Counts an exchange of a refresh token. */
  refresh(em: EntityManager, userId: string): Promise<void> {
    return enforce(em, this.#refresh, userId);
  }

  /** Counts one that only repeats what was answered a moment ago. */
  repeatedRefresh(em: EntityManager, userId: string): Promise<void> {
    return enforce(em, this.#repeatedRefresh, userId);
  }

  /**
   * Failed authentications by address, for the path of every request: nothing here waits, and nothing here is a write
   * to the database, which garbage must not be able to cause. Counting happens in the background, and checking looks at
   * what this process knows. Another replica's failures are known from the first one here on.
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

  /** Removes from the database what has nothing left to say. */
  tidy(): Promise<void> {
    return forgetCounters(this.#sql);
  }

  /** Waits for what is being counted. The connection to Redis belongs to whoever made it. */
  async close(): Promise<void> {
    await Promise.all(this.#counting);
  }
}

async function enforce(em: EntityManager, limit: Limit | null, key: string): Promise<void> {
  const waitMs = limit ? await limit.take(em, key) : 0;
  if (waitMs > 0) throw tooMany(wholeSeconds(waitMs));
}

/** Rounded up: who comes back then is let through. */
function wholeSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
