import type { EntityManager } from '@mikro-orm/sql';
import type { Clock } from '../kernel/clock.ts';
import { isId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { currentRequestId } from '../kernel/request-context.ts';
import type { Audit, RecordedEvent } from './audit.ts';
import { Refusals } from './refusals.ts';
import type { rejectionEvents } from './rejection.events.ts';

/** A request that was rejected. */
export interface Rejection {
  readonly type: keyof typeof rejectionEvents;
  /** Null if it is not known. */
  readonly subjectId: string | null;
  /** The user whose request it was, if it is known. Deleting this user erases the address. */
  readonly actorUserId?: string | null;
  readonly reason: string;
  /** The data of the event besides `count` and `replica`: a few values that are fixed in the code. */
  readonly data?: Readonly<Record<string, string>>;
  readonly ipAddress: string | null;
}

export interface RejectionsOptions {
  audit: Audit<typeof rejectionEvents>;
  fork: () => EntityManager;
  /** The clock of this process. */
  clock: Clock;
  logger: Logger;
  /** The id of this replica. */
  replica: () => string | null;
  keepUsers: KeepUsers;
}

/** Returns which of these users exist, and locks them: none of them is deleted before the commit. */
export type KeepUsers = (em: EntityManager, ids: readonly string[]) => Promise<ReadonlySet<string>>;

/** The user whose address an event contains; null if the user is not known. */
function userOf({ subjectId, actorUserId }: { subjectId: string; actorUserId?: string | null | undefined }) {
  return actorUserId ?? (isId(subjectId, 'usr') ? subjectId : null);
}

/**
 * Records rejected requests in a bounded number of events, so that no client can fill the disk. For each kind of
 * rejection, the first request of a subject and an address makes an event at once. The others of that minute are
 * counted, and one event a minute later contains the count.
 */
export class Rejections {
  readonly #options: RejectionsOptions;
  /** One for each kind. There are few kinds, because the code fixes types, reasons and data. */
  readonly #kinds = new Map<string, Refusals>();

  constructor(options: RejectionsOptions) {
    this.#options = options;
  }

  /** Notes one rejection. It neither throws nor waits. */
  note({ subjectId, actorUserId = null, ipAddress, ...kind }: Rejection): void {
    const name = JSON.stringify([kind.type, kind.reason, kind.data]);
    let refusals = this.#kinds.get(name);
    if (!refusals) {
      refusals = this.#refusalsOf(kind);
      this.#kinds.set(name, refusals);
    }
    // Without a subject, all requests of this kind are counted together, by address.
    refusals.note({ subjectId: subjectId ?? '', actorUserId, workspaceId: null, ipAddress: ipAddress ?? '' });
  }

  /** Writes the counts of the minutes that are over; with `all`, also those of the current one. */
  async summarize({ all = false } = {}): Promise<void> {
    for (const refusals of this.#kinds.values()) await refusals.summarize({ all });
  }

  #refusalsOf({ type, reason: refusedBecause, data }: Pick<Rejection, 'type' | 'reason' | 'data'>): Refusals {
    const { audit, fork, clock, logger, replica, keepUsers } = this.#options;
    return new Refusals({
      ...{ fork, clock, logger },
      requestId: () => currentRequestId() ?? null,
      async record(em, refused) {
        const users = refused.map((each) => userOf(each)).filter((id) => id !== null);
        const existing = users.length > 0 ? await keepUsers(em, users) : new Set();
        for (const { subjectId, actorUserId, ipAddress, requestId, count } of refused) {
          const event = {
            type,
            subjectId: subjectId || null,
            ...(actorUserId ? { actorUserId } : {}),
            refusedBecause,
            data: { count, replica: replica() ?? '', ...data },
          };
          // Deleting a user erases the addresses of the user. A later event must not add one.
          const user = userOf({ subjectId, actorUserId });
          const isErased = user !== null && !existing.has(user);
          const origin = { ipAddress: (!isErased && ipAddress) || null, requestId };
          audit.record({ em, principal: null, origin }, event as RecordedEvent<typeof rejectionEvents>);
        }
      },
    });
  }
}
