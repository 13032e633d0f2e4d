import { randomBytes, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { AccessError } from '../../src/access/access-error.ts';
import { Breaker } from '../../src/kernel/breaker.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { createRedisClient, type RedisClient } from '../../src/kernel/redis-client.ts';
import { FailureLimit } from '../../src/limits/failure-limit.ts';
import { Limits, type LimitsOptions } from '../../src/limits/limits.ts';
import { backends, startTestApp, type TestApp } from '../support/app.ts';
import { heldClock } from '../support/held-clock.ts';
import { startProxy } from '../support/proxy.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';

const silent = createLogger({ level: 'silent' });
const RATES = { loginPerMinute: 10, registerPerMinute: 10, refreshPerMinute: 5, failedAuthPerMinute: 20 };

function limitsWith(options: Partial<LimitsOptions> = {}): Limits {
  return new Limits({
    redis: null,
    sql: app.app.database.reads,
    clock: systemClock,
    logger: silent,
    replicas: () => 1,
    accountOf: (email) => app.app.services.emails.nameOf(email),
    ...RATES,
    ...options,
  });
}

let app: TestApp;
const em = () => app.app.database.fork();

/** In a transaction, which does not outlive the test. */
async function inTransaction() {
  const begun = em();
  await begun.begin();
  onTestFinished(async () => {
    if (begun.isInTransaction()) await begun.rollback();
  });
  return begun;
}

/** One that refuses everything, for its transaction has failed. */
async function brokenConnection() {
  const broken = await inTransaction();
  await broken.execute('select 1 / 0').catch(() => undefined);
  return broken;
}

/** As if what the database knows had happened so much earlier. */
const ageInDatabase = (milliseconds: number) =>
  app.sql(
    `update auth_limits set times = array(select time - make_interval(secs => ?) from unnest(times) time order by 1 desc)`,
    [milliseconds / 1000],
  );

const anEmail = () => `${randomUUID()}@example.org`;
/** From a network that nobody else in the run comes from. */
const anAddress = () => `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;

/** How many of these are let through. Whoever is not has to be told that it was too much. */
async function passedOf(calls: Promise<void>[]): Promise<number> {
  const outcomes = await Promise.allSettled(calls);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'RATE_LIMITED' });
  }
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

const times = <T>(count: number, call: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => call(i));

/** How many failures an address is allowed before it is refused. */
async function failuresAllowed(limits: Limits, address: string): Promise<number> {
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

async function connected(url: string, logger = silent): Promise<RedisClient> {
  const redis = createRedisClient(url, logger);
  onTestFinished(() => redis.destroy());
  await expect.poll(() => redis.isReady).toBe(true);
  return redis;
}

function recordingLogger() {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { logger: createLogger({ level: 'info', destination }), lines };
}

describe.each(backends())('without Redis, on $name', ({ name, start }) => {
  beforeAll(async () => {
    app = await start({ redisUrl: null });
  });
  beforeEach(() => app.sql('delete from auth_limits'));
  afterAll(() => app.close());

  test('F4.8: too many logins for one account are refused, wherever they come from', async () => {
    const limits = limitsWith();
    expect(await passedOf(times(20, () => limits.login(em(), anAddress(), 'ann@example.org')))).toBe(10);
    await limits.login(em(), anAddress(), 'bob@example.org');
  });

  test('too many logins from one address are refused, whomever they are about', async () => {
    const limits = limitsWith();
    const address = anAddress();
    expect(await passedOf(times(20, () => limits.login(em(), address, anEmail())))).toBe(10);
    await limits.login(em(), anAddress(), anEmail());
  });

  test('an address that is refused does not use up the logins of others', async () => {
    const limits = limitsWith();
    const address = anAddress();
    await passedOf(times(10, () => limits.login(em(), address, anEmail())));
    expect(await passedOf(times(50, () => limits.login(em(), address, 'ann@example.org')))).toBe(0);
    expect(await passedOf(times(10, () => limits.login(em(), anAddress(), 'ann@example.org')))).toBe(10);
  });

  test('all spellings of an account are one', async () => {
    const limits = limitsWith();
    const spellings = ['zoë@example.org', 'Zoe\u0308@Example.ORG', '  ZOË@EXAMPLE.ORG\n'];
    expect(await passedOf(times(12, (i) => limits.login(em(), anAddress(), spellings[i % 3] as string)))).toBe(10);
    // The upper-case letter has no composed form, the lower-case one has.
    const rare = ['J\u030c@example.org', '\u01f0@example.org', 'j\u030c@example.org'];
    expect(await passedOf(times(12, (i) => limits.login(em(), anAddress(), rare[i % 3] as string)))).toBe(10);
  });

  test('an IPv6 customer is one, whatever they do with their half of the address', async () => {
    const limits = limitsWith();
    expect(await passedOf(times(20, (i) => limits.register(em(), `2001:db8:7:7:${i}::${i}`)))).toBe(10);
  });

  test('who has no address shares one limit', async () => {
    const limits = limitsWith();
    expect(
      await passedOf(times(20, (i) => limits.register(em(), [null, 'unknown', `garbage ${i}`][i % 3] as string))),
    ).toBe(10);
  });

  test('refreshes are counted by user', async () => {
    const limits = limitsWith();
    expect(await passedOf(times(20, () => limits.refresh(em(), 'usr_1')))).toBe(5);
    await limits.refresh(em(), 'usr_2');
  });

  test('F4.8: the refusal says when to come back, and who comes back then is let through', async () => {
    const clock = heldClock();
    const replicas = times(2, () => limitsWith({ clock, registerPerMinute: 2 }));
    const register = (replica: number) => replicas[replica]!.register(em(), '192.0.2.7');
    const later = async (milliseconds: number) => {
      clock.advance(milliseconds);
      await ageInDatabase(milliseconds);
    };
    await register(0);
    await later(40_000);
    await register(1);
    for (const replica of [0, 1]) {
      const refusal = await register(replica).catch((error) => error);
      expect(refusal).toBeInstanceOf(AccessError);
      expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
      expect(refusal.retryAfterSeconds).toBeGreaterThan(10);
      expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(20);
      // It is not counted, and does not make the wait longer.
    }
    await later(20_000);
    await register(0);
    const refusal = await register(1).catch((error) => error);
    expect(refusal.retryAfterSeconds).toBeGreaterThan(30);
    expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(40);
  });

  test('F4.8: the window slides, so that the end of one minute and the start of the next are no way around it', async () => {
    const asSomeReplica = () => limitsWith(); // One that remembers nothing itself.
    expect(await passedOf(times(4, () => asSomeReplica().register(em(), '192.0.2.7')))).toBe(4);
    await ageInDatabase(50_000);
    expect(await passedOf(times(20, () => asSomeReplica().register(em(), '192.0.2.7')))).toBe(6);
    await ageInDatabase(11_000);
    expect(await passedOf(times(20, () => asSomeReplica().register(em(), '192.0.2.7')))).toBe(4);
  });

  test('a limit that was lowered holds at once', async () => {
    expect(await passedOf(times(10, () => limitsWith().register(em(), '192.0.2.7')))).toBe(10);
    const lowered = { registerPerMinute: 3 };
    expect(await passedOf(times(10, () => limitsWith(lowered).register(em(), '192.0.2.7')))).toBe(0);
    await ageInDatabase(60_000);
    expect(await passedOf(times(10, () => limitsWith(lowered).register(em(), '192.0.2.7')))).toBe(3);
  });

  test('what has nothing left to say is forgotten, and no email address was ever there', async () => {
    const limits = limitsWith();
    await limits.login(em(), '192.0.2.7', 'ann@example.org');
    const kept = () => app.sql('select key from auth_limits');
    expect(await kept()).toHaveLength(2);
    expect(JSON.stringify(await kept())).not.toMatch(/ann|example/);
    await ageInDatabase(100_000);
    await limits.register(em(), '192.0.2.8');
    await limitsWith().tidy();
    expect(await kept()).toHaveLength(3);
    await ageInDatabase(20_000);
    await limitsWith().tidy();
    expect(await kept()).toEqual([{ key: 'register:192.0.2.8' }]);
  });

  test('however much is over, all of it is forgotten', async () => {
    await app.sql(
      `insert into auth_limits select 'register:' || n, array[now() - interval '3 minutes'], true
        from generate_series(1, 2500) n`,
    );
    await limitsWith().tidy();
    expect(await app.sql('select 1 from auth_limits')).toEqual([]);
  });

  test('what is counted while the past is being forgotten stays counted', async () => {
    await passedOf(times(10, () => limitsWith().register(em(), '192.0.2.7')));
    await ageInDatabase(121_000);
    const counting = await inTransaction();
    await limitsWith().register(counting, '192.0.2.7');
    const forgotten = limitsWith().tidy();
    // It does not wait for whoever is counting, except on the embedded database, where everybody waits for everybody.
    if (name !== 'the embedded database') await forgotten;
    await counting.commit();
    await forgotten;
    expect(await passedOf(times(20, () => limitsWith().register(em(), '192.0.2.7')))).toBe(9);
  });

  test('what is rolled back was not counted', async () => {
    const undone = await inTransaction();
    const limits = limitsWith();
    for (let i = 0; i < 5; i++) await limits.refresh(undone, 'usr_1');
    await expect(limitsWith().refresh(undone, 'usr_1')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await undone.rollback();
    expect(await passedOf(times(20, () => limits.refresh(em(), 'usr_1')))).toBe(5);
  });

  test('a failing address is refused after its failures and let in again after a minute', async () => {
    const clock = heldClock();
    const limits = limitsWith({ clock });
    expect(await failuresAllowed(limits, '192.0.2.7')).toBe(20);
    limits.failures.check('192.0.2.8');
    clock.advance(60_000);
    limits.failures.check('192.0.2.7');
  });

  test('counting a failure never throws, whatever the address', async () => {
    const limits = limitsWith();
    for (const address of ['', 'unknown', '::', ':::', 'x'.repeat(100_000)]) limits.failures.count(address);
    await limits.close();
  });

  test.each([1, 2, 8, 20])('%i replicas share a limit: together they allow as many as one', async (count) => {
    const replicas = times(count, () => limitsWith({ replicas: () => count }));
    const calls = times(40, (i) => replicas[i % count]!.login(em(), '192.0.2.7', 'ann@example.org'));
    expect(await passedOf(calls)).toBe(10);
  });

  test.each([1, 2, 5, 20])('%i replicas share the failures of an address, without a write', async (count) => {
    const replicas = times(count, () => limitsWith({ replicas: () => count }));
    const allowed = await Promise.all(replicas.map((each) => failuresAllowed(each, '192.0.2.7')));
    for (const each of allowed) expect(each).toBe(20 / count);
    expect(await app.sql('select 1 from auth_limits')).toEqual([]);
  });

  test('whoever is refused and goes on trying costs the database nothing more', async () => {
    const limits = limitsWith();
    await passedOf(times(11, () => limits.register(em(), '192.0.2.7')));
    const refusal = limits.register(await brokenConnection(), '192.0.2.7');
    await expect(refusal).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  test('where the database does not count, nobody is let through', async () => {
    const broken = await brokenConnection();
    await expect(limitsWith().login(broken, '192.0.2.7', 'ann@example.org')).rejects.toThrow(/transaction is aborted/);
  });

  test('guesses at a password by whoever is logged in are counted apart from logins', async () => {
    const limits = limitsWith();
    await passedOf(times(20, () => limits.login(em(), '192.0.2.7', 'usr_1')));
    expect(await passedOf(times(20, () => limits.password(em(), 'usr_1')))).toBe(10);
    await limits.password(em(), 'usr_2');
  });

  test('a rate of 0 is no limit', async () => {
    const limits = limitsWith({ loginPerMinute: 0, registerPerMinute: 0, refreshPerMinute: 0, failedAuthPerMinute: 0 });
    const all = times(50, () => [
      limits.login(em(), '192.0.2.7', 'ann@example.org'),
      limits.register(em(), null),
      limits.refresh(em(), 'u'),
    ]);
    expect(await passedOf(all.flat())).toBe(150);
    expect(await failuresAllowed(limits, '192.0.2.7')).toBe(Number.POSITIVE_INFINITY);
  });
});

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
    const email = anEmail();
    expect(await passedOf(times(20, (i) => replica(i).login(em(), anAddress(), email)))).toBe(10);
    const address = anAddress();
    expect(await passedOf(times(20, (i) => replica(i).login(em(), address, anEmail())))).toBe(10);
  });

  test('the other replica refuses as well, and says when to come back', async () => {
    const address = anAddress();
    await passedOf(times(10, () => replica(0).register(em(), address)));
    const refusal = await replica(1)
      .register(em(), address)
      .catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
    expect(refusal.retryAfterSeconds).toBeGreaterThan(30);
    expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  // A replica gives Redis 25 ms, and counts alone after that: on a machine that is too busy, try again.
  test('an address that failed too often on one replica is refused by the other at its next failure', {
    retry: 2,
  }, async () => {
    const address = anAddress();
    expect(await failuresAllowed(replica(0), address)).toBe(20);
    expect(await failuresAllowed(replica(1), address)).toBe(1);
  });
});

describe.skipIf(findRedis() === null || process.env.REKEY_TEST_SERVERS === 'none')(
  'a Redis that comes and goes',
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

    /** As if what Redis knows had happened so much earlier. */
    async function age(milliseconds: number): Promise<void> {
      for (const key of (await server.command('KEYS', 'rekey:limit:*')) as string[]) {
        const known = (await server.command('LRANGE', key, '0', '-1')) as string[];
        await server.command('DEL', key);
        await server.command('RPUSH', key, ...known.map((time) => String(Number(time) - milliseconds)));
      }
    }

    /** Freezes Redis; the promise resolves when it moves again, which it does not do while somebody waits for it. */
    function freeze(): Promise<'thawed'> {
      server.freeze();
      return server.command('PING').then(
        () => 'thawed',
        () => 'thawed',
      );
    }

    /** One that gives Redis time, however busy the machine is. */
    const failureLimit = (redis: RedisClient, clock: Clock = systemClock) => {
      const breaker = new Breaker({ clock, timeoutMs: 1000, failures: 1, openMs: 1000 });
      return new FailureLimit({ perMinute: 10, redis, breaker, clock, replicas: () => 1 });
    };
    const passedBy = async (takes: Promise<number>[]) =>
      (await Promise.all(takes)).filter((waitMs) => waitMs === 0).length;

    test('F4.8: the window of failures slides, too', async () => {
      const redis = await connected(server.url);
      // By some that remember nothing themselves.
      const allowed = () => passedBy(times(20, () => failureLimit(redis).take('192.0.2.7')));
      for (let i = 0; i < 4; i++) expect(await failureLimit(redis).take('192.0.2.7')).toBe(0);
      await age(50_000);
      expect(await allowed()).toBe(6);
      await age(11_000);
      expect(await allowed()).toBe(4);
    });

    test('Redis forgets by itself, and is told of failures alone', async () => {
      const limits = limitsWith({ redis: await connected(server.url) });
      await limits.login(em(), '192.0.2.7', 'ann@example.org');
      await limits.refresh(em(), 'usr_1');
      expect(await server.command('KEYS', '*')).toEqual([]);
      limits.failures.count('192.0.2.7');
      await limits.close();
      const keys = (await server.command('KEYS', '*')) as string[];
      expect(keys).toEqual(['rekey:limit:failed-auth:192.0.2.7']);
      expect(await server.command('PTTL', keys[0]!)).toBeGreaterThan(0);
    });

    test('while Redis hangs, nobody waits for it, and half of the failures is allowed', async () => {
      const limits = limitsWith({ redis: await connected(server.url) });
      const thawed = freeze();
      const passed = passedOf(times(20, () => limits.login(em(), '192.0.2.7', 'ann@example.org')));
      expect(await Promise.race([passed, thawed])).toBe(10);
      const allowed = failuresAllowed(limits, '192.0.2.7');
      expect(await Promise.race([allowed, thawed])).toBe(10);
    });

    test('replicas that do not agree whether Redis is there still count together', async () => {
      const redis = await connected(server.url);
      const gone = createRedisClient('redis://127.0.0.1:1', silent);
      onTestFinished(() => gone.destroy());
      const replicas = [limitsWith({ redis }), limitsWith({ redis: gone })];
      expect(await passedOf(times(40, (i) => replicas[i % 2]!.refresh(em(), 'usr_1')))).toBe(5);
      const [whole, half] = replicas as [Limits, Limits];
      expect(await passedOf(times(20, () => half.register(em(), '192.0.2.7')))).toBe(5);
      expect(await passedOf(times(20, () => whole.register(em(), '192.0.2.7')))).toBe(5);
      expect(await passedOf(times(4, () => whole.register(em(), '192.0.2.8')))).toBe(4);
      expect(await passedOf(times(20, () => half.register(em(), '192.0.2.8')))).toBe(1);
    });

    test.each([1, 2, 8, 20])('F1.13: of %i replicas that lose Redis, all together allow half', async (count) => {
      await server.stop();
      const redis = createRedisClient(server.url, silent);
      onTestFinished(() => redis.destroy());
      await expect(redis.ping()).rejects.toThrow(); // Commands do not queue up until Redis is there.
      const replicas = times(count, () => limitsWith({ redis, replicas: () => count, registerPerMinute: 1 }));
      const passed = (call: (replica: Limits) => Promise<void>) =>
        passedOf(times(40, (i) => call(replicas[i % count] as Limits)));
      expect(await passed((replica) => replica.login(em(), '192.0.2.7', 'ann@example.org'))).toBe(5);
      expect(await passed((replica) => replica.refresh(em(), 'usr_1'))).toBe(2);
      expect(await passed((replica) => replica.register(em(), '192.0.2.7'))).toBe(1);
    });

    test.each([1, 2, 5])(
      'of %i replicas that lose Redis, each allows its share of half the failures',
      async (count) => {
        await server.stop();
        const redis = createRedisClient(server.url, silent);
        onTestFinished(() => redis.destroy());
        for (let i = 0; i < count; i++) {
          const replica = limitsWith({ redis, replicas: () => count });
          expect(await failuresAllowed(replica, '192.0.2.7')).toBe(10 / count);
        }
      },
    );

    test('half of one a minute is one in two', async () => {
      const redis = createRedisClient('redis://127.0.0.1:1', silent);
      onTestFinished(() => redis.destroy());
      const clock = heldClock();
      const limits = limitsWith({ redis, clock, registerPerMinute: 1 });
      await limits.register(em(), '192.0.2.7');
      await ageInDatabase(61_000);
      await limits.tidy();
      const refusal = await limits.register(em(), '192.0.2.7').catch((error) => error);
      expect(refusal.retryAfterSeconds).toBeGreaterThan(30);
      expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(59);
      await ageInDatabase(59_000);
      clock.advance(59_000);
      await limits.register(em(), '192.0.2.7');
    });

    test('an outage is no fresh start: what was allowed before it counts', async () => {
      const redis = await connected(server.url);
      const limits = limitsWith({ redis });
      await passedOf(times(5, () => limits.login(em(), '192.0.2.7', 'ann@example.org')));
      for (let i = 0; i < 10; i++) limits.failures.count('192.0.2.7');
      await limits.close();
      await server.stop();
      await expect.poll(() => redis.isReady).toBe(false);
      expect(await passedOf(times(20, () => limits.login(em(), '192.0.2.7', 'ann@example.org')))).toBe(0);
      limits.failures.count('192.0.2.7');
      await limits.close();
      expect(() => limits.failures.check('192.0.2.7')).toThrow(AccessError);
    });

    test('nor is the return of a Redis that has forgotten everything', async () => {
      const redis = await connected(server.url);
      const failures = failureLimit(redis, heldClock());
      expect(await passedBy(times(20, () => failures.take('192.0.2.7')))).toBe(10);
      await passedOf(times(10, () => limitsWith({ redis }).register(em(), '192.0.2.7')));
      await server.stop();
      await server.start();
      await expect.poll(() => redis.isReady, { timeout: 10_000 }).toBe(true);
      expect(failures.wait('192.0.2.7')).toBeGreaterThan(0);
      expect(await passedOf(times(20, () => limitsWith({ redis }).register(em(), '192.0.2.7')))).toBe(0);
    });

    test('when Redis is back, the whole limit holds again', async () => {
      const redis = await connected(server.url);
      const clock = heldClock();
      const failures = failureLimit(redis, clock);
      await server.stop();
      await expect.poll(() => redis.isReady).toBe(false);
      expect(await passedOf(times(20, () => limitsWith({ redis }).register(em(), '192.0.2.7')))).toBe(5);
      expect(await passedBy(times(20, () => failures.take('192.0.2.7')))).toBe(5);
      await server.start();
      await expect.poll(() => redis.isReady, { timeout: 10_000 }).toBe(true);
      expect(await passedOf(times(20, () => limitsWith({ redis }).register(em(), '192.0.2.7')))).toBe(5);
      clock.advance(1000);
      await failures.take('192.0.2.9'); // The breaker looks again.
      expect(await passedBy(times(20, () => failures.take('192.0.2.8')))).toBe(10);
    });

    test('an outage is one line in the log, its end another, and the password is in neither', async () => {
      const { logger, lines } = recordingLogger();
      const redis = await connected(server.url, logger);
      let attempts = 0;
      redis.on('error', () => attempts++);
      await server.stop();
      await expect.poll(() => attempts, { timeout: 10_000 }).toBeGreaterThan(3);
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] as string)).toMatchObject({ redis: `127.0.0.1:${server.port}`, level: 40 });
      await server.start();
      await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(2);
      expect(JSON.parse(lines[1] as string)).toMatchObject({ msg: 'Redis is back' });

      const withPassword = createRedisClient(server.url.replace('//', '//user:hunter2@'), logger);
      onTestFinished(() => withPassword.destroy());
      await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(3);
      expect(lines.join('')).not.toContain('hunter2');
    });

    test('closing is no outage, even while an answer is under way', async () => {
      const { logger, lines } = recordingLogger();
      const proxy = await startProxy({ host: '127.0.0.1', port: server.port });
      onTestFinished(() => proxy.close());
      const redis = createRedisClient(proxy.url(server.url), logger);
      await expect.poll(() => redis.isReady).toBe(true);
      await proxy.holdReplies(); // The client asks by itself, from time to time, whether Redis is there.
      redis.destroy();
      await nextTurn();
      expect(lines).toEqual([]);
    });
  },
);
