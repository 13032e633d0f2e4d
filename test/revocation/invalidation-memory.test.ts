// What one replica remembers of the log, and what it must not believe once it has forgotten.
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
const admits = (asOf: number, ...tags: string[]) => memory.isUnaffected({ asOf, tags });

test('nothing is believed before it is known where the log begins, nor what is older', () => {
  expect(admits(100, 'key:a')).toBe(false);
  memory.startAt(10);
  expect([admits(9, 'key:a'), admits(10, 'key:a')]).toEqual([false, true]);
  memory.forget();
  expect(admits(10, 'key:a')).toBe(false);
});

test('what was read before the invalidation of one of its subjects is not believed, and what was read after it is', () => {
  memory.startAt(0);
  memory.add(1, 'user:a');
  memory.add(2, 'key:b');
  expect([admits(0, 'key:a', 'user:a'), admits(1, 'key:a', 'user:a')]).toEqual([false, true]);
  expect([admits(1, 'key:b'), admits(2, 'key:b')]).toEqual([false, true]);
  expect(admits(0, 'key:c')).toBe(true);
});

test('`*` is an invalidation of everything', () => {
  memory.startAt(0);
  memory.add(1, 'key:a');
  memory.add(2, '*');
  expect([admits(1, 'key:c'), admits(2, 'key:c'), admits(2, 'key:a')]).toEqual([false, true, true]);
});

test('what is forgotten after the longest life of an entry is not believed of anything older', () => {
  memory.startAt(0);
  memory.add(1, 'key:a');
  now = KEEP_MS;
  memory.add(2, 'key:b');
  expect(admits(0, 'key:c')).toBe(true); // Exactly as old as an entry may be.
  now++;
  memory.add(3, 'key:c');
  expect([admits(0, 'key:a'), admits(0, 'key:d')]).toEqual([false, false]);
  expect([admits(1, 'key:a'), admits(1, 'key:b'), admits(2, 'key:b')]).toEqual([true, false, true]);
});

test('a subject that was invalidated again is remembered for as long as the later time asks', () => {
  memory.startAt(0);
  memory.add(1, 'key:a');
  now = KEEP_MS;
  memory.add(2, 'key:a');
  now++;
  memory.add(3, 'key:b'); // The first one is forgotten.
  expect([admits(1, 'key:a'), admits(2, 'key:a')]).toEqual([false, true]);
});

test('more than there is room for are forgotten early, and not believed of anything older', () => {
  memory.startAt(0);
  for (let seq = 1; seq <= MOST_REMEMBERED + 2; seq++) memory.add(seq, `key:${seq}`);
  expect([admits(1, 'key:of nobody'), admits(1, 'key:1')]).toEqual([false, false]);
  expect([admits(2, 'key:of nobody'), admits(2, 'key:2'), admits(2, 'key:3')]).toEqual([true, true, false]);
});
