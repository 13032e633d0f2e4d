import { setTimeout as pause } from 'node:timers/promises';
import { AccessError } from '../identity/access-error.ts';
import type { EventLog } from '../revocation/event-log.ts';
import type { RevocationEvent } from '../revocation/revocation-event.ts';
import type { RevocationView } from '../revocation/revocation-view.ts';

const EVENTS_PER_READ = 200;
/** How many events a stream returns in one turn of the event loop. Other streams and requests run between two turns. */
const EVENTS_PER_TURN = 5;
/** The pause before the next attempt, while this replica has no lease. The connection decides how long that may last. */
const RETRY_MS = 100;

/**
 * The revocations that a view sees, from a position on. It reads the log only as fast as its reader takes the events, so
 * it holds one page of them at most.
 */
export class RevocationStream implements AsyncIterableIterator<RevocationEvent> {
  readonly #log: EventLog;
  readonly #view: RevocationView;
  readonly #stop = new AbortController();
  #position: number;
  #page: readonly RevocationEvent[] = [];
  #taken = 0;

  private constructor(log: EventLog, view: RevocationView, position: number) {
    this.#log = log;
    this.#view = view;
    this.#position = position;
  }

  /**
   * @param after the position after which the stream begins; null: now
   * @throws PositionError if the log does not reach back to it, or does not reach it
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` if this replica has no lease
   */
  static async open(log: EventLog, view: RevocationView, after: number | null): Promise<RevocationStream> {
    const position = after ?? log.position();
    if (after !== null) await log.positionFrom(after);
    const stream = new RevocationStream(log, view, position);
    await stream.#readPage();
    return stream;
  }

  async next(): Promise<IteratorResult<RevocationEvent, undefined>> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const event = this.#page[this.#taken];
      if (event) {
        if (this.#taken > 0 && this.#taken % EVENTS_PER_TURN === 0) await this.#log.nextTurn();
        if (signal.aborted) break;
        this.#taken++;
        return { value: event, done: false };
      }
      await this.#log.waitForEvent(this.#view, this.#position, signal);
      if (!signal.aborted) await this.#readPatiently();
    }
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<RevocationEvent, undefined>> {
    this.#stop.abort();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #readPatiently(): Promise<void> {
    try {
      await this.#readPage();
    } catch (error) {
      if (!(error instanceof AccessError) || error.code !== 'AUTHENTICATION_UNAVAILABLE') throw error;
      await pause(RETRY_MS, undefined, { ref: false });
    }
  }

  async #readPage(): Promise<void> {
    const page = await this.#log.read(this.#view, this.#position, EVENTS_PER_READ);
    this.#page = page.events;
    this.#taken = 0;
    this.#position = page.position;
  }
}
