// The stream of a subscription, on a log that the test writes itself.
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { RevocationStream } from '../../src/live/revocation-stream.ts';
import { PositionError } from '../../src/revocation/event-log.ts';
import { ALL, ANN, type EventLogOnLog, keyOf, startEventLog } from '../revocation/support/event-log.ts';
import { times } from '../support/values.ts';

let fixture: EventLogOnLog;
beforeEach(async () => {
  fixture = await startEventLog();
});

const open = (after: number | null, view = ALL) => RevocationStream.open(fixture.log, view, after);

async function take(stream: RevocationStream, count: number): Promise<number[]> {
  const sequences: number[] = [];
  while (sequences.length < count) sequences.push((await stream.next()).value!.sequence);
  return sequences;
}

/** Whether the stream has no event now. */
async function isWaiting(next: Promise<unknown>): Promise<boolean> {
  let waits = true;
  void next.then(() => (waits = false));
  for (let turns = 0; turns < 5; turns++) await turn();
  return waits;
}

test('replays from a position and goes on live, in the order of the log, without a gap and without a repetition', async () => {
  await fixture.apply(...times(450, () => keyOf('usr_ann')));
  await fixture.startCold(); // These are in the database alone.
  await fixture.apply(...times(450, () => keyOf('usr_ann')));
  const stream = await open(100);
  const [first] = await Promise.all([take(stream, 1000), fixture.apply(...times(100, () => keyOf('usr_bob')))]);
  expect(first).toEqual(times(1000, (n) => 101 + n));
});

test('begins now without a position', async () => {
  await fixture.apply(keyOf('usr_ann'));
  const stream = await open(null);
  const next = stream.next();
  expect(await isWaiting(next)).toBe(true);
  await fixture.apply(keyOf('usr_bob'));
  expect((await next).value?.sequence).toBe(102);
});

test('skips what its view does not see', async () => {
  await fixture.apply(keyOf('usr_bob'), keyOf('usr_ann'), keyOf('usr_bob'), null, keyOf('usr_ann'));
  expect(await take(await open(100, ANN), 2)).toEqual([102, 105]);
});

test('reads the log only as fast as its reader takes the events', async () => {
  await fixture.apply(...times(1000, () => keyOf('usr_ann')));
  await fixture.startCold();
  const stream = await open(100);
  expect(fixture.database.reads).toBe(1);
  await take(stream, 200);
  expect(fixture.database.reads).toBe(1);
  await take(stream, 1);
  expect(fixture.database.reads).toBe(2);
});

test('does not begin at a position that the log does not have any more, or not yet', async () => {
  await fixture.apply(...times(5, () => keyOf('usr_ann')));
  await fixture.startCold();
  fixture.database.oldest = 103;
  await expect(open(100)).rejects.toEqual(new PositionError('too old'));
  await expect(open(106)).rejects.toEqual(new PositionError('beyond the log'));
  expect(await take(await open(102), 1)).toEqual([103]);
});

test('does not begin without a lease', async () => {
  fixture.loseLease();
  for (const after of [null, 100]) {
    await expect(open(after)).rejects.toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
  }
});

test('waits for a lease, and leaves out nothing that was committed meanwhile', async () => {
  const stream = await open(null);
  const next = stream.next();
  fixture.commit('key:a', keyOf('usr_ann'));
  fixture.loseLease();
  expect(await isWaiting(next)).toBe(true);
  await fixture.regainLease();
  expect((await next).value?.sequence).toBe(101);
});

test('loses its lease with events to read: goes on when it has one', async () => {
  await fixture.apply(...times(201, () => keyOf('usr_ann')));
  const stream = await open(100);
  await take(stream, 200);
  fixture.loseLease();
  const next = stream.next();
  expect(await isWaiting(next)).toBe(true);
  await fixture.regainLease();
  expect((await next).value?.sequence).toBe(301);
});

test('fails if the log was trimmed past its position', async () => {
  await fixture.apply(...times(300, () => keyOf('usr_ann')));
  const stream = await open(100);
  await take(stream, 200);
  await fixture.startCold();
  fixture.database.oldest = 350;
  await expect(stream.next()).rejects.toEqual(new PositionError('too old'));
});

test('ends when its reader gives up, also while it waits, and then takes no event', async () => {
  const stream = await open(null);
  const next = stream.next();
  await stream.return();
  expect(await next).toEqual({ value: undefined, done: true });
  await fixture.apply(keyOf('usr_ann'));
  expect(await stream.next()).toEqual({ value: undefined, done: true });
});
