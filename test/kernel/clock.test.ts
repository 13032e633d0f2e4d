import { expect, test } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';

test('the system clock returns the time of the machine', () => {
  const before = Date.now();
  const now = systemClock.now().getTime();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});

test('each call of now() returns a new Date', () => {
  const first = systemClock.now();
  first.setFullYear(1970);
  expect(systemClock.now().getFullYear()).toBeGreaterThan(1970);
});

test('monotonic time never goes back', () => {
  const readings = Array.from({ length: 10_000 }, () => systemClock.monotonic());
  expect(readings).toEqual(readings.toSorted((a, b) => a - b));
});
