import type { EntityManager } from '@mikro-orm/sql';
import type { Sql } from '../database/sql.ts';
import { tooMany } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Outage } from '../kernel/outage.ts';
import { Breaker } from '../redis/breaker.ts';
import type { RedisClient } from '../redis/client.ts';
import { FailureLimit } from './failure-limit.ts';
import { FairQueue } from './fair-queue.ts';
import { type Count, Limit, purgeCounters, takeAll } from './limit.ts';
import { networkOf } from './network.ts';

/** Twenty tabs that wake up together cause one exchange and nineteen repetitions of its response. */
const REPEATS_PER_EXCHANGE = 20;
/** An account has ten times the limit of one address, and a user has ten times the limit of one session. */
const TIMES_ALL = 10;
/** Lookups for limited addresses: at most a quarter of the connections for reads, and one per address. */
const LIMITED_LANE = { atOnce: 2, perOwner: 1, perKey: 1, waitingPerOwner: 200, waiting: 1000, longestWaitMs: 1000 };

export interface LimitsOptions {
  /** Counts failed authentications for all replicas. Null: each allows its share of them. */
  redis: RedisClient | null;
  /** For the purge. */
  sql: Sql;
  clock: Clock;
  /** Of Redis. */
  outage: Outage;
  /** How many replicas there are at the moment. */
  replicas: () => number;
  /** The same name for all spellings of the email of an account. It cannot be turned back into an email. */
  accountOf: (email: string) => string;
  /** A keyed hash of the address of a client, or of another key. The database and Redis hold no address. */
  hide: (key: string) => string;
  /** A call was rejected. Must not throw and must not block. */
  exceeded?: ((call: RejectedCall) => void) | undefined;
  /** A lookup for an address over its limit was rejected, because too many wait. */
  laneIsFull?: (() => void) | undefined;
  /** All rates per minute; 0 means no limit. */
  loginPerMinute: number;
  registerPerMinute: number;
  refreshPerMinute: number;
  ledgerPerMinute: number;
  failedAuthPerMinute: number;
}

/** A call over a limit. */
export interface RejectedCall {
  /** Which limit. */
  limit: string;
  /** The session or the credential that is counted; null if the address is. */
  subjectId: string | null;
  userId: string | null;
  address: string | null;
}

/** A session, and its user. */
export interface SessionOwner {
  sessionId: string;
  userId: string;
  /** From where the request comes, for the audit log. */
  address?: string | null;
}

/** One counter for a part (an address, a session), and one for the whole (an account, a user). */
interface Pair {
  each: Limit;
  all: Limit;
}

/**
 * Rate limits per minute. Each call counts once: a request with the same field under three aliases counts three times.
 * All methods throw AccessError `RATE_LIMITED` with the seconds after which a retry makes sense. Those that take an
 * EntityManager count on its connection, inside its transaction if there is one. A rejected call uses up nothing,
 * whichever of several counters rejects it.
 */
export class Limits {
  readonly #loginByAddress: Limit | null;
  /** By address and account together, and by account. */
  readonly #login: Pair | null;
  readonly #password: Pair | null;
  readonly #register: Limit | null;
  readonly #refresh: Pair | null;
  readonly #repeatedRefresh: Pair | null;
  readonly #ledger: Pair | null;
  readonly #failedAuth: FailureLimit | null;
  readonly #limitedLane: FairQueue;
  readonly #accountOf: (email: string) => string;
  readonly #sql: Sql;
  readonly #exceeded: (call: RejectedCall) => void;
  readonly #counting = new Set<Promise<unknown>>();

  constructor({ redis, sql, clock, outage, replicas, accountOf, hide, exceeded, laneIsFull, ...rates }: LimitsOptions) {
    this.#limitedLane = new FairQueue({ ...LIMITED_LANE, limited: laneIsFull });
    this.#exceeded = exceeded ?? (() => undefined);
    this.#accountOf = accountOf;
    this.#sql = sql;
    const breaker = new Breaker({
      clock,
      timeoutMs: 25,
      failures: 1,
      openMs: 1000,
      // Meanwhile, this replica allows its share of half the limit for failed authentications.
      onChange: (isOpen, cause) =>
        isOpen ? outage.failed(cause, 'counting failed authentications in Redis failed') : outage.worked(),
    });
    // While replicas do not know of each other's failures, the limits for everything that issues sessions are halved.
    const halved = () => redis !== null && !redis.isReady;
    const limit = (name: string, perMinute: number) =>
      perMinute === 0 ? null : new Limit({ name, perMinute, clock, halved, hide });
    const pair = (each: string, all: string, perMinute: number): Pair | null => {
      const [part, whole] = [limit(each, perMinute), limit(all, perMinute * TIMES_ALL)];
      return part && whole && { each: part, all: whole };
    };
    this.#loginByAddress = limit('login-address', rates.loginPerMinute);
    this.#login = pair('login-address-account', 'login-account', rates.loginPerMinute);
    this.#password = pair('password-session', 'password', rates.loginPerMinute);
    this.#register = limit('register', rates.registerPerMinute);
    this.#refresh = pair('refresh-session', 'refresh', rates.refreshPerMinute);
    const repeats = rates.refreshPerMinute * REPEATS_PER_EXCHANGE;
    this.#repeatedRefresh = pair('refresh-again-session', 'refresh-again', repeats);
    this.#ledger = pair('ledger-credential', 'ledger', rates.ledgerPerMinute);
    const perMinute = rates.failedAuthPerMinute;
    this.#failedAuth = perMinute === 0 ? null : new FailureLimit({ perMinute, redis, breaker, clock, replicas, hide });
  }

  /** Counts a login for its address, for its account, and for both together. */
  checkLogin(em: EntityManager, address: string | null, email: string): Promise<void> {
    const [network, account] = [networkOf(address), this.#accountOf(email)];
    const byAddress = this.#loginByAddress ? [{ limit: this.#loginByAddress, key: network }] : [];
    const counts = [...byAddress, ...countsOf(this.#login, `${network} ${account}`, account)];
    return this.#enforce(em, counts, byAddressAlone('login', address));
  }

  /**
   * Counts a guess at the current password by a session. It does not share the counters of logins, which other users
   * can use up, nor those of the user's other sessions.
   */
  checkPassword(em: EntityManager, owner: SessionOwner): Promise<void> {
    const { sessionId, userId } = owner;
    return this.#enforce(em, countsOf(this.#password, sessionId, userId), bySession('password', owner));
  }

  checkRegistration(em: EntityManager, address: string | null): Promise<void> {
    const counts = this.#register ? [{ limit: this.#register, key: networkOf(address) }] : [];
    return this.#enforce(em, counts, byAddressAlone('register', address));
  }

  /** Counts an exchange of a refresh token. */
  checkRefresh(em: EntityManager, owner: SessionOwner): Promise<void> {
    const { sessionId, userId } = owner;
    return this.#enforce(em, countsOf(this.#refresh, sessionId, userId), bySession('refresh', owner));
  }

  /** Counts a refresh that only repeats the last response. */
  checkRepeatedRefresh(em: EntityManager, owner: SessionOwner): Promise<void> {
    const { sessionId, userId } = owner;
    return this.#enforce(em, countsOf(this.#repeatedRefresh, sessionId, userId), bySession('repeated-refresh', owner));
  }

  /** Counts the revocation of a single access token, which adds a row to the ledger. */
  checkLedgerEntry(
    em: EntityManager,
    { credentialId, userId, address = null }: { credentialId: string; userId: string | null; address?: string | null },
  ): Promise<void> {
    const counts = countsOf(this.#ledger, credentialId, userId ?? credentialId);
    return this.#enforce(em, counts, { limit: 'ledger', subjectId: credentialId, userId, address });
  }

  /**
   * Failed authentications by address, on the path of every request. Nothing here waits, and nothing writes to the
   * database, because invalid credentials must not cause writes. Counts are sent in the background, and a check uses
   * only what this process knows. It knows the failures on other replicas from the first failure here on.
   */
  readonly failures = {
    check: (address: string | null): void => {
      const waitMs = this.#failedAuth?.wait(networkOf(address)) ?? 0;
      if (waitMs <= 0) return;
      this.#exceeded(byAddressAlone('failed-authentication', address));
      throw tooMany(wholeSeconds(waitMs));
    },
    count: (address: string | null): void => {
      const network = networkOf(address);
      if (!this.#failedAuth || this.#failedAuth.wait(network) > 0) return; // A flood costs no call to Redis.
      const counted: Promise<unknown> = this.#failedAuth.take(network).finally(() => this.#counting.delete(counted));
      this.#counting.add(counted);
    },
    /**
     * Runs the lookup of a credential that may be valid. One from a limited address is looked up, too, since it may be
     * valid. It takes one of few places, so a flood from there occupies no more than these.
     */
    lookUp: <T>(address: string | null, work: () => Promise<T>): Promise<T> => {
      const network = networkOf(address);
      const isLimited = (this.#failedAuth?.wait(network) ?? 0) > 0;
      return isLimited ? this.#limitedLane.run({ owner: network, key: network }, work) : work();
    },
  };

  async #enforce(em: EntityManager, counts: readonly Count[], call: RejectedCall): Promise<void> {
    const waitMs = await takeAll(em, counts);
    if (waitMs <= 0) return;
    this.#exceeded(call);
    throw tooMany(wholeSeconds(waitMs));
  }

  /** Deletes the outdated counters from the database. */
  purge(): Promise<void> {
    return purgeCounters(this.#sql);
  }

  /** Waits for the counts in progress. It does not close the connection to Redis. */
  async close(): Promise<void> {
    await Promise.all(this.#counting);
  }
}

function countsOf(pair: Pair | null, part: string, whole: string): Count[] {
  if (!pair) return [];
  return [
    { limit: pair.each, key: part },
    { limit: pair.all, key: whole },
  ];
}

function byAddressAlone(limit: string, address: string | null): RejectedCall {
  return { limit, subjectId: null, userId: null, address };
}

function bySession(limit: string, { sessionId, userId, address = null }: SessionOwner): RejectedCall {
  return { limit, subjectId: sessionId, userId, address };
}

/** Rounded up, so that a retry after this time is allowed. */
function wholeSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
