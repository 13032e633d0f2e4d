import type { Clock } from '../kernel/clock.ts';
import type { SharedOutcome } from './outcome.ts';

/** Why a request stops waiting for the execution of another one. */
export type Left = 'timedOut' | 'inDoubt' | 'disconnected';

export interface SharedExecutionOptions {
  clock: Pick<Clock, 'monotonic'>;
  /** How long other requests wait for it, in milliseconds. */
  timeoutMs: number;
  /** It accepts no further requests. */
  left: () => void;
}

/** One execution, and the other requests that wait for it. */
export class SharedExecution {
  readonly #options: SharedExecutionOptions;
  readonly #settled = Promise.withResolvers<SharedOutcome | Left>();
  readonly #left = Promise.withResolvers<Left>();
  #begunAt: number;
  #timer: NodeJS.Timeout | undefined;
  #hasWaiters = false;

  constructor(options: SharedExecutionOptions) {
    this.#options = options;
    this.#begunAt = options.clock.monotonic();
    this.#settled.promise.catch(() => undefined); // Every request that waits gets the error. There may be none.
  }

  /** The execution begins here, after a wait for another replica. The time for it begins, too. */
  beginHere(): void {
    this.#begunAt = this.#options.clock.monotonic();
    if (this.#hasWaiters) this.#startTimer();
  }

  /**
   * Waits for the outcome.
   *
   * @param disconnected resolves when the client of the request is gone
   * @throws the error of the execution
   */
  wait(disconnected: Promise<Left>): Promise<SharedOutcome | Left> {
    if (!this.#hasWaiters) this.#startTimer();
    this.#hasWaiters = true;
    return Promise.race([this.#settled.promise, this.#left.promise, disconnected]);
  }

  /** All requests that wait stop waiting. */
  leave(reason: Left): void {
    clearTimeout(this.#timer);
    this.#options.left();
    this.#left.resolve(reason);
  }

  /** The execution has ended, or has failed with an error. */
  settle(outcome: SharedOutcome | Left | { error: unknown }): void {
    clearTimeout(this.#timer);
    if (typeof outcome === 'object' && 'error' in outcome) this.#settled.reject(outcome.error);
    else this.#settled.resolve(outcome);
  }

  #startTimer(): void {
    const { clock, timeoutMs } = this.#options;
    clearTimeout(this.#timer);
    const left = this.#begunAt + timeoutMs - clock.monotonic();
    this.#timer = setTimeout(() => this.leave('timedOut'), Math.max(0, left)).unref();
  }
}
