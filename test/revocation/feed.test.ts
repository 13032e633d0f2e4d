import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createLogger } from '../../src/kernel/logger.ts';
import { type Doubt, InvalidationFeed } from '../../src/revocation/feed.ts';
import { startReplicaOnLog } from '../credentials/cache/replica-on-log.ts';

let log: string[];
let feed: InvalidationFeed;
beforeEach(() => {
  log = [];
  feed = new InvalidationFeed(createLogger({ level: 'error', destination: { write: (line) => void log.push(line) } }));
});

let position = 0;
/** A row of the log for this tag. */
const row = (tag: string) => ({ sequence: ++position, tag, event: null });

/** The events that a new listener receives. */
function received(): string[] {
  const events: string[] = [];
  feed.listen({
    invalidated: (tag) => void events.push(tag),
    everything: () => void events.push('everything'),
    leaseLost: () => void events.push('lease lost'),
  });
  return events;
}

test('every listener receives every tag, "everything" and the loss of the lease, in order', () => {
  const [one, other] = [received(), received()];
  feed.publish(row('key:a'));
  feed.publish(row('*'));
  feed.publishLeaseLost();
  feed.publish(row('user:b'));
  expect(one).toEqual(['key:a', 'everything', 'lease lost', 'user:b']);
  expect(other).toEqual(one);
});

test('a listener that was removed receives nothing', () => {
  const events: string[] = [];
  const stop = feed.listen({ invalidated: (tag) => void events.push(tag) });
  feed.publish(row('key:a'));
  stop();
  feed.publish(row('key:b'));
  expect(events).toEqual(['key:a']);
});

test('a watcher receives its own subjects, "everything" and the loss of the lease, and nothing else', () => {
  const doubts: Doubt[] = [];
  const stop = feed.watch(['key:a', 'user:a'], (doubt) => void doubts.push(doubt));
  for (const tag of ['key:b', 'user:a', 'key:a']) feed.publish(row(tag));
  feed.publish(row('*'));
  feed.publishLeaseLost();
  expect(doubts).toEqual(['invalidated', 'invalidated', 'everything', 'lease lost']);
  stop();
  feed.publish(row('key:a'));
  feed.publish(row('*'));
  expect(doubts).toHaveLength(4);
});

test('two watchers with the same function are removed one by one', () => {
  let calls = 0;
  const onDoubt = () => void calls++;
  const [stop] = [feed.watch(['key:a'], onDoubt), feed.watch(['key:a'], onDoubt)];
  feed.publish(row('key:a'));
  expect(calls).toBe(2);
  stop?.();
  feed.publish(row('key:a'));
  expect(calls).toBe(3);
});

test('a watcher that removes itself or another watcher during a call does not disturb the others', () => {
  const called: string[] = [];
  const stops: (() => void)[] = [];
  for (const name of ['first', 'second', 'third']) {
    stops.push(
      feed.watch(['key:a'], () => {
        called.push(name);
        stops[0]!();
      }),
    );
  }
  feed.publish(row('key:a'));
  feed.publish(row('key:a'));
  expect(called).toEqual(['first', 'second', 'third', 'second', 'third']);
});

test('a listener that throws is logged, and the others still receive the invalidation', () => {
  feed.listen({
    invalidated: () => {
      throw new Error('a fault');
    },
  });
  const events = received();
  feed.publish(row('key:a'));
  expect(events).toEqual(['key:a']);
  expect(log.join()).toContain('a listener of the invalidation feed failed');
});

test('a replica publishes what a sync applies before the sync returns', async () => {
  const fixture = await startReplicaOnLog({ feed });
  const events = received();
  fixture.commit('key:a');
  fixture.commit('user:b');
  expect(events).toEqual([]);
  await fixture.sync();
  expect(events).toEqual(['key:a', 'user:b']);
});

test('each loss of the lease is published once, within a quarter of a lease', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const fixture = await startReplicaOnLog({ feed });
  await fixture.replica.start();
  const events = received();
  await vi.advanceTimersByTimeAsync(2000);
  expect(events).toEqual([]);
  for (let loss = 1; loss <= 2; loss++) {
    fixture.loseLease();
    await vi.advanceTimersByTimeAsync(500);
    expect(events).toHaveLength(loss);
    await vi.advanceTimersByTimeAsync(5000);
    expect(events).toEqual(Array.from({ length: loss }, () => 'lease lost'));
    await fixture.regainLease();
  }
  await fixture.replica.stop();
});
