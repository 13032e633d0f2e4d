import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { countedWait, currentRequestId, limitedWait, withRequestId } from '../../src/kernel/request-context.ts';
import { deliverable } from '../../src/live/deliverable.ts';
import type { LiveConnection } from '../../src/live/live-connection.ts';

const NO_ANSWER = 'The database did not answer in time.';
const never = () => new Promise<never>(() => undefined);
/** Resolves after so much time of the clock below. */
const elapsed = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

describe('the waits of a request for the database', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** The outcome of the work of a request at this time of the clock; undefined while it runs. */
  async function at(milliseconds: number, work: () => Promise<unknown>): Promise<unknown> {
    let outcome: unknown;
    void withRequestId('r', work).then(
      () => (outcome = 'done'),
      (error) => (outcome = error.message),
    );
    await vi.advanceTimersByTimeAsync(milliseconds);
    return outcome;
  }

  test('end together after 2.8 s, however many there are', async () => {
    const threeWaits = async () => {
      await limitedWait(() => elapsed(1300));
      await countedWait(elapsed(1300));
      await limitedWait(never);
    };
    expect(await at(2790, threeWaits)).toBeUndefined();
    expect(await at(2810, threeWaits)).toBe(NO_ANSWER);
  });

  test('at the same time count once', async () => {
    const both = async () => {
      await Promise.all([limitedWait(() => elapsed(1300)), countedWait(elapsed(1200))]);
      await limitedWait(() => elapsed(1300));
    };
    expect(await at(2700, both)).toBe('done');
  });

  test('leave time for a later wait: what needs no time for one may still wait', async () => {
    const waits = async () => {
      await limitedWait(never, { keepMs: 500 }).catch(() => undefined);
      await limitedWait(() => elapsed(400));
    };
    expect(await at(2310, waits)).toBeUndefined();
    expect(await at(2750, waits)).toBe('done');
  });

  test('do not begin when no time is left', async () => {
    const begin = vi.fn(never);
    const late = async () => {
      await countedWait(elapsed(2900));
      await limitedWait(begin);
    };
    expect(await at(3000, late)).toBe(NO_ANSWER);
    expect(begin).not.toHaveBeenCalled();
  });

  test('do not include the work of the request itself', async () => {
    const work = async () => {
      await elapsed(10_000);
      await limitedWait(() => elapsed(1000));
    };
    expect(await at(11_010, work)).toBe('done');
  });

  test('have no common limit in a request that has become a stream', async () => {
    const connection = { mayDeliver: () => countedWait(elapsed(2000).then(() => true)) } as LiveConnection;
    const stream = async () => {
      let events = 0;
      for await (const _ of deliverable(Readable.from([1, 2, 3]), connection)) events++;
      await limitedWait(() => elapsed(10));
      return events;
    };
    expect(await at(6100, stream)).toBe('done');
  });

  test('have no limit in what goes on after the request', async () => {
    let later: Promise<unknown> = Promise.resolve();
    const starts = async () => {
      await countedWait(elapsed(2900));
      later = elapsed(10).then(() => limitedWait(() => elapsed(60_000)));
      later.catch(() => undefined);
    };
    expect(await at(3000, starts)).toBe('done');
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(later).resolves.toBeUndefined();
  });

  test('have no limit outside of a request', async () => {
    const waiting = limitedWait(() => elapsed(60_000));
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(waiting).resolves.toBeUndefined();
  });
});

test('the id of a request is known to everything that it starts', async () => {
  const id = await withRequestId('the-id', () => Promise.resolve().then(currentRequestId));
  expect([id, currentRequestId()]).toEqual(['the-id', undefined]);
});
