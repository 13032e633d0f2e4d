import type { Clock } from '../kernel/clock.ts';
import { withTimeout } from '../kernel/timeout.ts';

export interface BreakerOptions {
  clock: Clock;
  /** The longest wait for one call, in milliseconds. */
  timeoutMs: number;
  /** After this many failures in a row the breaker opens: calls fail without being tried … */
  failures: number;
  /** … for this long, in milliseconds. Then one call is tried to find out whether the service responds. */
  openMs: number;
  /** Called when it opens and when it closes again, and with each call that fails or is not tried while it is open. */
  onChange?: (open: boolean, cause?: unknown) => void;
}

/** A call that timed out, or that was not tried because the breaker is open. */
export class BreakerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BreakerError';
  }
}

/**
 * A circuit breaker for a service that may be slow, hang or be down. It never waits long for a call. A call that timed
 * out continues in the background, and its late outcome is ignored.
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

  /** @throws BreakerError if the breaker is open or the call too slow, and any error of `call` */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    if (this.isOpen) {
      if (this.#probing || clock.monotonic() < this.#openUntil) {
        const error = new BreakerError('not attempted, because the last call failed');
        this.#options.onChange?.(true, error);
        throw error;
      }
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
    this.#failed++;
    if (!this.isOpen) return;
    this.#openUntil = this.#options.clock.monotonic() + this.#options.openMs;
    this.#options.onChange?.(true, cause);
  }
}
