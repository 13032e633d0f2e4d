// How followers read the log.
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { EventLog, PositionError } from '../../src/revocation/event-log.ts';
import { InvalidationFeed } from '../../src/revocation/feed.ts';
import { parseLogRow } from '../../src/revocation/revocation-event.ts';
import { nameOf, viewsOf } from '../../src/revocation/revocation-view.ts';
import { type EventOfRow, startReplicaOnLog } from '../credentials/cache/replica-on-log.ts';
import { silentLogger } from '../support/loggers.ts';
import { times } from '../support/values.ts';
import { ACME, ALL, ANN, BOB, type EventLogOnLog, keyOf, startEventLog } from './support/event-log.ts';

/** Above this number, the oldest rows leave the memory. */
const WINDOW = 11_000;

let fixture: EventLogOnLog;
let log: EventLog;
let database: EventLogOnLog['database'];
let apply: EventLogOnLog['apply'];

beforeEach(async () => {
  fixture = await startEventLog();
  ({ log, database, apply } = fixture);
});

const sequences = (events: readonly { sequence: number }[]) => events.map(({ sequence }) => sequence);

/** Whether a promise has settled after all that is due now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  for (let turns = 0; turns < 20; turns++) await turn();
  return settled;
}

const never = () => new AbortController().signal;

describe('a page', () => {
  test('has the events after a position in the order of the log, and the position that was applied', async () => {
    expect(await log.read(ALL, 100, 10)).toEqual({ events: [], position: 100, more: false });
    await apply(keyOf('usr_ann'), null, keyOf('usr_bob'), null);
    const page = await log.read(ALL, 100, 10);
    expect(page).toMatchObject({ position: 104, more: false });
    expect(page.events).toMatchObject([
      { sequence: 101, kind: 'API_KEY', credentialId: 'key_a', userId: 'usr_ann', effect: 'ENDED' },
      { sequence: 103, userId: 'usr_bob' },
    ]);
    expect(sequences((await log.read(ALL, 102, 10)).events)).toEqual([103]);
    expect(database.reads).toBe(0);
  });

  test('ends at its last event if there are more, and goes on there', async () => {
    await apply(...times(5, () => keyOf('usr_ann')), null);
    const first = await log.read(ALL, 100, 2);
    expect([sequences(first.events), first.position, first.more]).toEqual([[101, 102], 102, true]);
    const exact = await log.read(ALL, 102, 3);
    expect([sequences(exact.events), exact.position, exact.more]).toEqual([[103, 104, 105], 106, false]);
  });

  test('shows each view what it may see, and the same from memory as from the database', async () => {
    const events: EventOfRow[] = [
      keyOf('usr_ann'),
      { kind: 'API_KEY', id: 'key_b', userId: 'usr_bob', workspaceId: 'wsp_acme' },
      { kind: 'WORKSPACE', id: 'wsp_acme', workspaceId: 'wsp_acme', members: ['usr_ann', 'usr_bob'] },
      { kind: 'WORKSPACE', id: 'wsp_other', workspaceId: 'wsp_other', members: ['usr_bob'] },
      { kind: 'WORKSPACE_MEMBER', id: 'usr_ann', userId: 'usr_ann', workspaceId: 'wsp_acme' },
      { kind: 'DAEMON_TOKEN', id: 'dmn_a', workspaceId: 'wsp_acme', daemonId: 'd1' },
      { kind: 'USER', id: 'usr_ann', userId: 'usr_ann' },
      { kind: 'ALL', id: '*' },
    ];
    await apply(...events);
    const seen = { all: [1, 2, 3, 4, 5, 6, 7, 8], ann: [1, 3, 5, 7, 8], bob: [2, 3, 4, 8], acme: [2, 3, 5, 6, 8] };
    const read = async () => {
      const pages = await Promise.all([ALL, ANN, BOB, ACME].map((view) => log.read(view, 100, 100)));
      const [all, ann, bob, acme] = pages.map((page) => sequences(page.events).map((each) => each - 100));
      return { all, ann, bob, acme };
    };
    expect(await read()).toEqual(seen);
    expect(database.reads).toBe(0);
    await fixture.startCold();
    expect(await read()).toEqual(seen);
    expect(database.reads).toBe(4);
  });

  test('comes from the database for a reader that is further behind than the memory', async () => {
    await apply(...times(WINDOW / 2, () => keyOf('usr_ann')));
    await apply(...times(WINDOW / 2 + 1, () => keyOf('usr_ann')));
    const old = await log.read(ALL, 100, 3);
    expect([sequences(old.events), database.reads]).toEqual([[101, 102, 103], 1]);
    const young = await log.read(ALL, 100 + WINDOW - 5, 100);
    expect(young).toMatchObject({ position: 101 + WINDOW, more: false });
    expect(sequences(young.events)).toEqual(times(6, (n) => 101 + WINDOW - 5 + n));
    expect(database.reads).toBe(1);
  });

  test('does not pass the position at which it was begun, whatever is applied while the database answers', async () => {
    await apply(keyOf('usr_ann'));
    await fixture.startCold();
    const answer = Promise.withResolvers<void>();
    database.gate = answer.promise;
    const page = log.read(ALL, 100, 10);
    await apply(keyOf('usr_bob'));
    answer.resolve();
    expect(await page).toMatchObject({ position: 101, events: [{ sequence: 101 }], more: false });
  });
});

describe('a position', () => {
  test('that the log does not reach back to is too old, and nothing before it is read', async () => {
    await apply(keyOf('usr_ann'), keyOf('usr_ann'));
    await fixture.startCold();
    database.oldest = 102;
    await expect(log.read(ALL, 100, 10)).rejects.toEqual(new PositionError('too old'));
    expect(sequences((await log.read(ALL, 101, 10)).events)).toEqual([102]);
  });

  test('that another replica has applied already is reached by a sync', async () => {
    fixture.commit('key:a', keyOf('usr_ann'));
    expect(log.position()).toBe(100);
    expect(await log.positionFrom(101)).toBe(101);
    expect(await log.positionFrom(7)).toBe(101);
    await expect(log.positionFrom(102)).rejects.toEqual(new PositionError('beyond the log'));
    await expect(log.read(ALL, 102, 10)).rejects.toEqual(new PositionError('beyond the log'));
  });

  test('needs a lease', async () => {
    await apply(keyOf('usr_ann'));
    fixture.loseLease();
    const unavailable = { code: 'AUTHENTICATION_UNAVAILABLE' };
    expect(() => log.position()).toThrow(expect.objectContaining(unavailable));
    await expect(log.read(ALL, 100, 10)).rejects.toMatchObject(unavailable);
    await expect(log.positionFrom(200)).rejects.toMatchObject(unavailable);
    await fixture.regainLease();
    expect(log.position()).toBe(101);
  });

  test('is unavailable if the database does not answer', async () => {
    await apply(keyOf('usr_ann'));
    await fixture.startCold();
    database.gate = Promise.reject(new Error('no answer'));
    await expect(log.read(ALL, 100, 10)).rejects.toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
  });
});

describe('a waiting reader', () => {
  test('continues with an event that its view sees, and with no other', async () => {
    const [all, ann, bob] = [ALL, ANN, BOB].map((view) => log.waitForEvent(view, 100, never()));
    await apply(null);
    expect(await Promise.all([all!, ann!, bob!].map(isSettled))).toEqual([false, false, false]);
    await apply(keyOf('usr_ann'));
    expect(await Promise.all([all!, ann!, bob!].map(isSettled))).toEqual([true, true, false]);
    await apply({ kind: 'ALL', id: '*' });
    expect(await isSettled(bob!)).toBe(true);
  });

  test('does not wait if it is behind, in the memory or before it', async () => {
    await apply(keyOf('usr_ann'));
    expect(await isSettled(log.waitForEvent(ANN, 100, never()))).toBe(true);
    expect(await isSettled(log.waitForEvent(ANN, 101, never()))).toBe(false);
    expect(await isSettled(log.waitForEvent(BOB, 100, never()))).toBe(false);
    expect(await isSettled(log.waitForEvent(BOB, 90, never()))).toBe(true);
  });

  test('stops when it is aborted, before and while it waits', async () => {
    const controller = new AbortController();
    const waiting = log.waitForEvent(ANN, 100, controller.signal);
    expect(await isSettled(waiting)).toBe(false);
    controller.abort();
    expect(await isSettled(waiting)).toBe(true);
    expect(await isSettled(log.waitForEvent(ANN, 100, controller.signal))).toBe(true);
  });

  test('is found again after the set of its view was emptied and another one took the name', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const early = log.waitForEvent(ANN, 100, first.signal);
    await apply(keyOf('usr_ann')); // The set is taken. Its reader continues in a later turn.
    const late = log.waitForEvent(ANN, 101, second.signal);
    expect(await isSettled(early)).toBe(true); // It leaves its set, and must not take the new one along.
    first.abort();
    await apply(keyOf('usr_ann'));
    expect(await isSettled(late)).toBe(true);
  });

  test('that continues does not keep the others of its view from waiting', async () => {
    const controllers = times(3, () => new AbortController());
    const waiting = controllers.map(({ signal }) => log.waitForEvent(ANN, 100, signal));
    controllers[0]!.abort();
    expect(await Promise.all(waiting.map(isSettled))).toEqual([true, false, false]);
    await apply(keyOf('usr_ann'));
    expect(await Promise.all(waiting.map(isSettled))).toEqual([true, true, true]);
  });

  test('continues after a cold start, with what was committed meanwhile and was never applied one by one', async () => {
    const waiting = log.waitForEvent(ANN, 100, never());
    fixture.commit('key:a', keyOf('usr_ann'));
    await fixture.startCold();
    expect(fixture.replica.applied).toBe(101);
    expect(await isSettled(waiting)).toBe(true);
    expect(sequences((await log.read(ANN, 100, 10)).events)).toEqual([101]);
  });

  test('that begins to wait while the replica has no position continues when it has one', async () => {
    const whileCold = Promise.withResolvers<Promise<void>>();
    const feed = new InvalidationFeed(silentLogger);
    const cold = await startReplicaOnLog({ at: 100, feed });
    const events = new EventLog({ replica: cold.replica, feed, sql: { query: async () => [] } });
    feed.listen({ coldStart: () => whileCold.resolve(events.waitForEvent(ANN, 100, never())) });
    cold.commit('key:a', keyOf('usr_ann'));
    cold.expel();
    const synced = cold.sync();
    await synced;
    expect(await isSettled(whileCold.promise)).toBe(true);
  });

  test('continues in a later turn of the event loop, a few readers at a time', async () => {
    const settled: number[] = [];
    for (const n of times(60, (each) => each)) void log.waitForEvent(ANN, 100, never()).then(() => settled.push(n));
    const counts: number[] = [];
    await apply(keyOf('usr_ann'));
    for (let turns = 0; turns < 40; turns++) {
      counts.push(settled.length);
      await turn();
    }
    expect(counts[0]).toBe(0);
    expect(settled).toEqual(times(60, (each) => each));
    expect(Math.max(...counts.slice(1).map((count, index) => count - counts[index]!))).toBe(2);
  });
});

test('a view has a name of its own, and an event names the views that see it', () => {
  expect([ALL, ANN, ACME].map(nameOf)).toEqual(['all', 'user:usr_ann', 'workspace:wsp_acme']);
  const views = (event: EventOfRow) =>
    viewsOf(
      parseLogRow([
        1,
        '',
        event.kind,
        event.id,
        'ENDED',
        '',
        event.userId ?? null,
        event.workspaceId ?? null,
        null,
        event.members ?? null,
        0,
      ]).event!,
    );
  expect(views({ kind: 'API_KEY', id: 'key_a', userId: 'usr_ann', workspaceId: 'wsp_acme' })).toEqual([
    'user:usr_ann',
    'workspace:wsp_acme',
  ]);
  expect(views({ kind: 'WORKSPACE', id: 'wsp_acme', workspaceId: 'wsp_acme', members: ['usr_ann'] })).toEqual([
    'user:usr_ann',
    'workspace:wsp_acme',
  ]);
  expect(views({ kind: 'SIGNING_KEY', id: 'sgk_a' })).toEqual([]);
  expect(views({ kind: 'ALL', id: '*' })).toBe(null);
});

test('a reason that plain SQL wrote and that is none becomes UNSPECIFIED', () => {
  const reason = (written: string) =>
    parseLogRow([1, '', 'API_KEY', 'k', 'ENDED', written, null, null, null, null, 0]).event?.reason;
  expect(reason('COMPROMISED')).toBe('COMPROMISED');
  expect(reason('because')).toBe('UNSPECIFIED');
});
