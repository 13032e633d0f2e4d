// Limits with a Redis, and after the loss of it.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { AccessError } from '../../src/identity/access-error.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { FailureLimit } from '../../src/limits/failure-limit.ts';
import type { Limits, LimitsOptions } from '../../src/limits/limits.ts';
import { Breaker } from '../../src/redis/breaker.ts';
import { createRedisClient, type RedisClient } from '../../src/redis/client.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { heldClock } from '../support/held-clock.ts';
import { outageOf, recordingLogger, silentOutage } from '../support/loggers.ts';
import { startProxy } from '../support/proxy.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';
import { times } from '../support/values.ts';
import { ageIn, anAddress, anEmail, connected, failuresAllowed, limitsOn, passedOf, sessionOf } from './support.ts';

let app: TestApp;
const em = () => app.app.database.fork();
const limitsWith = (options: Partial<LimitsOptions> = {}) => limitsOn(app, options);
const ageInDatabase = (milliseconds: number) => ageIn(app, milliseconds);

describe.skipIf(inject('redisUrl') === null)('replicas that share a Redis', () => {
  let replicas: Limits[];
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    const url = inject('redisUrl') as string;
    replicas = [limitsWith({ redis: await connected(url) }), limitsWith({ redis: await connected(url) })];
  });
  const replica = (index: number) => replicas[index % 2] as Limits;

  test('F4.8: of twenty simultaneous logins on two replicas exactly ten pass', async () => {
    const address = anAddress();
    expect(await passedOf(times(20, (i) => replica(i).checkLogin(em(), address, anEmail())))).toBe(10);
  });

  test('a limit that one replica has used up is used up on the other, which says when to retry', async () => {
    const address = anAddress();
    await passedOf(times(10, () => replica(0).checkRegistration(em(), address)));
    const refusal = await replica(1)
      .checkRegistration(em(), address)
      .catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
    expect(refusal.retryAfterSeconds).toBeGreaterThan(30);
    expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  test('an address that failed too often on one replica is limited by the other at its next failure', async () => {
    // A replica waits 25 ms for Redis, and counts alone after that. Here it waits as long as a busy machine needs.
    const run = vi.spyOn(Breaker.prototype, 'run').mockImplementation((work) => work());
    onTestFinished(() => run.mockRestore());
    const address = anAddress();
    expect(await failuresAllowed(replica(0), address)).toBe(20);
    expect(await failuresAllowed(replica(1), address)).toBe(1);
  });
});

describe.skipIf(findRedis() === null || process.env.REKEY_TEST_SERVERS === 'none')(
  'with a Redis that fails and recovers',
  () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await startRedis();
      app = await startTestApp();
    });
    beforeEach(() => app.sql('delete from auth_limits'));
    afterEach(async () => {
      server.thaw();
      await server.start();
      await server.flush();
    });
    afterAll(async () => {
      server?.destroy();
      await app.close();
    });

    /** Moves every time that Redis holds into the past. */
    async function age(milliseconds: number): Promise<void> {
      for (const key of (await server.command('KEYS', 'rekey:limit:*')) as string[]) {
        const known = (await server.command('LRANGE', key, '0', '-1')) as string[];
        await server.command('DEL', key);
        await server.command('RPUSH', key, ...known.map((time) => String(Number(time) - milliseconds)));
      }
    }

    /** Freezes Redis. The promise resolves only when Redis continues, which is after the test. */
    function freeze(): Promise<'thawed'> {
      server.freeze();
      return server.command('PING').then(
        () => 'thawed',
        () => 'thawed',
      );
    }

    /** A limit that gives Redis enough time, also on a busy machine. */
    const failureLimit = (redis: RedisClient, clock: Clock = systemClock) => {
      const breaker = new Breaker({ clock, timeoutMs: 1000, failures: 1, openMs: 1000 });
      return new FailureLimit({ perMinute: 10, redis, breaker, clock, replicas: () => 1, hide: (key) => key });
    };
    const passedBy = async (takes: Promise<number>[]) =>
      (await Promise.all(takes)).filter((waitMs) => waitMs === 0).length;

    test('F4.8: the window of failures slides, too', async () => {
      const redis = await connected(server.url);
      // With new limits, which remember nothing themselves.
      const allowed = () => passedBy(times(20, () => failureLimit(redis).take('192.0.2.7')));
      for (let i = 0; i < 4; i++) expect(await failureLimit(redis).take('192.0.2.7')).toBe(0);
      await age(50_000);
      expect(await allowed()).toBe(6);
      await age(11_000);
      expect(await allowed()).toBe(4);
    });

    test('if the clock of Redis is set back, the wait is one window at most, and then calls pass', async () => {
      const redis = await connected(server.url);
      for (let i = 0; i < 10; i++) expect(await failureLimit(redis).take('192.0.2.7')).toBe(0);
      await age(-30 * 60_000);
      const waitMs = await failureLimit(redis).take('192.0.2.7');
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(60_000);
      expect(await server.command('PTTL', 'rekey:limit:failed-auth:192.0.2.7')).toBeGreaterThan(0);
      await age(60_000);
      expect(await passedBy(times(20, () => failureLimit(redis).take('192.0.2.7')))).toBe(10);
    });

    test('Redis stores only failures, and they expire by themselves', async () => {
      const limits = limitsWith({ redis: await connected(server.url) });
      await limits.checkLogin(em(), '192.0.2.7', 'ann@example.org');
      await limits.checkRefresh(em(), sessionOf('usr_1'));
      expect(await server.command('KEYS', '*')).toEqual([]);
      limits.failures.count('192.0.2.7');
      await limits.close();
      const keys = (await server.command('KEYS', '*')) as string[];
      expect(keys).toEqual(['rekey:limit:failed-auth:192.0.2.7']);
      expect(await server.command('PTTL', keys[0]!)).toBeGreaterThan(0);
    });

    test('while Redis hangs, no call waits for it, and half of the failures are allowed', async () => {
      const limits = limitsWith({ redis: await connected(server.url) });
      const thawed = freeze();
      const passed = passedOf(times(20, () => limits.checkLogin(em(), '192.0.2.7', 'ann@example.org')));
      expect(await Promise.race([passed, thawed])).toBe(10);
      const allowed = failuresAllowed(limits, '192.0.2.7');
      expect(await Promise.race([allowed, thawed])).toBe(10);
    });

    test('replicas with Redis and without it still count together', async () => {
      const redis = await connected(server.url);
      const gone = createRedisClient('redis://127.0.0.1:1', silentOutage);
      onTestFinished(() => gone.destroy());
      const replicas = [limitsWith({ redis }), limitsWith({ redis: gone })];
      expect(await passedOf(times(40, (i) => replicas[i % 2]!.checkRefresh(em(), sessionOf('usr_1'))))).toBe(5);
      const [whole, half] = replicas as [Limits, Limits];
      expect(await passedOf(times(20, () => half.checkRegistration(em(), '192.0.2.7')))).toBe(5);
      expect(await passedOf(times(20, () => whole.checkRegistration(em(), '192.0.2.7')))).toBe(5);
      expect(await passedOf(times(4, () => whole.checkRegistration(em(), '192.0.2.8')))).toBe(4);
      expect(await passedOf(times(20, () => half.checkRegistration(em(), '192.0.2.8')))).toBe(1);
    });

    test.each([1, 2, 8, 20])('F1.13: %i replicas that lose Redis together allow half of the limit', async (count) => {
      await server.stop();
      const redis = createRedisClient(server.url, silentOutage);
      onTestFinished(() => redis.destroy());
      await expect(redis.ping()).rejects.toThrow(); // Commands fail at once instead of waiting for Redis.
      const replicas = times(count, () => limitsWith({ redis, replicas: () => count, registerPerMinute: 1 }));
      const passed = (call: (replica: Limits) => Promise<void>) =>
        passedOf(times(40, (i) => call(replicas[i % count] as Limits)));
      expect(await passed((replica) => replica.checkLogin(em(), '192.0.2.7', 'ann@example.org'))).toBe(5);
      expect(await passed((replica) => replica.checkRefresh(em(), sessionOf('usr_1')))).toBe(2);
      expect(await passed((replica) => replica.checkRegistration(em(), '192.0.2.7'))).toBe(1);
    });

    test.each([1, 2, 5])(
      'each of %i replicas that lose Redis allows half of the failures divided by the number of replicas',
      async (count) => {
        await server.stop();
        const redis = createRedisClient(server.url, silentOutage);
        onTestFinished(() => redis.destroy());
        for (let i = 0; i < count; i++) {
          const replica = limitsWith({ redis, replicas: () => count });
          expect(await failuresAllowed(replica, '192.0.2.7')).toBe(10 / count);
        }
      },
    );

    test('without Redis, a limit of one call per minute becomes one call per two minutes', async () => {
      const redis = createRedisClient('redis://127.0.0.1:1', silentOutage);
      onTestFinished(() => redis.destroy());
      const clock = heldClock();
      const limits = limitsWith({ redis, clock, registerPerMinute: 1 });
      await limits.checkRegistration(em(), '192.0.2.7');
      await ageInDatabase(61_000);
      await limits.purge();
      const refusal = await limits.checkRegistration(em(), '192.0.2.7').catch((error) => error);
      expect(refusal.retryAfterSeconds).toBeGreaterThan(30);
      expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(59);
      await ageInDatabase(59_000);
      clock.advance(59_000);
      await limits.checkRegistration(em(), '192.0.2.7');
    });

    test('an outage does not reset a limit: calls before it still count', async () => {
      const redis = await connected(server.url);
      const limits = limitsWith({ redis });
      await passedOf(times(5, () => limits.checkLogin(em(), '192.0.2.7', 'ann@example.org')));
      for (let i = 0; i < 10; i++) limits.failures.count('192.0.2.7');
      await limits.close();
      await server.stop();
      await expect.poll(() => redis.isReady).toBe(false);
      expect(await passedOf(times(20, () => limits.checkLogin(em(), '192.0.2.7', 'ann@example.org')))).toBe(0);
      limits.failures.count('192.0.2.7');
      await limits.close();
      expect(() => limits.failures.check('192.0.2.7')).toThrow(AccessError);
    });

    test('a Redis that is back and empty does not reset a limit', async () => {
      const redis = await connected(server.url);
      const failures = failureLimit(redis, heldClock());
      expect(await passedBy(times(20, () => failures.take('192.0.2.7')))).toBe(10);
      await passedOf(times(10, () => limitsWith({ redis }).checkRegistration(em(), '192.0.2.7')));
      await server.stop();
      await server.start();
      await expect.poll(() => redis.isReady, { timeout: 10_000 }).toBe(true);
      expect(failures.wait('192.0.2.7')).toBeGreaterThan(0);
      expect(await passedOf(times(20, () => limitsWith({ redis }).checkRegistration(em(), '192.0.2.7')))).toBe(0);
    });

    test('when Redis is back, the whole limit applies again', async () => {
      const redis = await connected(server.url);
      const clock = heldClock();
      const failures = failureLimit(redis, clock);
      await server.stop();
      await expect.poll(() => redis.isReady).toBe(false);
      expect(await passedOf(times(20, () => limitsWith({ redis }).checkRegistration(em(), '192.0.2.7')))).toBe(5);
      expect(await passedBy(times(20, () => failures.take('192.0.2.7')))).toBe(5);
      await server.start();
      await expect.poll(() => redis.isReady, { timeout: 10_000 }).toBe(true);
      expect(await passedOf(times(20, () => limitsWith({ redis }).checkRegistration(em(), '192.0.2.7')))).toBe(5);
      clock.advance(1000);
      await failures.take('192.0.2.9'); // The breaker tries Redis again.
      expect(await passedBy(times(20, () => failures.take('192.0.2.8')))).toBe(10);
    });

    test('an outage and its end are logged with one line each, without the password', async () => {
      const { logger, lines } = recordingLogger();
      const redis = await connected(server.url, outageOf(logger));
      let attempts = 0;
      redis.on('error', () => attempts++);
      await server.stop();
      await expect.poll(() => attempts, { timeout: 10_000 }).toBeGreaterThan(3);
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 'warn', msg: 'the outage began' });
      await server.start();
      await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(2);
      expect(JSON.parse(lines[1] as string)).toMatchObject({
        level: 'info',
        msg: 'the outage is over',
        failures: attempts,
      });

      const withPassword = createRedisClient(server.url.replace('//', '//user:hunter2@'), outageOf(logger));
      onTestFinished(() => withPassword.destroy());
      await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(3);
      expect(lines.join('')).not.toContain('hunter2');
    });

    test('a close is not logged as an outage, even with an answer in flight', async () => {
      const { logger, lines } = recordingLogger();
      const proxy = await startProxy({ host: '127.0.0.1', port: server.port });
      onTestFinished(() => proxy.close());
      const redis = createRedisClient(proxy.url(server.url), outageOf(logger));
      await expect.poll(() => redis.isReady).toBe(true);
      await proxy.holdReplies(); // The client pings Redis by itself from time to time.
      redis.destroy();
      await nextTurn();
      expect(lines).toEqual([]);
    });
  },
);
