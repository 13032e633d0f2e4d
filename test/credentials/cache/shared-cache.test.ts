import { ErrorReply } from '@redis/client';
import Keyv from 'keyv';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { SharedCache } from '../../../src/credentials/cache/shared-cache.ts';
import type { CachedCredential } from '../../../src/credentials/cached-credential.ts';
import { createSharedCacheMetrics, type SharedCacheMetrics } from '../../../src/credentials/metrics.ts';
import { createKeyring, parseMasterKey } from '../../../src/crypto/keyring.ts';
import { MASTER_KEY, startTestApp, type TestApp } from '../../support/app.ts';
import { loadsIn } from '../../support/loads.ts';
import { silentLogger, silentOutage } from '../../support/loggers.ts';
import { migratedDatabase } from '../../support/postgres-template.ts';
import { findRedis, type RedisServer, startRedis } from '../../support/redis.ts';

function keyringOf(text: string) {
  const parsed = parseMasterKey(text);
  if (!('key' in parsed)) throw new Error(parsed.problem);
  return createKeyring(parsed.key, []);
}

const PLACE = { fingerprint: 'fingerprint', serverIdentity: 'server' };
const MINE = { fingerprint: 'mine', serverIdentity: 'server' };
const CACHED: CachedCredential = { principal: null, asOf: 7, tags: ['key:1'], until: 2_000_000_000_000 };

describe('a shared cache that answers reads and rejects writes', () => {
  const clock = { now: () => new Date(0), monotonic: () => 0 };
  const refusing = (reply: string, reads: () => Promise<unknown> = async () => undefined) => {
    let asked = 0;
    const refuse = () => Promise.reject(new ErrorReply(reply));
    const get = () => {
      asked++;
      return reads();
    };
    // biome-ignore lint/suspicious/noExplicitAny: the three calls of keyv's that are made
    const keyv = { get, set: refuse, delete: refuse } as any as Keyv;
    const keyring = keyringOf(MASTER_KEY);
    const shared = new SharedCache({
      keyv,
      keyring,
      clock,
      logger: silentLogger,
      outage: silentOutage,
      metrics: createSharedCacheMetrics(),
    });
    return { shared, reads: () => asked };
  };

  test.each([
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "NOPERM this user has no permissions to run the 'set' command",
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
    'NOREPLICAS Not enough good replicas to write.',
  ])('is still read, however many writes it rejects: %s', async (reply) => {
    const { shared, reads } = refusing(reply);
    for (let turn = 0; turn < 10; turn++) {
      shared.set(PLACE, { cached: CACHED, ttlMs: 1000 });
      shared.delete(['fingerprint']);
      expect(await shared.state()).toBe('read-only');
      await shared.get(PLACE, () => true);
    }
    expect(reads()).toBe(20); // By `state`, and by `get`.
  });

  test('is unreachable if it rejects reads, too, as while it starts', async () => {
    const reply = 'LOADING Redis is loading the dataset in memory';
    const { shared } = refusing(reply, () => Promise.reject(new ErrorReply(reply)));
    expect(await shared.state()).toBe('unreachable');
  });
});

describe('a shared cache that never answers', () => {
  let now: number;
  let calls: number;
  let hung: boolean;
  let shared: SharedCache;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    now = 0;
    calls = 0;
    hung = true;
    const answer = () => {
      calls++;
      return hung ? new Promise<undefined>(() => undefined) : Promise.resolve(undefined);
    };
    // biome-ignore lint/suspicious/noExplicitAny: the three calls of keyv's that are made
    const keyv = { get: answer, set: answer, delete: answer } as any as Keyv;
    const clock = { now: () => new Date(now), monotonic: () => now };
    shared = new SharedCache({
      keyv,
      keyring: keyringOf(MASTER_KEY),
      clock,
      logger: silentLogger,
      outage: silentOutage,
      metrics: createSharedCacheMetrics(),
    });
  });

  afterEach(() => vi.useRealTimers());

  /** Reads an entry, and returns how many milliseconds it waited. */
  async function waited(): Promise<number> {
    let answered = false;
    const asking = shared
      .get(PLACE, () => true)
      .then((answer) => {
        expect(answer).toBeNull();
        answered = true;
      });
    let milliseconds = 0;
    await vi.advanceTimersByTimeAsync(0);
    for (; !answered && milliseconds < 1000; milliseconds++) await vi.advanceTimersByTimeAsync(1);
    await asking;
    return milliseconds;
  }

  test('delays three requests by 25 ms and later ones not at all, and is tried again once per second', async () => {
    expect([await waited(), await waited(), await waited()]).toEqual([25, 25, 25]);
    expect(calls).toBe(3);
    expect([await waited(), await waited()]).toEqual([0, 0]);
    expect(calls).toBe(3);
    now += 1000;
    // Of several concurrent requests, one tries it and the others go on.
    const together = await Promise.all([waited(), waited(), waited()]);
    expect(calls).toBe(4);
    expect(Math.max(...together)).toBeLessThanOrEqual(25);
    expect(await waited()).toBe(0);
  });

  test('is used again after its first answer', async () => {
    for (let tries = 0; tries < 3; tries++) await waited();
    hung = false;
    now += 1000;
    expect(await waited()).toBe(0);
    expect(await waited()).toBe(0);
    expect(calls).toBe(5);
  });

  test('does not delay a store or a delete', () => {
    expect(shared.set(PLACE, { cached: CACHED, ttlMs: 1000 })).toBeUndefined();
    expect(shared.delete(['fingerprint'])).toBeUndefined();
    expect(calls).toBe(2);
  });
});

describe('an entry of a shared cache', () => {
  let stored: Map<string, string>;
  let metrics: SharedCacheMetrics;

  beforeEach(() => {
    stored = new Map();
    metrics = createSharedCacheMetrics();
  });

  const sharedCache = (masterKey = MASTER_KEY) =>
    new SharedCache({
      keyv: new Keyv({ store: stored }),
      keyring: keyringOf(masterKey),
      clock: { now: () => new Date(), monotonic: () => 0 },
      logger: silentLogger,
      outage: silentOutage,
      metrics,
    });
  const get = (fingerprint = 'mine', server = 'server', masterKey?: string, usable = true) =>
    sharedCache(masterKey).get({ fingerprint, serverIdentity: server }, () => usable);
  const rejected = async (reason: string) =>
    (await metrics.sharedCacheRejected.get()).values.find(({ labels }) => labels.reason === reason)?.value ?? 0;

  test('is used only for its fingerprint, on its database server and with its master key', async () => {
    sharedCache().set(MINE, { cached: CACHED, ttlMs: 60_000 });
    await expect.poll(() => stored.size).toBe(1);
    expect(await get()).toEqual(CACHED);
    expect(await rejected('seal')).toBe(0);

    expect(await get('mine', 'another server')).toBeNull();
    expect(await get('mine', 'server', 'Pm0C0dBz4tN3sXo8kqJvE1uYh7rWfLgTaZ5iDxQeR2c=')).toBeNull();
    const [[name, value]] = [...stored] as [[string, string]];
    stored.set(name.replace('mine', 'yours'), value);
    expect(await get('yours')).toBeNull();
    expect(await rejected('seal')).toBe(3);
  });

  test('is not used if any single bit differs', async () => {
    sharedCache().set(MINE, { cached: CACHED, ttlMs: 60_000 });
    await expect.poll(() => stored.size).toBe(1);
    const [[name, text]] = [...stored] as [[string, string]];
    const { value, ...rest } = JSON.parse(text) as { value: string };
    for (let at = 0; at < value.length; at++) {
      const flipped = String.fromCharCode(value.charCodeAt(at) ^ 1);
      stored.set(name, JSON.stringify({ ...rest, value: value.slice(0, at) + flipped + value.slice(at + 1) }));
      expect(await get(), `character ${at}`).toBeNull();
    }
    expect(await rejected('seal')).toBe(value.length);
  });

  test('is not used if it was never sealed, in any shape', async () => {
    sharedCache().set(MINE, { cached: CACHED, ttlMs: 60_000 });
    await expect.poll(() => stored.size).toBe(1);
    const [name] = stored.keys() as Iterable<string> as [string];
    const shapes = [CACHED, JSON.stringify(CACHED), [CACHED], 1, true, '', 's1', 's1.00000000.', 's1.00000000.AAAA'];
    for (const value of shapes) {
      stored.set(name, JSON.stringify({ value }));
      expect(await get(), JSON.stringify(value)).toBeNull();
    }
    expect(await rejected('seal')).toBe(shapes.length);
    for (const garbage of ['{"value":null}', 'null', '{}', '[]', '{', '"', ':base64:AAAA']) {
      stored.set(name, garbage);
      expect(await get(), garbage).toBeNull();
    }
  });

  test('is dropped and counted if it is stale', async () => {
    sharedCache().set(MINE, { cached: CACHED, ttlMs: 60_000 });
    await expect.poll(() => stored.size).toBe(1);
    expect(await get('mine', 'server', MASTER_KEY, false)).toBeNull();
    expect([await rejected('stale'), await rejected('seal')]).toEqual([1, 0]);
  });
});

describe.skipIf(inject('postgresUrl') === null || findRedis() === null)('F1.4: an attacker who writes to Redis', () => {
  let redis: RedisServer;
  /** A replica that has cached nothing yet, and so reads Redis first. */
  let victim: TestApp;
  let replica: TestApp;

  beforeEach(async () => {
    redis = await startRedis();
    onTestFinished(() => redis.destroy());
    const databaseUrl = await migratedDatabase();
    replica = await startTestApp({ databaseUrl, redisUrl: redis.url });
    onTestFinished(() => replica.close());
    victim = await startTestApp({ databaseUrl, redisUrl: redis.url });
    onTestFinished(() => victim.close());
    // Both must use Redis. A test whose forgery is never read proves nothing.
    await expect.poll(() => victim.app.shared!.isReachable()).toBe(true);
    await expect.poll(() => replica.app.shared!.isReachable()).toBe(true);
  });

  const names = async () => (await redis.command('KEYS', 'rekey:auth:*')) as string[];
  const rejected = async (reason: string) => {
    const text = await (await fetch(`${victim.url}/metrics`)).text();
    return Number(text.match(`rekey_shared_cache_rejected_total\\{reason="${reason}"\\} (\\d+)`)?.[1] ?? 0);
  };

  /** A key that one replica has used, and its entry in Redis. */
  async function usedKey(user?: { accessToken: string }) {
    const key = await replica.apiKey(user ?? (await replica.member()));
    const before = await names();
    expect(await replica.accepts(key.secret)).toBe(true);
    let name = '';
    await untilAsked(async () => {
      name = (await names()).find((each) => !before.includes(each)) ?? '';
      return name !== '';
    });
    return { ...key, name, value: (await redis.command('GET', name)) as string };
  }

  /** Tries until Redis answers in time: no request waits long for it, so a busy machine needs several tries. */
  const untilAsked = (attempt: () => Promise<boolean>) => expect.poll(attempt, { timeout: 15_000 }).toBe(true);

  test('saves a replica a read of the database as long as the entry is intact', async () => {
    const reads = vi.spyOn(victim.app.database.reads, 'query');
    await untilAsked(async () => {
      const key = await usedKey();
      reads.mockClear();
      expect(await victim.accepts(key.secret)).toBe(true);
      return loadsIn(reads).length === 0;
    });
    expect(await rejected('seal')).toBe(0);
  });

  test('gains nothing by moving an entry to the fingerprint of a secret of their own', async () => {
    const admins = await usedKey(await replica.admin());
    await untilAsked(async () => {
      const mine = await usedKey();
      await redis.command('SET', mine.name, admins.value);
      const { data } = await victim.graphql('{ viewer { user { id role } } }', {}, { bearer: mine.secret });
      expect(data.viewer.user.role).toBe('MEMBER');
      return (await rejected('seal')) === 1;
    });
  });

  test('gains nothing by flipping bits or by writing the content of an entry without its seal', async () => {
    const plain = { principal: { kind: 'apiKey' }, asOf: 9e15, tags: [], until: 9e15 };
    const forgeries = [
      (value: string) => value.slice(0, -3) + (value.at(-3) === 'A' ? 'B' : 'A') + value.slice(-2),
      () => plain,
      () => JSON.stringify(plain),
    ];
    const { accessToken } = await replica.admin();
    for (const [index, forge] of forgeries.entries()) {
      await untilAsked(async () => {
        const key = await usedKey();
        await replica.mutate('revokeApiKey', { apiKeyId: key.id }, '', { bearer: accessToken });
        const value = forge((JSON.parse(key.value) as { value: string }).value);
        await redis.command('SET', key.name, JSON.stringify({ value }));
        expect(await victim.accepts(key.secret)).toBe(false);
        return (await rejected('seal')) === index + 1;
      });
    }
  });

  test('cannot restore an old entry to make a replica, warm or cold, accept a rotated secret', async () => {
    let key = await usedKey();
    await untilAsked(async () => {
      key = await usedKey();
      expect(await victim.accepts(key.secret)).toBe(true);
      const input = { apiKeyId: key.id };
      const rotated = await replica.mutate('rotateApiKey', input, '... on RotateApiKeySuccess { secret }', {
        bearer: key.secret,
      });
      await redis.command('SET', key.name, key.value);
      expect(await victim.accepts(key.secret)).toBe(false);
      expect(await replica.accepts(key.secret)).toBe(false);
      expect(await victim.accepts(rotated.secret)).toBe(true);
      return (await rejected('stale')) === 1;
    });

    const cold = await startTestApp({ databaseUrl: victim.app.config.databaseUrl, redisUrl: redis.url });
    onTestFinished(() => cold.close());
    await expect.poll(() => cold.app.shared!.isReachable()).toBe(true);
    await redis.command('SET', key.name, key.value);
    expect(await cold.accepts(key.secret)).toBe(false);
  });
});
