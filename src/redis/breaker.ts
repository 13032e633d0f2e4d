import type { Clock } from '../kernel/clock.ts';
import { withTimeout } from '../kernel/timeout.ts';

export interface BreakerOptions {
  clock: Clock;
  /** The longest that anybody waits for one call, in milliseconds. */
  timeoutMs: number;
  /** After this many failures in a row, calls are not even tried … */
  failures: number;
  /** … for this long, in milliseconds; then one call is let through to see. */
  openMs: number;
  /** Called when it opens and when it closes again. */
  onChange?: (open: boolean, cause?: unknown) => void;
}

/** Thrown instead of an answer that did not come in time, or was not waited for at all. */
export class BreakerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BreakerError';
  }
}

/**
 * Calls something that may be slow, hung or dead, and never waits long for it.
 * A call that is given up goes on in the background; its late outcome is ignored.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #failed = 0;
  #openUntil = Number.NEGATIVE_INFINITY;
  #probing = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#failed >= this.#options.failures;
  }

  /** @throws BreakerError when open or too slow; whatever `call` throws */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    if (this.isOpen) {
      if (this.#probing || clock.monotonic() < this.#openUntil)
        throw new BreakerError('not attempted, because the last call failed');
      this.#probing = true;
    }
    try {
      const answer = await withTimeout(timeoutMs, call(), () => new BreakerError(`no response within ${timeoutMs} ms`));
      this.#succeeded();
      return answer;
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#probing = false;
    }
  }

  #succeeded(): void {
    const wasOpen = this.isOpen;
    this.#failed = 0;
    if (wasOpen) this.#options.onChange?.(false);
  }

  #fail(cause: unknown): void {
    const wasOpen = this.isOpen;
    this.#failed++;
    if (!this.isOpen) return;
    this.#openUntil = this.#options.clock.monotonic() + this.#options.openMs;
    if (!wasOpen) this.#options.onChange?.(true, cause);
  }
}
