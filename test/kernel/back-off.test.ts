import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { backOff } from '../../src/kernel/back-off.ts';

const slept: number[] = [];
vi.mock('node:timers/promises', () => ({ setTimeout: async (milliseconds: number) => void slept.push(milliseconds) }));

beforeEach(() => void slept.splice(0));
afterEach(() => vi.restoreAllMocks());

test('the pause is uniform up to a limit that doubles with each attempt', async () => {
  for (const attempt of [1, 2, 3]) {
    for (const random of [0, 0.5, 1]) await backOff(attempt, () => random);
  }
  expect(slept).toEqual([0, 10, 20, 0, 20, 40, 0, 40, 80]);
});

test('pauses are random', async () => {
  for (let turn = 0; turn < 20; turn++) await backOff(1);
  expect(new Set(slept).size).toBeGreaterThan(10);
  expect(Math.max(...slept)).toBeLessThanOrEqual(20);
});
