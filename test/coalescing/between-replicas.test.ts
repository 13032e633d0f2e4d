// The lock and the hand-over of results between replicas, on a real Redis.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { BetweenReplicas, type HandedResult, type HeldLock } from '../../src/coalescing/between-replicas.ts';
import { noCounts } from '../../src/coalescing/metrics.ts';
import { createKeyring } from '../../src/crypto/keyring.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createRedisClient, type RedisClient } from '../../src/redis/client.ts';
import { silentLogger, silentOutage } from '../support/loggers.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const LONG = { timeoutMs: 20_000, isNeeded: () => true };

describe.skipIf(findRedis() === null)('two replicas on one Redis', () => {
  const KEY = randomBytes(32);
  let server: RedisServer;
  let proxy: TcpProxy;
  let name: string;
  let near: BetweenReplicas;
  let far: BetweenReplicas;
  let client: RedisClient;

  /** One more replica. */
  async function join(keyring = createKeyring(KEY), url = server.url): Promise<[BetweenReplicas, RedisClient]> {
    const redis = createRedisClient(url, silentOutage);
    onTestFinished(() => {
      if (redis.isOpen) redis.destroy();
    });
    await until('Redis is connected', () => redis.isReady);
    const options = {
      redis,
      keyring,
      clock: systemClock,
      logger: silentLogger,
      outage: silentOutage,
      counts: noCounts(),
    };
    return [new BetweenReplicas(options), redis];
  }

  beforeAll(async () => {
    server = await startRedis();
    proxy = await startProxy({ host: '127.0.0.1', port: server.port });
  });
  afterAll(async () => {
    await proxy?.close();
    await server?.destroy();
  });
  beforeEach(async () => {
    name = randomBytes(32).toString('base64url');
    [near, client] = await join();
    [far] = await join();
  });

  const keys = () => client.keys('rekey:coalescing:*');
  async function lead(replica = near): Promise<HeldLock> {
    const claimed = await replica.claim(name, LONG);
    if (!claimed || 'text' in claimed) throw new Error('Another replica leads.');
    return claimed;
  }
  const untilWanted = () =>
    until('the other replica waits', async () => client.hExists(`rekey:coalescing:{${name}}`, 'wanted'));
  const untilReleased = () =>
    until('the lock is released', async () => (await keys()).every((key) => !key.includes(name)));

  test('F3.29: of many at once, one takes the lock, and the others get its result', async () => {
    const others = await Promise.all(Array.from({ length: 4 }, () => join()));
    const all = [near, far, ...others.map(([replica]) => replica)];
    const claims = all.map((replica) => replica.claim(name, LONG));
    const leader = (await Promise.race(claims)) as HeldLock;
    await untilWanted();
    leader.end(() => 'the result', 0);
    const results = (await Promise.all(claims)).filter((claimed): claimed is HandedResult => 'text' in claimed!);
    expect(results).toEqual(Array(5).fill({ text: 'the result', keptMs: 0 }));
  });

  test('without a replica that waits, no result is made, and nothing stays', async () => {
    const leader = await lead();
    let made = 0;
    leader.end(() => String(++made), 0);
    await untilReleased();
    expect(made).toBe(0);
    expect('end' in (await far.claim(name, LONG))!).toBe(true);
  });

  test('a request after the end does not get the result that was handed over', async () => {
    const leader = await lead();
    const waiting = far.claim(name, LONG);
    await untilWanted();
    leader.end(() => 'the result', 0);
    expect(await waiting).toEqual({ text: 'the result', keptMs: 0 });
    expect('end' in (await far.claim(name, LONG))!).toBe(true);
  });

  test('a result is kept for its time, and later requests get it', async () => {
    const leader = await lead();
    leader.end(() => 'kept', 5000);
    const found = await until('it is kept', async () => {
      const claimed = await far.claim(name, { timeoutMs: 1000, isNeeded: () => true });
      return claimed && 'text' in claimed && claimed;
    });
    expect(found.text).toBe('kept');
    expect(found.keptMs).toBeGreaterThan(0);
    expect(found.keptMs).toBeLessThanOrEqual(5000);
  });

  test('a result that must not be handed over lets the other replica execute at once', async () => {
    for (const keptMs of [0, 5000]) {
      const leader = await lead();
      const waiting = far.claim(name, LONG);
      await untilWanted();
      leader.end(() => null, keptMs);
      expect(await waiting).toBeNull();
      await untilReleased();
    }
  });

  test('a result that is too large is not handed over', async () => {
    const leader = await lead();
    const waiting = far.claim(name, LONG);
    await untilWanted();
    leader.end(() => 'x'.repeat(256 * 1024), 0);
    expect(await waiting).toBeNull();
  });

  test('a leader that is killed does not block: its lock expires', async () => {
    const [victim, connection] = await join();
    await lead(victim);
    connection.destroy();
    expect(await far.claim(name, LONG)).toBeNull();
  });

  test('a long execution keeps its lock', async () => {
    const leader = await lead();
    await client.pExpire(`rekey:coalescing:{${name}}`, 400);
    const renewed = async () => (await client.pTTL(`rekey:coalescing:{${name}}`)) > 500;
    await until('the lock is renewed', renewed);
    leader.end(() => null, 0);
    await untilReleased();
  });

  test.each([0, 5000])(
    'a leader that has lost its lock neither releases the lock of the next one nor hands over, with a result that is kept for %i ms',
    async (keptMs) => {
      const late = await lead();
      await client.del(`rekey:coalescing:{${name}}`);
      const next = await lead(far);
      late.end(() => 'too late', keptMs);
      await client.ping(); // Redis has run the script of the late leader.
      const [third] = await join();
      const waiting = third.claim(name, LONG);
      await untilWanted();
      next.end(() => 'in time', 0);
      expect(await waiting).toEqual({ text: 'in time', keptMs: 0 });
    },
  );

  test('the wait ends after its time, and as soon as the result is not needed', async () => {
    const leader = await lead();
    expect(await far.claim(name, { timeoutMs: 20, isNeeded: () => true })).toBeNull();
    expect(await far.claim(name, { timeoutMs: 20_000, isNeeded: () => false })).toBeNull();
    leader.end(() => null, 0);
  });

  test('what is written to Redis reveals nothing, and what others write is not used', async () => {
    const leader = await lead();
    leader.end(() => 'ann@example.com', 5000);
    const stored = await until('it is kept', () => client.hGet(`rekey:coalescing:{${name}}`, 'result'));
    expect(stored).not.toContain('ann');
    const original = name;
    name = randomBytes(32).toString('base64url');
    for (const forged of ['ann@example.com', stored]) {
      await client.hSet(`rekey:coalescing:{${name}}`, { owner: 'forged', result: forged });
      expect(await far.claim(name, LONG)).toBeNull();
    }
    const [stranger] = await join(createKeyring(randomBytes(32)));
    name = original;
    expect(await stranger.claim(name, LONG)).toBeNull();
  });

  test('values of a wrong type in Redis do no harm', async () => {
    await client.set(`rekey:coalescing:{${name}}`, 'a text');
    expect(await far.claim(name, LONG)).toBeNull();
  });

  test('while Redis is frozen, cut off or stopped, each replica executes for itself', async () => {
    const [third] = await join(createKeyring(KEY), proxy.url(server.url));
    proxy.blackhole();
    expect(await third.claim(name, LONG)).toBeNull();
    await proxy.heal();
    proxy.cut();
    expect(await third.claim(name, LONG)).toBeNull();
    await proxy.heal();
  });

  test('if Redis freezes during the wait, the wait ends', async () => {
    const [third] = await join(createKeyring(KEY), proxy.url(server.url));
    const leader = await lead();
    const waiting = third.claim(name, LONG);
    await untilWanted();
    proxy.blackhole();
    expect(await waiting).toBeNull();
    await proxy.heal();
    leader.end(() => null, 0);
  });
});
