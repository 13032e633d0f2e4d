// The rate limits of credentials with Redis, which replicas use together, and which may vanish at any moment.
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { RateLimit } from '../../src/identity/rate-limit.ts';
import type { RedisClient } from '../../src/redis/client.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { startProxy } from '../support/proxy.ts';
import { randomFrom } from '../support/random.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';
import { aCredential, acceptedOf, Rates, type RatesOptions } from './rates.ts';
import { connected } from './support.ts';

const limitOf = (requests: number, windowSeconds = 3600): RateLimit => ({ requests, windowSeconds });

describe.skipIf(findRedis() === null || process.env.REKEY_TEST_SERVERS === 'none')('replicas with a Redis', () => {
  let app: TestApp;
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    app = await startTestApp();
  });
  afterEach(async () => {
    server.thaw();
    await server.start();
  });
  afterAll(async () => {
    server?.destroy();
    await app.close();
  });

  const rates = (redis: RedisClient, options: RatesOptions = {}) => new Rates(app, { redis, ...options });
  /** A replica whose Redis is there. */
  async function joined(options: RatesOptions = {}, url = server.url): Promise<Rates & { redis: RedisClient }> {
    const redis = await connected(url);
    const replica = Object.assign(rates(redis, options), { redis });
    await untilThere(replica);
    return replica;
  }
  /** Waits until a replica uses Redis: it has to find out which server it is. */
  async function untilThere(replica: Rates): Promise<void> {
    const [credentialId, limit] = [aCredential(), limitOf(1_000_000)];
    await until('the replica uses Redis', async () => {
      await replica.take(credentialId, limit);
      replica.passHere(1001); // The breaker tries Redis again.
      return replica.limit.counts.redis > 0;
    });
  }
  const isGone = (replica: { redis: RedisClient }) => expect.poll(() => replica.redis.isReady).toBe(false);
  const isBack = async (replica: Rates & { redis: RedisClient }) => {
    await expect.poll(() => replica.redis.isReady, { timeout: 10_000 }).toBe(true);
    replica.limit.counts.redis = 0;
    await untilThere(replica);
  };
  const keysOf = async (credentialId: string) =>
    ((await server.command('KEYS', `rekey:rate:*:${credentialId}`)) as string[]).sort();

  test.each([1, 2, 7, 60, 500])(
    'F4.8: of many simultaneous requests at three replicas exactly %i are accepted',
    async (requests) => {
      const replicas = await Promise.all(times(3, () => joined({ replicas: 3 })));
      const [credentialId, limit] = [aCredential(), limitOf(requests)];
      expect(await acceptedOf(replicas, requests * 3 + 30, { credentialId, limit })).toBe(requests);
      expect(await acceptedOf(replicas, 30, { credentialId, limit })).toBe(0);
    },
  );

  test('each request takes one call, and what is left is exact over all replicas', async () => {
    const replicas = await Promise.all(times(2, () => joined({ replicas: 2 })));
    const [credentialId, limit] = [aCredential(), limitOf(12)];
    const calls = replicas.map(({ redis }) => vi.spyOn(redis, 'evalSha'));
    const left = [];
    for (let i = 0; i < 12; i++) left.push((await replicas[i % 2]!.take(credentialId, limit)).remaining);
    expect(left).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    const grants = replicas.reduce((sum, { limit: { counts } }) => sum + counts.postgresql, 0);
    const taken = calls.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    // A request that finds no share in Redis gets one from PostgreSQL, and adds what it does not need.
    expect(taken).toBeLessThanOrEqual(12 + grants);
    expect(await replicas[0]!.accepts(credentialId, limit)).toBe(false);
    expect(await replicas[1]!.accepts(credentialId, limit)).toBe(false);
  });

  test('a flood of rejected requests costs no call', async () => {
    const replica = await joined();
    const [credentialId, limit] = [aCredential(), limitOf(2)];
    await acceptedOf([replica], 10, { credentialId, limit });
    replica.passHere(201);
    await replica.accepts(credentialId, limit);
    const calls = vi.spyOn(replica.redis, 'evalSha');
    expect(await acceptedOf([replica], 300, { credentialId, limit })).toBe(0);
    expect(calls).not.toHaveBeenCalled();
  });

  test('Redis holds no secret and no address, and what it holds expires with the window', async () => {
    const replica = await joined();
    const [credentialId, limit] = [aCredential(), limitOf(100, 60)];
    await replica.take(credentialId, limit);
    const [key, ...others] = await keysOf(credentialId);
    expect(others).toEqual([]);
    const ttl = (await server.command('PTTL', key!)) as number;
    expect(ttl).toBeGreaterThan(50_000);
    expect(ttl).toBeLessThanOrEqual(60_000);
    const fields = (await server.command('HKEYS', key!)) as string[];
    expect(fields.sort()).toEqual(['beyond', 'endsAt', 'left', 'limit', 'window']);
  });

  test('the share of a window that is over is not used, also if Redis still has it', async () => {
    const replica = await joined();
    const [credentialId, limit] = [aCredential(), limitOf(20, 60)];
    await replica.take(credentialId, limit);
    const [key] = await keysOf(credentialId);
    await server.command('PERSIST', key!);
    await replica.pass(61_000);
    expect(await acceptedOf([replica], 100, { credentialId, limit })).toBe(20);
  });

  test('F1.13: if Redis vanishes in the middle of a window, PostgreSQL hands out the rest, and none twice', async () => {
    const replicas = await Promise.all(times(3, () => joined({ replicas: 3 })));
    const [credentialId, limit] = [aCredential(), limitOf(100)];
    let accepted = await acceptedOf(replicas, 40, { credentialId, limit });
    expect(accepted).toBe(40);
    const held = await Promise.all((await keysOf(credentialId)).map((key) => server.command('HGET', key, 'left')));
    const lost = held.reduce<number>((sum, left) => sum + Number(left), 0);
    await server.stop();
    await Promise.all(replicas.map(isGone));
    accepted += await acceptedOf(replicas, 300, { credentialId, limit });
    expect(accepted).toBe(100 - lost);
    // What is lost is at most one share.
    expect(lost).toBeLessThanOrEqual(10);
  });

  test('the loss of Redis at the beginning of a window costs one share of a long one, not half of it', async () => {
    const replica = await joined();
    const [credentialId, limit] = [aCredential(), limitOf(100_000, 86_400)];
    await replica.take(credentialId, limit);
    await server.stop();
    await isGone(replica);
    const { remaining } = await replica.take(credentialId, limit);
    expect(remaining).toBeGreaterThan(99_900);
  });

  test('Redis that returns empty in the middle of a window resets nothing', async () => {
    const replicas = await Promise.all(times(2, () => joined({ replicas: 2 })));
    const [credentialId, limit] = [aCredential(), limitOf(60)];
    let accepted = await acceptedOf(replicas, 20, { credentialId, limit });
    await server.stop();
    await server.start();
    await Promise.all(replicas.map(isBack));
    accepted += await acceptedOf(replicas, 15, { credentialId, limit });
    await server.flush();
    accepted += await acceptedOf(replicas, 200, { credentialId, limit });
    expect(accepted).toBeLessThanOrEqual(60);
    expect(accepted).toBeGreaterThanOrEqual(40); // Each of the two losses cost one share at most.
  });

  test('a Redis that restarts with an earlier state hands out nothing of it', async () => {
    const replica = await joined();
    const [credentialId, limit] = [aCredential(), limitOf(40)];
    await replica.take(credentialId, limit);
    const [key] = await keysOf(credentialId);
    const earlier = (await server.command('HGETALL', key!)) as string[]; // Names and values.
    let accepted = 1 + (await acceptedOf([replica], 20, { credentialId, limit }));
    await server.stop();
    await server.start();
    await server.command('HSET', key!, ...earlier, 'left', '30');
    await isBack(replica);
    accepted += await acceptedOf([replica], 200, { credentialId, limit });
    expect(accepted).toBeLessThanOrEqual(40);
    expect(await server.command('HGET', key!, 'left')).toBe('30');
  });

  test('while Redis hangs, requests are answered, and the limit holds', async () => {
    const replica = await joined({ redisTimeoutMs: 50 });
    const [credentialId, limit] = [aCredential(), limitOf(30)];
    let accepted = await acceptedOf([replica], 5, { credentialId, limit });
    server.freeze();
    accepted += await acceptedOf([replica], 100, { credentialId, limit });
    server.thaw();
    replica.passHere(1001);
    await untilThere(replica);
    accepted += await acceptedOf([replica], 100, { credentialId, limit });
    replica.passHere(1001);
    accepted += await acceptedOf([replica], 100, { credentialId, limit });
    // The requests that Redis took while it hung are not lost: the next ones get them.
    expect(accepted).toBe(30);
  });

  test('a request that Redis took too late is used by a later one', async () => {
    const proxy = await startProxy({ host: '127.0.0.1', port: server.port });
    onTestFinished(() => proxy.close());
    const replica = await joined({ redisTimeoutMs: 50 }, proxy.url(server.url));
    const [credentialId, limit] = [aCredential(), limitOf(12)];
    await replica.take(credentialId, limit); // 5 are in Redis, 6 in PostgreSQL.
    const held = proxy.holdReplies();
    const [waiting] = await Promise.all([acceptedOf([replica], 8, { credentialId, limit }), held]);
    proxy.releaseReplies();
    replica.passHere(1001);
    await untilThere(replica);
    expect(waiting).toBeLessThan(11);
    replica.passHere(1001);
    expect(1 + waiting + (await acceptedOf([replica], 50, { credentialId, limit }))).toBe(12);
  });

  test('with a share in Redis, requests are accepted while PostgreSQL is away, and then get 503', async () => {
    const replica = await joined();
    const [credentialId, limit] = [aCredential(), limitOf(100)];
    await replica.take(credentialId, limit);
    const query = vi.spyOn(app.app.database.nonces, 'query').mockRejectedValue(new Error('The database is away.'));
    onTestFinished(() => query.mockRestore());
    for (let i = 0; i < 9; i++) await replica.take(credentialId, limit);
    await expect(replica.take(credentialId, limit)).rejects.toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
  });

  test('if neither Redis nor PostgreSQL answers, the request gets 503', async () => {
    const replica = await joined();
    const [credentialId, limit] = [aCredential(), limitOf(100)];
    await replica.take(credentialId, limit);
    await server.stop();
    await isGone(replica);
    const query = vi.spyOn(app.app.database.nonces, 'query').mockRejectedValue(new Error('The database is away.'));
    onTestFinished(() => query.mockRestore());
    await expect(replica.take(credentialId, limit)).rejects.toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
  });

  test('a Redis that rejects writes is not used', async () => {
    const replica = await joined();
    const [credentialId, limit] = [aCredential(), limitOf(10)];
    await replica.take(credentialId, limit);
    await server.command('REPLICAOF', '127.0.0.1', '1');
    onTestFinished(() => server.command('REPLICAOF', 'NO', 'ONE').then(() => undefined));
    expect(await acceptedOf([replica], 50, { credentialId, limit })).toBeLessThanOrEqual(9);
    expect(await replica.accepts(aCredential(), limit)).toBe(true);
  });

  test('a stricter limit gives the share in Redis back, and counts what was used', async () => {
    const replicas = await Promise.all(times(2, () => joined({ replicas: 2 })));
    const credentialId = aCredential();
    expect(await acceptedOf(replicas, 6, { credentialId, limit: limitOf(1000) })).toBe(6);
    expect(await acceptedOf(replicas, 50, { credentialId, limit: limitOf(10) })).toBe(4);
    expect(await acceptedOf(replicas, 50, { credentialId, limit: limitOf(4) })).toBe(0);
    for (const replica of replicas) replica.passHere(1001);
    expect(await acceptedOf(replicas, 50, { credentialId, limit: limitOf(12) })).toBe(2);
  });

  test.each(times(6, (seed) => seed + 1))(
    'whatever happens to Redis and to the replicas, no window accepts more than its limit (seed %i)',
    async (seed) => {
      const random = randomFrom(seed);
      const pick = (count: number) => Math.floor(random() * count);
      const proxy = await startProxy({ host: '127.0.0.1', port: server.port });
      onTestFinished(() => proxy.close());
      const leased = [true, true, true];
      const options = (index: number) => ({ replicas: 3, redisTimeoutMs: 100, hasLease: () => leased[index]! });
      const replicas = [
        await joined(options(0)),
        await joined(options(1), proxy.url(server.url)),
        await joined(options(2)),
      ];
      const [credentialId, limit] = [aCredential(), limitOf(120 + pick(200))];
      const happenings: (() => unknown)[] = [
        () => server.stop(),
        () => server.start(),
        () => proxy.cut(),
        () => proxy.heal(),
        () => server.command('FLUSHALL').catch(() => undefined),
        () => replicas[pick(3)]!.limit.giveBack({ all: true }),
        () => replicas.forEach((replica) => void replica.passHere(1001)),
        () => void (leased[pick(3)] = random() < 0.5),
      ];
      let accepted = 0;
      for (let turn = 0; turn < 25; turn++) {
        const burst = acceptedOf(replicas, pick(30), { credentialId, limit });
        await happenings[pick(happenings.length)]!();
        accepted += await burst;
      }
      expect(accepted).toBeGreaterThan(0);
      expect(accepted).toBeLessThanOrEqual(limit.requests);
      await server.start();
      await proxy.heal();
      leased.fill(true);
      for (const replica of replicas) replica.passHere(1001);
      accepted += await acceptedOf(replicas, 3 * limit.requests, { credentialId, limit });
      expect(accepted).toBeLessThanOrEqual(limit.requests);
    },
  );
});
