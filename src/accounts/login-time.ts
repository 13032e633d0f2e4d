import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../kernel/clock.ts';

/** A failed login takes a multiple of this, as long as accounts have imported passwords. */
const STEP_MS = 1000;

/**
 * Conceals which account has an imported password. Such a password is checked by the function of its system, which takes
 * another time than argon2id. So, while there are any, every failed login waits until a whole second has passed. A hash
 * that takes longer than a second to check still differs from others by its time.
 */
export class LoginTime {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #sleep: (milliseconds: number) => Promise<unknown>;

  constructor(clock: Pick<Clock, 'monotonic'>, wait: (milliseconds: number) => Promise<unknown> = sleep) {
    this.#clock = clock;
    this.#sleep = wait;
  }

  /** Call it before the password is checked. Returns a function that waits for the end of the step. */
  begin(): () => Promise<void> {
    const from = this.#clock.monotonic();
    return async () => {
      const passed = this.#clock.monotonic() - from;
      await this.#sleep(Math.ceil(Math.max(1, passed) / STEP_MS) * STEP_MS - passed);
    };
  }
}
