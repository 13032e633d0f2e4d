import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { findRedis, type RedisServer, redisCommand, startRedis } from './redis.ts';

describe.skipIf(inject('redisUrl') === null)('the shared Redis server', () => {
  test('is not on the standard port, and stores nothing on disk', async () => {
    const url = inject('redisUrl') as string;
    expect(new URL(url).port).not.toBe('6379');
    expect(await redisCommand(url, 'CONFIG', 'GET', 'save')).toEqual(['save', '']);
  });
});

describe.skipIf(findRedis() === null || process.env.REKEY_TEST_SERVERS === 'none')('a separate Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.destroy());

  test('runs commands, and deletes all data with `flush`', async () => {
    expect(await redis.command('SET', 'a', '1')).toBe('OK');
    expect(await redis.command('GET', 'a')).toBe('1');
    await redis.flush();
    expect(await redis.command('GET', 'a')).toBe(null);
    await expect(redis.command('NONSENSE')).rejects.toThrow('unknown command');
  });

  test('is empty after a stop and a start, and keeps its port', async () => {
    await redis.command('SET', 'a', '1');
    await redis.stop();
    await expect(redis.command('PING')).rejects.toThrow();
    await redis.start();
    expect(await redis.command('GET', 'a')).toBe(null);
  });

  test('answers no command while it is frozen, answers after it is thawed, and can be stopped while it is frozen', async () => {
    redis.freeze();
    let answered = false;
    const answer = redis.command('PING').then((pong) => {
      answered = true;
      return pong;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answered).toBe(false);
    redis.thaw();
    expect(await answer).toBe('PONG');
    redis.freeze();
    await redis.stop();
    await redis.start();
    expect(await redis.command('PING')).toBe('PONG');
  });
});
