import type { EntityManager } from '@mikro-orm/sql';
import { sha256Base64url } from '../crypto/hash.ts';
import type { Principal } from '../identity/principal.ts';
import type { Clock } from '../kernel/clock.ts';
import type { auditLogEvents } from './audit.events.ts';
import type { Audit, AuditScope } from './audit.ts';
import type { KeepUsers } from './rejections.ts';

/** How long equal reads are counted together, in milliseconds. */
const WINDOW_MS = 60_000;
/** How many different reads have a count of their own in a window. Each further read is an event. */
const MOST_WINDOWS = 1000;
/** How many users one event names. */
const MOST_USERS = 100;

/** A field with personal data of a user, such as `User.email`. */
export interface PersonalRead {
  readonly userId: string;
  readonly field: string;
}

/** The caller that reads, and the origin of its request. */
export interface Reader {
  readonly principal: Principal;
  readonly origin: AuditScope['origin'];
}

interface Window {
  reader: Reader;
  data: Omit<ReadData, 'count'>;
  begunAt: number;
  /** Equal reads after the first one, which has an event of its own. */
  more: number;
}

interface ReadData {
  fields: string[];
  userIds: string[];
  userCount: number;
  count: number;
  replica: string;
}

export interface PersonalReadsOptions {
  fork: () => EntityManager;
  audit: Audit<typeof auditLogEvents>;
  /** The clock of this process. */
  clock: Pick<Clock, 'monotonic'>;
  /** The id of this replica. */
  replica: () => string | null;
  keepUsers: KeepUsers;
}

/**
 * Records which callers read personal data of other users. One request makes one event, which contains all of its
 * users. The event is recorded before the data is returned. If it cannot be recorded, the data is not returned. Further
 * equal reads of the same credential within a minute are counted, and one event a minute later contains the count.
 */
export class PersonalReads {
  readonly #options: PersonalReadsOptions;
  readonly #windows = new Map<string, Window>();
  #summarizing: Promise<void> = Promise.resolve();

  constructor(options: PersonalReadsOptions) {
    this.#options = options;
  }

  /** Records a read of these fields. */
  async record(reader: Reader, reads: readonly PersonalRead[]): Promise<void> {
    const users = [...new Set(reads.map(({ userId }) => userId))].toSorted();
    const fields = [...new Set(reads.map(({ field }) => field))].toSorted();
    const name = sha256Base64url(JSON.stringify([reader.principal.credentialId, fields, users]));
    const window = this.#windows.get(name);
    if (window) {
      window.more++;
      return;
    }
    const replica = this.#options.replica() ?? '';
    const data = { fields, userIds: users.slice(0, MOST_USERS), userCount: users.length, replica };
    await this.#write(reader, { ...data, count: 1 });
    if (this.#windows.size >= MOST_WINDOWS || this.#windows.has(name)) return;
    this.#windows.set(name, { reader, data, begunAt: this.#options.clock.monotonic(), more: 0 });
  }

  /** Writes the counts of the minutes that are over; with `all`, also those of the current one. */
  summarize({ all = false } = {}): Promise<void> {
    // One call after the other: a window whose count is being written must stay until the write has succeeded.
    this.#summarizing = this.#summarizing.catch(() => undefined).then(() => this.#summarize(all));
    return this.#summarizing;
  }

  async #summarize(all: boolean): Promise<void> {
    const now = this.#options.clock.monotonic();
    for (const [name, window] of this.#windows) {
      if (!all && now - window.begunAt < WINDOW_MS) continue;
      do await this.#writeMore(window);
      while (all && window.more > 0);
      // The next call writes the reads that came during the write.
      if (window.more === 0) this.#windows.delete(name);
    }
  }

  async #writeMore(window: Window): Promise<void> {
    const { reader, data, more } = window;
    if (more === 0) return;
    const { origin } = reader;
    window.more = 0;
    try {
      await this.#write({ ...reader, origin: origin && { ...origin, requestId: null } }, { ...data, count: more });
    } catch (error) {
      window.more += more; // The next call writes the count.
      throw error;
    }
  }

  async #write({ principal, origin }: Reader, data: ReadData): Promise<void> {
    const { fork, audit, keepUsers } = this.#options;
    const subjectId = data.userCount === 1 ? data.userIds[0]! : null;
    const { workspaceId } = principal;
    const reader = principal.userId;
    await fork().transactional(async (em) => {
      // Deleting a user erases the addresses of the user. A later event must not add one.
      const isErased = reader !== null && !(await keepUsers(em, [reader])).has(reader);
      const from = isErased && origin ? { requestId: origin.requestId, ipAddress: null } : origin;
      audit.record({ em, principal, origin: from }, { type: 'personal-data.read', subjectId, workspaceId, data });
    });
  }
}
