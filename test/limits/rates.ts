// The rate limits of credentials at one replica, without HTTP.
import { randomUUID } from 'node:crypto';
import { AccessError } from '../../src/identity/access-error.ts';
import type { Principal } from '../../src/identity/principal.ts';
import type { RateLimit, RateState } from '../../src/identity/rate-limit.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { CredentialLimit } from '../../src/limits/credential-limit.ts';
import type { RejectedCall } from '../../src/limits/limits.ts';
import { RateWindows } from '../../src/limits/rate-windows.ts';
import { RedisShare } from '../../src/limits/redis-share.ts';
import { Breaker } from '../../src/redis/breaker.ts';
import type { RedisClient } from '../../src/redis/client.ts';
import type { TestApp } from '../support/app.ts';
import { silentLogger } from '../support/loggers.ts';

/** A credential that no other test uses. */
export const aCredential = () => `key_${randomUUID()}`;

export interface RatesOptions {
  redis?: RedisClient | null;
  replicas?: number;
  /** How long a request waits for Redis. By default as long as a busy machine needs. */
  redisTimeoutMs?: number;
  hasLease?: () => boolean;
}

/** One more replica on the database of this app. */
export class Rates {
  readonly limit: CredentialLimit;
  readonly rejected: RejectedCall[] = [];
  readonly #app: TestApp;
  #ahead = 0;

  constructor(
    app: TestApp,
    { redis = null, replicas = 1, redisTimeoutMs = 5000, hasLease = () => true }: RatesOptions = {},
  ) {
    this.#app = app;
    const clock = { now: systemClock.now, monotonic: () => systemClock.monotonic() + this.#ahead };
    const breaker = new Breaker({ clock, timeoutMs: redisTimeoutMs, failures: 2, openMs: 1000 });
    this.limit = new CredentialLimit({
      windows: new RateWindows(app.app.database.nonces),
      redis: redis && new RedisShare({ redis, breaker, logger: silentLogger }),
      clock,
      leaseRemaining: () => (hasLease() ? 1000 : 0),
      databaseNow: () => app.app.replica.databaseNow() + this.#ahead,
      replicas: () => replicas,
      exceeded: (call) => this.rejected.push(call),
    });
  }

  /** Time passes for this replica, and for the windows in the database. */
  async pass(milliseconds: number): Promise<void> {
    this.#ahead += milliseconds;
    const seconds = milliseconds / 1000;
    await this.#app.sql('update rate_windows set started_at = started_at - make_interval(secs => ?)', [seconds]);
  }

  /** Time passes for this replica alone. */
  passHere(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  /** The state after an accepted request. Throws if it is rejected. */
  async take(credentialId: string, limit: RateLimit): Promise<RateState> {
    return this.limit.take({ credentialId, userId: null } as Principal, limit, () => '192.0.2.7');
  }

  /** Whether a request is accepted. Every other error than the rejection is thrown. */
  async accepts(credentialId: string, limit: RateLimit): Promise<boolean> {
    try {
      await this.take(credentialId, limit);
      return true;
    } catch (error) {
      if (error instanceof AccessError && error.rate) return false;
      throw error;
    }
  }
}

/** How many of so many simultaneous requests are accepted by these replicas, which take turns. */
export async function acceptedOf(
  replicas: readonly Rates[],
  count: number,
  { credentialId, limit }: { credentialId: string; limit: RateLimit },
): Promise<number> {
  const asked = Array.from({ length: count }, (_, index) =>
    replicas[index % replicas.length]!.accepts(credentialId, limit),
  );
  return (await Promise.all(asked)).filter(Boolean).length;
}
