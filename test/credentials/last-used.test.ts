import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LastUsed } from '../../src/credentials/last-used.ts';
import type { Sql } from '../../src/database/sql.ts';
import { outageOf, recordingLogger } from '../support/loggers.ts';
import { sealerInMemory } from '../support/sealing.ts';

describe('noting when credentials were used', () => {
  let time: number;
  let failing: boolean;
  let holding: PromiseWithResolvers<void> | null;
  /** The uses that were written, one map per statement. */
  let written: Map<string, number>[];
  let log: string[];

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    time = 1_000_000;
    failing = false;
    holding = null;
    written = [];
  });

  afterEach(() => vi.useRealTimers());

  function newLastUsed(options: { entries?: number } = {}) {
    const sql = {
      async query(_: unknown, [ids, times]: [string[], number[]]) {
        await holding?.promise;
        if (failing) throw new Error('The database is unreachable.');
        written.push(new Map(ids.map((id, index) => [id, times[index]!])));
        return [];
      },
    } as unknown as Sql;
    const clock = { now: () => new Date(time), monotonic: () => time };
    const { logger, lines } = recordingLogger('warn');
    log = lines;
    return new LastUsed({
      sql,
      sealer: sealerInMemory(),
      clock,
      logger,
      outage: outageOf(logger),
      now: () => time,
      lagSeconds: 120,
      entries: 1000,
      addressed: [],
      tables: [],
      addressOf: () => null,
      ...options,
    });
  }

  test('F1.12: a thousand uses of ten credentials take one statement', async () => {
    const lastUsed = newLastUsed();
    for (let use = 0; use < 1000; use++) lastUsed.note(`key_${use % 10}`);
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(written.map((batch) => batch.size)).toEqual([10]);
  });

  test('F1.12: one credential is written at most once per window', async () => {
    const lastUsed = newLastUsed();
    for (let second = 0; second < 180; second++) {
      lastUsed.note('key_1');
      time += 1000;
      await vi.advanceTimersByTimeAsync(1000);
    }
    await lastUsed.flush();
    expect(written.map((batch) => batch.get('key_1'))).toEqual([1_000_000, 1_060_000, 1_120_000]);
  });

  test('F1.12: a batch that could not be written is kept and retried', async () => {
    const lastUsed = newLastUsed();
    failing = true;
    lastUsed.note('key_1');
    for (let tries = 0; tries < 5; tries++) await vi.advanceTimersByTimeAsync(2000);
    expect(log).toHaveLength(5);
    lastUsed.note('key_2');
    failing = false;
    await vi.advanceTimersByTimeAsync(2000);
    expect(written).toEqual([
      new Map([
        ['key_1', 1_000_000],
        ['key_2', 1_000_000],
      ]),
    ]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(written).toHaveLength(1);
  });

  test('a later use replaces the one of a failed batch', async () => {
    const lastUsed = newLastUsed();
    failing = true;
    lastUsed.note('key_1');
    await vi.advanceTimersByTimeAsync(2000);
    time += 60_000;
    lastUsed.note('key_1');
    await vi.advanceTimersByTimeAsync(2000);
    failing = false;
    await vi.advanceTimersByTimeAsync(2000);
    expect(written).toEqual([new Map([['key_1', 1_060_000]])]);
  });

  test('F1.12: a flush also writes uses that were noted during another flush', async () => {
    const lastUsed = newLastUsed();
    holding = Promise.withResolvers<void>();
    lastUsed.note('key_1');
    const first = lastUsed.flush();
    await vi.advanceTimersByTimeAsync(0);
    lastUsed.note('key_2');
    const second = lastUsed.flush();
    holding.resolve();
    await Promise.all([first, second]);
    expect(written).toEqual([new Map([['key_1', 1_000_000]]), new Map([['key_2', 1_000_000]])]);
  });

  test('a flush never fails and a note never waits, also if the database fails or hangs', async () => {
    const lastUsed = newLastUsed();
    failing = true;
    lastUsed.note('key_1');
    await expect(lastUsed.flush()).resolves.toBeUndefined();
    holding = Promise.withResolvers<void>();
    void lastUsed.flush();
    expect(lastUsed.note('key_2')).toBeUndefined();
  });

  test('F1.12: ten thousand daemons that authenticate every 15 s take at most one statement per second', async () => {
    const lastUsed = newLastUsed({ entries: 20_000 });
    const perSecond: number[] = [];
    for (let second = 0; second < 120; second++) {
      const before = written.length;
      for (let daemon = second % 15; daemon < 10_000; daemon += 15) lastUsed.note(`dmn_${daemon}`);
      time += 1000;
      await vi.advanceTimersByTimeAsync(1000);
      perSecond.push(written.length - before);
    }
    await lastUsed.flush();
    expect(Math.max(...perSecond)).toBe(1);
    // 80 000 uses in two windows: each daemon is written once per window.
    expect(written.reduce((sum, batch) => sum + batch.size, 0)).toBe(20_000);
  });

  test('F1.12: ten thousand uses at once are written in batches, one after the other', async () => {
    const lastUsed = newLastUsed({ entries: 20_000 });
    for (let key = 0; key < 10_001; key++) lastUsed.note(`key_${key}`);
    const sizes = () => written.map((batch) => batch.size);
    await vi.advanceTimersByTimeAsync(2000);
    expect(sizes()).toEqual([5000]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(sizes()).toEqual([5000, 5000]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(sizes()).toEqual([5000, 5000, 1]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(written).toHaveLength(3);
  });

  test('F1.12: a flush writes all uses, also more than a batch', async () => {
    const lastUsed = newLastUsed({ entries: 20_000 });
    for (let key = 0; key < 12_000; key++) lastUsed.note(`key_${key}`);
    await lastUsed.flush();
    expect(written.map((batch) => batch.size)).toEqual([5000, 5000, 2000]);
  });

  test('F1.12: uses that come while the database hangs take one statement', async () => {
    const lastUsed = newLastUsed({ entries: 20_000 });
    holding = Promise.withResolvers<void>();
    lastUsed.note('key');
    await vi.advanceTimersByTimeAsync(2000);
    for (let key = 0; key < 5000; key++) {
      lastUsed.note(`key_${key}`);
      if (key % 100 === 0) await vi.advanceTimersByTimeAsync(100);
    }
    holding.resolve();
    await vi.advanceTimersByTimeAsync(2000);
    expect(written.map((batch) => batch.size)).toEqual([1, 5000]);
  });
});
