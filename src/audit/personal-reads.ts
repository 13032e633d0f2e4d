import type { EntityManager } from '@mikro-orm/sql';
import { sha256Base64url } from '../crypto/hash.ts';
import type { Principal } from '../identity/principal.ts';
import type { Clock } from '../kernel/clock.ts';
import type { auditLogEvents } from './audit.events.ts';
import type { Audit, AuditScope } from './audit.ts';
import type { KeepUsers } from './rejections.ts';

/** How long equal reads are counted together, in milliseconds. */
const WINDOW_MS = 60_000;
/** How many reads are told apart in a window. Further ones have an event each. */
const MOST_WINDOWS = 1000;
/** How many users one event names. */
const MOST_USERS = 100;

/** A field with personal data of a user, such as `User.email`. */
export interface PersonalRead {
  readonly userId: string;
  readonly field: string;
}

/** Who reads, and from where. */
export interface Reader {
  readonly principal: Principal;
  readonly origin: AuditScope['origin'];
}

interface Window {
  reader: Reader;
  data: Omit<ReadData, 'count'>;
  begunAt: number;
  /** Reads since the event at the beginning. */
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
 * Records who reads personal data of other users. A read of a request is one event, with all of its users. It is recorded
 * before the data is returned: what cannot be recorded cannot be read. Equal reads of one credential within a minute are
 * counted in one event a minute later.
 */
export class PersonalReads {
  readonly #options: PersonalReadsOptions;
  readonly #windows = new Map<string, Window>();

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
  async summarize({ all = false } = {}): Promise<void> {
    const now = this.#options.clock.monotonic();
    for (const [name, { reader, data, begunAt, more }] of this.#windows) {
      if (!all && now - begunAt < WINDOW_MS) continue;
      const { origin } = reader;
      const withoutRequest = { ...reader, origin: origin && { ...origin, requestId: null } };
      if (more > 0) await this.#write(withoutRequest, { ...data, count: more });
      this.#windows.delete(name); // After the write: what cannot be written is counted again.
    }
  }

  async #write({ principal, origin }: Reader, data: ReadData): Promise<void> {
    const { fork, audit, keepUsers } = this.#options;
    const subjectId = data.userCount === 1 ? data.userIds[0]! : null;
    const { workspaceId } = principal;
    const reader = principal.userId;
    await fork().transactional(async (em) => {
      // The addresses of a user are erased with the user. What is recorded later has none.
      const isErased = reader !== null && !(await keepUsers(em, [reader])).has(reader);
      const from = isErased && origin ? { requestId: origin.requestId, ipAddress: null } : origin;
      audit.record({ em, principal, origin: from }, { type: 'personal-data.read', subjectId, workspaceId, data });
    });
  }
}
