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

  test('a replica with all its services is ready and reports their states', async () => {
    // The replica connects to Redis in the background, and its start does not wait for that.
    await expect
      .poll(async () => (await send(app.url, '/readyz')).json)
      .toEqual({ status: 'ready', database: 'ok', lease: 'held', sharedCache: name.includes('Redis') ? 'ok' : 'off' });
    expect(await send(app.url, '/readyz')).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    });
  });

  test('a replica without a lease reports how it authenticates, even without recent requests', async () => {
    vi.spyOn(app.app.replica, 'leaseRemaining').mockReturnValue(0);
    const modes = async () =>
      (await send(app.url, '/metrics')).text.match(/^rekey_auth_mode\{mode="\w+"\} 1$/gm)?.join();
    try {
      expect((await send(app.url, '/readyz')).json).toMatchObject({ lease: 'lost: every request reads the database' });
      expect(await modes()).toBe('rekey_auth_mode{mode="direct"} 1');
      vi.spyOn(app.app.database.reads, 'query').mockRejectedValue(new Error('unreachable'));
      expect(await modes()).toBe('rekey_auth_mode{mode="unavailable"} 1');
      expect(await send(app.url, '/readyz')).toMatchObject({ status: 503, json: { lease: 'lost' } });
    } finally {
      vi.restoreAllMocks();
    }
    expect(await modes()).toBe('rekey_auth_mode{mode="leased"} 1');
  });

  test('/livez returns 200 while the process runs', async () => {
    expect(await send(app.url, '/livez')).toMatchObject({ status: 200, text: 'ok' });
  });

  test.each(['/livez', '/readyz'])('%s accepts GET and HEAD only', async (path) => {
    expect(await send(app.url, path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(await send(app.url, path, { method: 'POST' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  });
});

describe.skipIf(inject('redisUrl') === null)('an unreachable Redis', () => {
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

  test('is reported, and the replica stays ready without it', async () => {
    await expect.poll(sharedCache).toEqual([200, 'ok']);
    await redis.stop();
    await expect.poll(sharedCache).toEqual([200, 'unreachable: continuing without it']);
    await redis.start();
    await expect.poll(sharedCache, { timeout: 10_000 }).toEqual([200, 'ok']);
  });

  test('does not delay a response when it accepts connections but does not answer', async () => {
    await expect.poll(sharedCache, { timeout: 10_000 }).toEqual([200, 'ok']);
    redis.freeze();
    try {
      const before = app.log.length;
      expect(await sharedCache()).toEqual([200, 'unreachable: continuing without it']);
      // The connection is still open: the client would close it only after 5 s.
      expect(app.log.slice(before).join('')).not.toContain('Redis is gone');
    } finally {
      redis.thaw();
    }
  });
});

describe.skipIf(inject('redisUrl') === null)('a Redis that rejects writes', () => {
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
      'its access control denies writes',
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
    'because %s is reported, and the replica stays ready and still reads from it',
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
