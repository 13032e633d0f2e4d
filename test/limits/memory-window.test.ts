import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryWindow } from '../../src/limits/memory-window.ts';
import { heldClock } from '../support/held-clock.ts';

test('F4.8: in any minute, no more calls than the limit pass, and the wait is exact', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 8 }), (milliseconds, limit) => {
      const clock = heldClock();
      const memory = new MemoryWindow(clock);
      const passed: number[] = [];
      for (const gap of milliseconds) {
        clock.advance(gap);
        const inTheLastMinute = passed.filter((time) => time > clock.monotonic() - 60_000);
        const wait = memory.take('key', limit);
        expect(wait === 0).toBe(inTheLastMinute.length < limit);
        if (wait === 0) passed.push(clock.monotonic());
        else expect(wait).toBe((inTheLastMinute.at(-limit) as number) + 60_000 - clock.monotonic());
      }
    }),
  );
});

test('F4.8: a hundred thousand random keys take bounded memory, and do not evict a counter that is in use', () => {
  const clock = heldClock();
  const memory = new MemoryWindow(clock, 1000);
  for (let i = 0; i < 10; i++) memory.take('victim', 10);
  for (let i = 0; i < 100_000; i++) memory.take(`made up ${i}`, 10);
  expect(memory.size).toBeLessThanOrEqual(1000 + 4096);
  expect(memory.wait('victim', 10)).toBe(60_000);
});

test('above the maximum number of keys, all new keys share one limit', () => {
  const memory = new MemoryWindow(heldClock(), 10);
  let passed = 0;
  for (let i = 0; i < 20_000; i++) if (memory.take(`made up ${i}`, 1) === 0) passed++;
  expect(passed).toBeGreaterThan(10);
  expect(passed).toBeLessThanOrEqual(10 + 4096);
});

test('after a minute without calls, the next call deletes every old counter', () => {
  const clock = heldClock();
  const memory = new MemoryWindow(clock);
  for (let i = 0; i < 500; i++) memory.take(`key ${i}`, 10);
  clock.advance(60_000);
  memory.take('one more', 10);
  expect(memory.size).toBe(1);
});

test('a decision that was made elsewhere is remembered, and never shared with other keys', () => {
  const clock = heldClock();
  const memory = new MemoryWindow(clock, 2);
  memory.note('refused', { passed: false, waitMs: 5000 });
  expect(memory.wait('refused', 10)).toBe(5000);
  memory.note('passed', { passed: true, waitMs: 0 });
  expect(memory.take('passed', 1)).toBe(60_000);
  memory.note('no room left', { passed: false, waitMs: 5000 });
  expect(memory.wait('no room left', 10)).toBe(0);
  expect(memory.size).toBe(2);
  clock.advance(5000);
  expect(memory.wait('refused', 10)).toBe(0);
});
