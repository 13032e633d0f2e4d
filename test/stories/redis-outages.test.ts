// Redis may be stopped, frozen, flushed, restarted or unreachable: requests still succeed, and Redis is used again when
// it is back. test/credentials/cache shows with a fake clock that no request waits longer than 25 ms for it.
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/ports.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';

/** Each wait for Redis takes keys: at every attempt, one that Redis does not know. */
const MANY_KEYS = { REKEY_API_KEYS_PER_USER: '0' };
const installed = inject('postgresUrl') !== null && findRedis() !== null;

describe.skipIf(!installed)('the lifecycle of a key', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  let databaseUrl: string;
  let app: TestApp;
  let member: Account;

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startProxy({ host: '127.0.0.1', port: redis.port });
    databaseUrl = await migratedDatabase();
    app = await startTestApp({ databaseUrl, redisUrl: proxy.url(redis.url), env: MANY_KEYS });
    member = await app.member();
  });

  afterAll(async () => {
    await app?.close();
    await proxy?.close();
    await redis?.destroy();
  });

  const stored = async () => ((await redis.command('KEYS', 'rekey:auth:*')) as string[]).length;
  const readiness = async () => {
    const response = await fetch(`${app.url}/readyz`);
    return { ...((await response.json()) as object), status: response.status };
  };

  /** Creates, uses, rotates and revokes a key. Each step would read or write Redis. */
  async function expectLifecycle(on = app, of = member): Promise<void> {
    const { id, secret } = await on.apiKey(of);
    expect(await on.accepts(secret)).toBe(true);
    expect(await on.accepts(secret)).toBe(true);
    expect(await on.accepts(makeSecret('rka'))).toBe(false);
    const rotated = await on.mutate('rotateApiKey', { apiKeyId: id }, '... on RotateApiKeySuccess { secret }', {
      bearer: of.accessToken,
    });
    expect([await on.accepts(secret), await on.accepts(rotated.secret)]).toEqual([false, true]);
    await on.mutate('revokeApiKey', { apiKeyId: id }, '', { bearer: of.accessToken });
    expect(await on.accepts(rotated.secret)).toBe(false);
  }

  /** New entries arrive in Redis again. The breaker retries once per second, at a request that needs Redis. */
  async function expectUseAgain(): Promise<void> {
    const before = await stored();
    const isUsed = async () => {
      const { secret } = await app.apiKey(member);
      expect(await app.accepts(secret)).toBe(true);
      return (await stored()) > before;
    };
    await expect.poll(isUsed, { timeout: 15_000, interval: 100 }).toBe(true);
    await expect.poll(readiness, { timeout: 15_000 }).toMatchObject({ status: 200, sharedCache: 'ok' });
  }

  beforeEach(expectUseAgain);

  test('works while Redis is stopped, and Redis is used again when it is back and empty', async () => {
    await redis.stop();
    await expectLifecycle();
    expect(await readiness()).toMatchObject({ status: 200, sharedCache: 'unreachable: continuing without it' });
    await redis.start();
    await expectUseAgain();
  });

  test('an outage of Redis is one line at its begin and one at its end, which counts what has failed', async () => {
    const about = () =>
      app.log.map((line) => JSON.parse(line)).filter(({ msg, level }) => /Redis/.test(msg) && level !== 'debug');
    await expect.poll(() => about().at(-1)?.level ?? 'info', { timeout: 15_000 }).toBe('info'); // Of earlier tests.
    const before = about().length;
    await redis.stop();
    for (let round = 0; round < 30; round++) await app.accepts((await app.apiKey(member)).secret);
    expect(about().slice(before)).toMatchObject([
      { level: 'warn', msg: 'Redis does not respond; continuing without it', redis: expect.stringContaining(':') },
    ]);
    await redis.start();
    await expect
      .poll(() => about().slice(before + 1), { timeout: 15_000 })
      .toMatchObject([{ level: 'info', msg: 'Redis responds again' }]);
    expect(about().at(-1).failures).toBeGreaterThan(10);
    await expectUseAgain();
  });

  test('works while Redis is frozen, which causes no connection error', async () => {
    redis.freeze();
    await expectLifecycle();
    expect(await readiness()).toMatchObject({ status: 200, sharedCache: 'unreachable: continuing without it' });
    redis.thaw();
    await expectUseAgain();
  });

  test('works while the network drops everything that is sent to Redis', async () => {
    proxy.blackhole();
    await expectLifecycle();
    await proxy.heal();
    await expectUseAgain();
  });

  test('works while connections to Redis are cut', async () => {
    proxy.cut();
    await expectLifecycle();
    await proxy.heal();
    await expectUseAgain();
  });

  test('works while Redis answers after its timeout', async () => {
    proxy.delay(60_000);
    await expectLifecycle();
    await proxy.heal();
    await expectUseAgain();
  });

  test('works while Redis is flushed again and again', async () => {
    for (let round = 0; round < 3; round++) {
      await redis.flush();
      await expectLifecycle();
    }
  });

  test('works while Redis rejects every write, or has no memory left', async () => {
    const settings: [string, string, string][] = [
      ['min-replicas-to-write', '1', '0'],
      ['maxmemory', '1', '0'],
    ];
    for (const [name, broken, sound] of settings) {
      await redis.command('CONFIG', 'SET', name, broken);
      await expectLifecycle();
      await redis.command('CONFIG', 'SET', name, sound);
    }
  });

  test('an entry whose revocation Redis missed is not used when Redis is back', async () => {
    const { id, secret } = await app.apiKey(member);
    const before = await stored();
    expect(await app.accepts(secret)).toBe(true);
    await expect.poll(stored).toBe(before + 1);
    proxy.cut();
    await app.mutate('revokeApiKey', { apiKeyId: id }, '', { bearer: member.accessToken });
    expect(await app.accepts(secret)).toBe(false);
    await proxy.heal();
    await expectUseAgain();
    // Another replica, which has not cached the key and finds its old entry in Redis.
    const other = await startTestApp({ databaseUrl, redisUrl: redis.url, env: MANY_KEYS });
    onTestFinished(() => other.close());
    await expect.poll(() => other.app.shared!.isReachable()).toBe(true);
    expect(await other.accepts(secret)).toBe(false);
  });

  test('F3.8: works when Redis is unreachable at start, and Redis is used as soon as it is reachable', async () => {
    const port = await freePort();
    const late = await startProxy({ host: '127.0.0.1', port: redis.port });
    onTestFinished(() => late.close());
    late.cut();
    const other = await startTestApp({ databaseUrl, redisUrl: late.url(redis.url), env: MANY_KEYS });
    const never = await startTestApp({ databaseUrl, redisUrl: `redis://127.0.0.1:${port}`, env: MANY_KEYS });
    onTestFinished(async () => {
      await other.close();
      await never.close();
    });
    await expectLifecycle(other);
    await expectLifecycle(never);
    await late.heal();
    await expect.poll(() => other.app.shared!.isReachable(), { timeout: 15_000, interval: 100 }).toBe(true);
    await expectLifecycle(other);
  });

  test('the app closes while Redis is frozen', async () => {
    const other = await startTestApp({ databaseUrl, redisUrl: redis.url, env: MANY_KEYS });
    await expect.poll(() => other.app.shared!.isReachable()).toBe(true);
    redis.freeze();
    await other.close();
    redis.thaw();
  });
});
