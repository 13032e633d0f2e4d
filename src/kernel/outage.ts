import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** How long nothing may fail, after something has worked, until the outage is over. In milliseconds. */
const QUIET_MS = 1000;

export interface OutageOptions {
  logger: Logger;
  clock: Clock;
  /** The messages. */
  began: string;
  over: string;
  /** Fields of both lines. */
  fields?: Readonly<Record<string, string>>;
}

/**
 * Logs an outage of a service with one line when it begins, and one when it is over, which says how much has failed. What
 * fails in between is logged at level debug: thousands of requests fail for one reason.
 */
export class Outage {
  readonly #options: OutageOptions;
  /** Since when it lasts, by the monotonic clock; null if there is none. */
  #since: number | null = null;
  #failures = 0;
  #ending: NodeJS.Timeout | null = null;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** Something failed. @param message what it was, and `fields` more about it */
  failed(error: unknown, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const { logger, clock, began } = this.#options;
    if (this.#ending) clearTimeout(this.#ending);
    this.#ending = null;
    this.#failures++;
    if (this.#since === null) {
      this.#since = clock.monotonic();
      logger.warn({ ...this.#options.fields, ...fields, err: error, first: message }, began);
    } else {
      logger.debug({ ...fields, err: error }, message);
    }
  }

  /** Something worked. It may be called at any time. */
  worked(): void {
    if (this.#since === null || this.#ending) return;
    this.#ending = setTimeout(() => this.#end(), QUIET_MS).unref();
  }

  #end(): void {
    const { logger, clock, over, fields } = this.#options;
    const seconds = Math.round((clock.monotonic() - (this.#since ?? 0)) / 1000);
    logger.info({ ...fields, failures: this.#failures, seconds }, over);
    this.#since = null;
    this.#failures = 0;
    this.#ending = null;
  }
}
