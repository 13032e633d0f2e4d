import type { Clock } from '../../src/kernel/clock.ts';

/** A clock that stands still until the test moves it. Milliseconds. */
export function heldClock(): Clock & { advance(milliseconds: number): void } {
  let monotonic = 1000;
  return {
    now: () => new Date(monotonic),
    monotonic: () => monotonic,
    advance(milliseconds) {
      monotonic += milliseconds;
    },
  };
}
