import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { backends, startTestApp, type TestApp } from '../support/app.ts';
import { send } from '../support/raw.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

describe.each(backends())('on $name', ({ name, start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app?.close());

  test('a replica that has everything is ready, and says what it has', async () => {
    // The connection to Redis comes by itself and nobody waits for it.
    await expect
      .poll(async () => (await send(app.url, '/readyz')).json)
      .toEqual({ status: 'ready', database: 'ok', lease: 'held', sharedCache: name.includes('Redis') ? 'ok' : 'off' });
    expect(await send(app.url, '/readyz')).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    });
  });

  test('how it decides without a lease is said to whoever asks, though nobody else has asked lately', async () => {
    vi.spyOn(app.app.replica, 'leaseRemaining').mockReturnValue(0);
    const modes = async () =>
      (await send(app.url, '/metrics')).text.match(/^rekey_auth_mode\{mode="\w+"\} 1$/gm)?.join();
    try {
      expect((await send(app.url, '/readyz')).json).toMatchObject({ lease: 'lost: every request reads the database' });
      expect(await modes()).toBe('rekey_auth_mode{mode="direct"} 1');
      vi.spyOn(app.app.database.reads, 'query').mockRejectedValue(new Error('away'));
      expect(await modes()).toBe('rekey_auth_mode{mode="unavailable"} 1');
      expect(await send(app.url, '/readyz')).toMatchObject({ status: 503, json: { lease: 'lost' } });
    } finally {
      vi.restoreAllMocks();
    }
    expect(await modes()).toBe('rekey_auth_mode{mode="leased"} 1');
  });

  test('a process that runs is alive, whatever else is wrong', async () => {
    expect(await send(app.url, '/livez')).toMatchObject({ status: 200, text: 'ok' });
  });

  test.each(['/livez', '/readyz'])('%s answers GET and HEAD, and nothing else', async (path) => {
    expect(await send(app.url, path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(await send(app.url, path, { method: 'POST' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  });
});

describe.skipIf(inject('redisUrl') === null)('a Redis that is gone', () => {
  let redis: RedisServer;
  let app: TestApp;
  beforeAll(async () => {
    redis = await startRedis();
    app = await startTestApp({ redisUrl: redis.url });
  });
  afterAll(async () => {
    await app?.close();
    await redis?.destroy();
  });

  const sharedCache = async () => {
    const { status, json } = await send(app.url, '/readyz');
    return [status, json.sharedCache];
  };

  test('is named, and takes no replica out of service: requests go on without it', async () => {
    await expect.poll(sharedCache).toEqual([200, 'ok']);
    await redis.stop();
    await expect.poll(sharedCache).toEqual([200, 'unreachable: continuing without it']);
    await redis.start();
    await expect.poll(sharedCache, { timeout: 10_000 }).toEqual([200, 'ok']);
  });

  test('holds no answer up where it is only silent', async () => {
    await expect.poll(sharedCache, { timeout: 10_000 }).toEqual([200, 'ok']);
    redis.freeze();
    try {
      const before = app.log.length;
      expect(await sharedCache()).toEqual([200, 'unreachable: continuing without it']);
      // The connection to it is still there: only after 5 s would it be hung up on.
      expect(app.log.slice(before).join('')).not.toContain('Redis is gone');
    } finally {
      redis.thaw();
    }
  });
});

describe.skipIf(inject('redisUrl') === null)('a Redis that answers reads and refuses writes', () => {
  let redis: RedisServer;
  let app: TestApp;
  beforeAll(async () => {
    redis = await startRedis();
    app = await startTestApp({ redisUrl: redis.url });
  });
  afterAll(async () => {
    await app?.close();
    await redis?.destroy();
  });

  const sharedCache = async () => {
    const { status, json } = await send(app.url, '/readyz');
    return [status, json.sharedCache];
  };
  const WAYS: [what: string, begin: string[][], end: string[][]][] = [
    ['it is a replica', [['replicaof', '127.0.0.1', '1']], [['replicaof', 'no', 'one']]],
    ['it is out of memory', [['config', 'set', 'maxmemory', '1']], [['config', 'set', 'maxmemory', '0']]],
    [
      'it has taken the right to write from us',
      [['acl', 'setuser', 'default', '-set', '-del', '-unlink']],
      [['acl', 'setuser', 'default', '+@all']],
    ],
    [
      'it waits for replicas',
      [['config', 'set', 'min-replicas-to-write', '1']],
      [['config', 'set', 'min-replicas-to-write', '0']],
    ],
  ];

  test.each(WAYS)(
    'since %s: is named, takes no replica out of service, and is still read',
    async (_what, begin, end) => {
      const inTheEnd = { timeout: 30_000 };
      await expect.poll(sharedCache, inTheEnd).toEqual([200, 'ok']);
      const before = app.log.length;
      onTestFinished(async () => {
        for (const command of end) await redis.command(...command);
      });
      for (const command of begin) await redis.command(...command);
      await expect.poll(sharedCache, inTheEnd).toEqual([200, 'rejects writes: more requests read the database']);
      await expect.poll(() => app.app.shared!.isReachable(), inTheEnd).toBe(true);
      expect(app.log.slice(before).filter((line) => line.includes('rejects writes'))).toHaveLength(1);
      for (const command of end) await redis.command(...command);
      await expect.poll(sharedCache, inTheEnd).toEqual([200, 'ok']);
    },
  );
});
