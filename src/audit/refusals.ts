import type { EntityManager } from '@mikro-orm/sql';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';

/** A request that was refused although its credential is valid. */
export interface Refusal {
  /** The id of the credential. */
  readonly subjectId: string;
  readonly workspaceId: string | null;
  /** The user whose request it was, if it is known. */
  readonly actorUserId?: string | null;
  /** The address of the client. Events are counted by it. */
  readonly ipAddress: string;
}

/** Refusals of one minute: one request, or many that are counted together. */
export interface CountedRefusal extends Omit<Refusal, 'ipAddress'> {
  /** Null if the requests came from several addresses. */
  readonly ipAddress: string | null;
  readonly requestId: string | null;
  readonly count: number;
}

export interface RefusalsOptions {
  fork: () => EntityManager;
  clock: Clock;
  logger: Logger;
  /** The request that is running; null if there is none. */
  requestId: () => string | null;
  /** Records one event for each of these in this transaction, without a flush. */
  record: (em: EntityManager, refusals: readonly CountedRefusal[]) => Promise<void>;
}

/** How long refusals are counted together, in milliseconds. */
const WINDOW_MS = 60_000;
/** How many addresses of one subject have a count of their own in a window. */
const MOST_ADDRESSES = 5;
/**
 * How many subjects have a count of their own in a window. Refusals of further subjects make no event. The log of the
 * service contains their number.
 */
const MOST_SUBJECTS = 10_000;

interface Window {
  subject: Omit<Refusal, 'ipAddress'>;
  begunAt: number;
  /** What is counted since the first refusal of each address. */
  addresses: Map<string, number>;
  /** What is counted for all further addresses together. */
  others: number;
}

/**
 * Records refused requests without letting a client fill the disk. The first refusal of a subject and an address in a
 * minute is an event at once. All further ones are counted, and the counts are events a minute later. So one subject
 * causes at most eleven events per minute and replica, from whatever number of addresses.
 */
export class Refusals {
  readonly #options: RefusalsOptions;
  readonly #windows = new Map<string, Window>();
  #queue: CountedRefusal[] = [];
  #writing: Promise<void> | null = null;
  /** Refused requests of further subjects since the last summary. */
  #unrecorded = 0;

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  /** Notes one refusal. It neither throws nor waits. */
  note({ ipAddress, ...subject }: Refusal): void {
    const { clock, requestId } = this.#options;
    let window = this.#windows.get(subject.subjectId);
    if (!window) {
      if (this.#windows.size >= MOST_SUBJECTS) {
        this.#unrecorded++;
        return;
      }
      window = { subject, begunAt: clock.monotonic(), addresses: new Map(), others: 0 };
      this.#windows.set(subject.subjectId, window);
    }
    const count = window.addresses.get(ipAddress);
    if (count !== undefined) window.addresses.set(ipAddress, count + 1);
    else if (window.addresses.size >= MOST_ADDRESSES) window.others++;
    else {
      window.addresses.set(ipAddress, 0);
      this.#write({ ...subject, ipAddress, requestId: requestId(), count: 1 });
    }
  }

  /** Writes the counts of the minutes that are over; with `all`, also those of the current one. */
  async summarize({ all = false } = {}): Promise<void> {
    const { clock, logger } = this.#options;
    const now = clock.monotonic();
    if (this.#unrecorded > 0) {
      const counts = { requests: this.#unrecorded, credentials: MOST_SUBJECTS };
      logger.warn(counts, 'refused requests of further credentials are not recorded');
      this.#unrecorded = 0;
    }
    for (const [subjectId, window] of this.#windows) {
      if (!all && now - window.begunAt < WINDOW_MS) continue;
      this.#windows.delete(subjectId);
      for (const [ipAddress, count] of [...window.addresses, [null, window.others] as const])
        if (count > 0) this.#write({ ...window.subject, ipAddress, requestId: null, count });
    }
    await this.#writing;
  }

  #write(refusal: CountedRefusal): void {
    this.#queue.push(refusal);
    this.#writing ??= this.#drain();
  }

  /** One transaction at a time, for all events that have come until then. */
  async #drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#record(this.#queue.splice(0));
    // In the same turn in which the queue was empty, so that the next refusal begins another write.
    this.#writing = null;
  }

  async #record(batch: readonly CountedRefusal[]): Promise<void> {
    const { fork, record, logger } = this.#options;
    try {
      await fork().transactional((em) => record(em, batch));
    } catch (error) {
      logger.warn({ err: error, events: batch.length }, 'recording refused requests failed; they are lost');
    }
  }
}
