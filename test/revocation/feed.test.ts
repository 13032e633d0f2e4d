import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createLogger } from '../../src/kernel/logger.ts';
import { type Doubt, InvalidationFeed } from '../../src/revocation/feed.ts';
import { startJudge } from '../credentials/cache/judge.ts';

let log: string[];
let feed: InvalidationFeed;
beforeEach(() => {
  log = [];
  feed = new InvalidationFeed(createLogger({ level: 'error', destination: { write: (line) => void log.push(line) } }));
});

/** Everything that a listener hears. */
function heard(): string[] {
  const events: string[] = [];
  feed.listen({
    invalidated: (tag) => void events.push(tag),
    everything: () => void events.push('everything'),
    leaseLost: () => void events.push('lease lost'),
  });
  return events;
}

test('every listener hears every tag, everything, and the loss of the lease, in order', () => {
  const [one, other] = [heard(), heard()];
  feed.publish('key:a');
  feed.publish('*');
  feed.publishLeaseLost();
  feed.publish('user:b');
  expect(one).toEqual(['key:a', 'everything', 'lease lost', 'user:b']);
  expect(other).toEqual(one);
});

test('a listener that ended hears nothing more', () => {
  const events: string[] = [];
  const stop = feed.listen({ invalidated: (tag) => void events.push(tag) });
  feed.publish('key:a');
  stop();
  feed.publish('key:b');
  expect(events).toEqual(['key:a']);
});

test('a watcher hears of its own subjects, of everything, and of the lost lease, and of nothing else', () => {
  const doubts: Doubt[] = [];
  const stop = feed.watch(['key:a', 'user:a'], (doubt) => void doubts.push(doubt));
  for (const tag of ['key:b', 'user:a', 'key:a']) feed.publish(tag);
  feed.publish('*');
  feed.publishLeaseLost();
  expect(doubts).toEqual(['invalidated', 'invalidated', 'everything', 'lease lost']);
  stop();
  feed.publish('key:a');
  feed.publish('*');
  expect(doubts).toHaveLength(4);
});

test('two watchers with the same function end one by one', () => {
  let calls = 0;
  const onDoubt = () => void calls++;
  const [stop] = [feed.watch(['key:a'], onDoubt), feed.watch(['key:a'], onDoubt)];
  feed.publish('key:a');
  expect(calls).toBe(2);
  stop?.();
  feed.publish('key:a');
  expect(calls).toBe(3);
});

test('a watcher that ends itself, or another one, while it is called disturbs no other', () => {
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
  feed.publish('key:a');
  feed.publish('key:a');
  expect(called).toEqual(['first', 'second', 'third', 'second', 'third']);
});

test('a listener that throws is logged, and keeps no invalidation from the others', () => {
  feed.listen({
    invalidated: () => {
      throw new Error('a fault');
    },
  });
  const events = heard();
  feed.publish('key:a');
  expect(events).toEqual(['key:a']);
  expect(log.join()).toContain('a listener of the invalidation feed failed');
});

test('a replica publishes what it applies before anything is served again', async () => {
  const judge = await startJudge({ feed });
  const events = heard();
  judge.commit('key:a');
  judge.commit('user:b');
  expect(events).toEqual([]);
  await judge.sync();
  expect(events).toEqual(['key:a', 'user:b']);
});

test('the loss of the lease is published once each time, within a quarter of a lease', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const judge = await startJudge({ feed });
  await judge.replica.start();
  const events = heard();
  await vi.advanceTimersByTimeAsync(2000);
  expect(events).toEqual([]);
  for (let loss = 1; loss <= 2; loss++) {
    judge.loseLease();
    await vi.advanceTimersByTimeAsync(500);
    expect(events).toHaveLength(loss);
    await vi.advanceTimersByTimeAsync(5000);
    expect(events).toEqual(Array.from({ length: loss }, () => 'lease lost'));
    await judge.regainLease();
  }
  await judge.replica.stop();
});
