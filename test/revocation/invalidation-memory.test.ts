// What a replica remembers of the log, and which entries are invalid when it has forgotten a part of it.
import { beforeEach, expect, test } from 'vitest';
import { InvalidationMemory } from '../../src/revocation/invalidation-memory.ts';

const KEEP_MS = 1000;
const MOST_REMEMBERED = 200_000;

let now: number;
let memory: InvalidationMemory;
beforeEach(() => {
  now = 0;
  memory = new InvalidationMemory(KEEP_MS, () => now);
});
const isUnaffected = (asOf: number, ...tags: string[]) => memory.isUnaffected({ asOf, tags });

test('no entry is valid before the start position is known, and none that is older than it', () => {
  expect(isUnaffected(100, 'key:a')).toBe(false);
  memory.startAt(10);
  expect([isUnaffected(9, 'key:a'), isUnaffected(10, 'key:a')]).toEqual([false, true]);
  memory.forget();
  expect(isUnaffected(10, 'key:a')).toBe(false);
});

test('an entry is invalid if it was read before an invalidation of one of its tags, and valid if it was read after it', () => {
  memory.startAt(0);
  memory.add(1, 'user:a');
  memory.add(2, 'key:b');
  expect([isUnaffected(0, 'key:a', 'user:a'), isUnaffected(1, 'key:a', 'user:a')]).toEqual([false, true]);
  expect([isUnaffected(1, 'key:b'), isUnaffected(2, 'key:b')]).toEqual([false, true]);
  expect(isUnaffected(0, 'key:c')).toBe(true);
});

test('`*` invalidates every entry that was read before it', () => {
  memory.startAt(0);
  memory.add(1, 'key:a');
  memory.add(2, '*');
  expect([isUnaffected(1, 'key:c'), isUnaffected(2, 'key:c'), isUnaffected(2, 'key:a')]).toEqual([false, true, true]);
});

test('an invalidation is forgotten after the longest lifetime of an entry, and then every older entry is invalid', () => {
  memory.startAt(0);
  memory.add(1, 'key:a');
  now = KEEP_MS;
  memory.add(2, 'key:b');
  expect(isUnaffected(0, 'key:c')).toBe(true); // Exactly as old as an entry may be.
  now++;
  memory.add(3, 'key:c');
  expect([isUnaffected(0, 'key:a'), isUnaffected(0, 'key:d')]).toEqual([false, false]);
  expect([isUnaffected(1, 'key:a'), isUnaffected(1, 'key:b'), isUnaffected(2, 'key:b')]).toEqual([true, false, true]);
});

test('a tag that was invalidated twice is remembered for its later invalidation', () => {
  memory.startAt(0);
  memory.add(1, 'key:a');
  now = KEEP_MS;
  memory.add(2, 'key:a');
  now++;
  memory.add(3, 'key:b'); // The first one is forgotten.
  expect([isUnaffected(1, 'key:a'), isUnaffected(2, 'key:a')]).toEqual([false, true]);
});

test('above the limit, the oldest invalidations are forgotten early, and then every older entry is invalid', () => {
  memory.startAt(0);
  for (let seq = 1; seq <= MOST_REMEMBERED + 2; seq++) memory.add(seq, `key:${seq}`);
  expect([isUnaffected(1, 'key:unknown'), isUnaffected(1, 'key:1')]).toEqual([false, false]);
  expect([isUnaffected(2, 'key:unknown'), isUnaffected(2, 'key:2'), isUnaffected(2, 'key:3')]).toEqual([
    true,
    true,
    false,
  ]);
});
