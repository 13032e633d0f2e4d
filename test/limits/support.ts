// The limits of one replica, and calls that use them up.
import { randomBytes, randomUUID } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { Limits, type LimitsOptions } from '../../src/limits/limits.ts';
import { createRedisClient, type RedisClient } from '../../src/redis/client.ts';
import type { TestApp } from '../support/app.ts';
import { silentOutage } from '../support/loggers.ts';

const RATES = {
  loginPerMinute: 10,
  registerPerMinute: 10,
  refreshPerMinute: 5,
  ledgerPerMinute: 120,
  failedAuthPerMinute: 20,
};

/** A session of this user; always the same one unless another one is named. */
export const sessionOf = (userId: string, sessionId = `ses_of_${userId}`) => ({ sessionId, userId });

/** The limits of one more replica on the database of this app. */
export function limitsOn({ app }: TestApp, options: Partial<LimitsOptions> = {}): Limits {
  return new Limits({
    redis: null,
    sql: app.database.reads,
    clock: systemClock,
    outage: silentOutage,
    replicas: () => 1,
    hide: (key) => key,
    accountOf: (email) => app.services.emails.nameOf(email),
    ...RATES,
    ...options,
  });
}

/** Moves every time that the database holds into the past. */
export const ageIn = (app: TestApp, milliseconds: number) =>
  app.sql(
    `update auth_limits set times = array(select time - make_interval(secs => ?) from unnest(times) time order by 1 desc)`,
    [milliseconds / 1000],
  );

export const anEmail = () => `${randomUUID()}@example.org`;
/** An address from a network that no other test of the run uses. */
export const anAddress = () => `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;

/** How many of these calls pass. Every other one must fail with RATE_LIMITED. */
export async function passedOf(calls: Promise<void>[]): Promise<number> {
  const outcomes = await Promise.allSettled(calls);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'RATE_LIMITED' });
  }
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

/** How many failures an address is allowed before it is refused. */
export async function failuresAllowed(limits: Limits, address: string): Promise<number> {
  for (let failures = 0; failures < 100; failures++) {
    try {
      limits.failures.check(address);
    } catch (error) {
      expect(error).toMatchObject({ code: 'RATE_LIMITED' });
      return failures;
    }
    limits.failures.count(address);
    await limits.close(); // Until it is counted.
  }
  return Number.POSITIVE_INFINITY;
}

export async function connected(url: string, outage = silentOutage): Promise<RedisClient> {
  const redis = createRedisClient(url, outage);
  onTestFinished(() => redis.destroy());
  await expect.poll(() => redis.isReady).toBe(true);
  return redis;
}
