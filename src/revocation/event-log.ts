import type { Sql } from '../database/sql.ts';
import { unavailable } from '../identity/access-error.ts';
import type { InvalidationFeed } from './feed.ts';
import type { Replica } from './replica.ts';
import { type LogRow, type LogRowJson, parseLogRow, type RevocationEvent } from './revocation-event.ts';
import { isVisible, nameOf, type RevocationView, viewsOf } from './revocation-view.ts';
import { type EventsRow, READ_EVENTS } from './statements.ts';

/** How many of the latest rows stay in memory. A follower that is no further behind costs no read. */
const WINDOW = 10_000;
/** How many readers continue in one turn of the event loop. Requests run between two turns. */
const READERS_PER_TURN = 2;

/** What a reader gets of the log. */
export interface EventPage {
  /** The events after the given position that the view sees, in the order of the log. */
  readonly events: readonly RevocationEvent[];
  /** Up to where this page has read. It is the last event's position if `more` is true. */
  readonly position: number;
  /** Whether there are further events up to the position that this replica has applied. */
  readonly more: boolean;
}

/** A position that cannot be read from: before what the log still holds, or beyond its end. */
export class PositionError extends Error {
  readonly problem: 'too old' | 'beyond the log';
  constructor(problem: 'too old' | 'beyond the log') {
    super(`The position is ${problem}.`);
    this.problem = problem;
  }
}

/** Lets one reader continue. */
type Wake = () => void;

/**
 * The revocations in the order of the log: those that are in the log still, then each new one as this replica applies
 * it. Streams and polls read it from a position on, so none of them needs a buffer of its own.
 *
 * The latest rows are in memory. Older ones are read from the database.
 */
export class EventLog {
  readonly #replica: Replica;
  readonly #sql: Sql;
  /** The latest rows, without a gap. The last one is at the position that the replica has applied. */
  #window: LogRow[] = [];
  readonly #waiting = new Map<string, Set<Wake>>();
  /** The readers that continue in the next turns, in this order. */
  #toWake: Wake[] = [];

  constructor({ replica, feed, sql }: { replica: Replica; feed: InvalidationFeed; sql: Sql }) {
    this.#replica = replica;
    this.#sql = sql;
    feed.listen({
      applied: (row) => this.#append(row),
      coldStart: () => {
        this.#window = [];
      },
      // What was committed meanwhile is in the database alone.
      begins: () => {
        for (const name of this.#waiting.keys()) this.#wakeLater(name);
      },
    });
  }

  /**
   * The position up to which this replica has applied the log, under a valid lease. Every revocation that was answered
   * before this call is at or before it.
   *
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` without a lease
   */
  position(): number {
    if (this.#replica.leaseRemaining() <= 0) throw unavailable();
    return this.#replica.applied;
  }

  /**
   * The same, at or after a position that another replica has returned. This replica may be behind it.
   *
   * @throws PositionError if the log has no such position
   */
  async positionFrom(after: number): Promise<number> {
    if (after > this.#replica.applied) await this.#replica.sync().catch((error) => Promise.reject(unavailable(error)));
    const position = this.position();
    if (after > position) throw new PositionError('beyond the log');
    return position;
  }

  /**
   * Reads what comes after a position, at most `most` events.
   *
   * @throws PositionError if the log does not hold all rows after this position any more, or does not reach it
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` without a lease, or if the database does not answer
   */
  async read(view: RevocationView, after: number, most: number): Promise<EventPage> {
    const position = this.position();
    if (after === position) return { events: [], position, more: false };
    if (after > position) throw new PositionError('beyond the log');
    const first = position - this.#window.length;
    const isInMemory = after >= first && this.#window.at(-1)?.sequence === position;
    const events = isInMemory
      ? eventsOf(this.#window.slice(after - first), view, most + 1)
      : await this.#readOlder(view, { after, position, most: most + 1 });
    const page = events.slice(0, most);
    const more = events.length > most;
    return { events: page, position: more ? page.at(-1)!.sequence : position, more };
  }

  /**
   * Resolves when this replica has applied an event after this position that the view may see, or when it is aborted.
   * It may resolve without one.
   */
  async waitForEvent(view: RevocationView, after: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isBehind(view, after)) return;
    await new Promise<void>((resolve) => {
      const name = nameOf(view);
      const all = this.#waiting.get(name) ?? new Set();
      const wake = () => {
        signal.removeEventListener('abort', wake);
        all.delete(wake);
        // After a wake-up, a new set may have the same name.
        if (all.size === 0 && this.#waiting.get(name) === all) this.#waiting.delete(name);
        resolve();
      };
      this.#waiting.set(name, all.add(wake));
      signal.addEventListener('abort', wake);
    });
  }

  /**
   * Resolves in a later turn of the event loop, when it is the caller's. A reader with many events at hand takes a turn
   * for every few of them, so that thousands of readers do not delay requests.
   */
  nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#wakeInTurn([resolve]));
  }

  /** Whether there is a row after this position that the view may see, as far as the memory tells. */
  #isBehind(view: RevocationView, after: number): boolean {
    const behind = this.#replica.applied - after;
    if (behind <= 0) return false;
    if (behind > this.#window.length) return true;
    return eventsOf(this.#window.slice(-behind), view, 1).length > 0;
  }

  #append(row: LogRow): void {
    this.#window.push(row);
    if (this.#window.length > WINDOW + WINDOW / 10) this.#window.splice(0, this.#window.length - WINDOW);
    if (row.event === null) return;
    const names = viewsOf(row.event);
    for (const name of names === null ? this.#waiting.keys() : ['all', ...new Set(names)]) this.#wakeLater(name);
  }

  #wakeLater(name: string): void {
    const waiting = this.#waiting.get(name);
    if (!waiting) return;
    this.#waiting.delete(name); // Each is woken once.
    this.#wakeInTurn(waiting);
  }

  #wakeInTurn(wakes: Iterable<Wake>): void {
    if (this.#toWake.length === 0) setImmediate(() => this.#wakeSome());
    for (const wake of wakes) this.#toWake.push(wake);
  }

  #wakeSome(): void {
    for (const wake of this.#toWake.splice(0, READERS_PER_TURN)) wake();
    if (this.#toWake.length > 0) setImmediate(() => this.#wakeSome());
  }

  async #readOlder(
    view: RevocationView,
    { after, position, most }: { after: number; position: number; most: number },
  ): Promise<RevocationEvent[]> {
    const id = view.name === 'all' ? null : view.id;
    const [row] = await this.#sql
      .query<EventsRow>(READ_EVENTS[view.name], [after, position, most, ...(id === null ? [] : [id])])
      .catch((error) => Promise.reject(unavailable(error)));
    if (!row || row.oldest === null || after < row.oldest - 1) throw new PositionError('too old');
    const rows: LogRowJson[] = row.rows ? JSON.parse(row.rows) : [];
    return rows.map((json) => parseLogRow(json).event).filter((event) => event !== null);
  }
}

function eventsOf(rows: readonly LogRow[], view: RevocationView, most: number): RevocationEvent[] {
  const events: RevocationEvent[] = [];
  for (const { event } of rows) {
    if (event && isVisible(event, view)) events.push(event);
    if (events.length === most) break;
  }
  return events;
}
