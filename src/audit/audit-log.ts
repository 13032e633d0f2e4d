import type { EntityManager } from '@mikro-orm/sql';
import type { IdList, QueryContext } from '../database/query.ts';
import type { Sealer } from '../database/sealer.ts';
import type { Sql } from '../database/sql.ts';
import type { AuditChain } from './chain.ts';
import type { HashedEvent } from './event-hash.ts';
import { type EventRow, eventColumns, hashedEventOf } from './event-rows.ts';
import { openPersonal, type PersonalField } from './personal-field.ts';

/** A committed event with its place in its chain. */
export interface ChainedEvent extends Omit<HashedEvent, 'occurredAt'> {
  readonly occurredAt: Date;
  readonly sequence: number;
  readonly hash: string;
  readonly previousHash: string;
  readonly ipAddressSealed: string | null;
  readonly userAgentSealed: string | null;
}

export interface AuditEventFilter {
  readonly type?: string | null | undefined;
  readonly subjectId?: string | null | undefined;
  readonly workspaceId?: string | null | undefined;
  /** The id of a user or of a credential. */
  readonly actorId?: string | null | undefined;
  readonly outcome?: string | null | undefined;
  /** At this time or later. */
  readonly from?: Date | null | undefined;
  /** Before this time. */
  readonly until?: Date | null | undefined;
  readonly requestId?: string | null | undefined;
}

/** The workspaces whose events a caller may read; null for all events of the installation. */
export type AuditedWorkspaces = readonly string[] | null;

export interface AuditLogOptions {
  chain: Pick<AuditChain, 'upToDate'>;
  sealer: Sealer;
  /** For data keys that are not in memory. */
  sql: Sql;
}

/**
 * Reads the audit log. A read first chains every committed event. So a caller finds the event of each change whose
 * response was sent, with its place and its hash.
 */
export class AuditLog {
  readonly #chain: Pick<AuditChain, 'upToDate'>;
  readonly #options: Pick<AuditLogOptions, 'sealer' | 'sql'>;

  constructor({ chain, ...options }: AuditLogOptions) {
    this.#chain = chain;
    this.#options = options;
  }

  /**
   * The events that match a filter, the latest commit first. An index finds each page: of the whole log, or of each
   * workspace that the caller may read.
   *
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` if the log cannot be chained. A read never leaves out an event.
   */
  async matching(
    { em }: Pick<QueryContext, 'em'>,
    filter: AuditEventFilter | null | undefined,
    workspaces: AuditedWorkspaces,
  ): Promise<Omit<IdList<ChainedEvent>, 'count'>> {
    await this.#chain.upToDate();
    const { text, values } = conditionsOf(filter ?? {});
    return {
      prefix: 'evt',
      async ids({ after, limit }) {
        const older = after === null ? '' : 'and e.position < (select position from audit_events where id = ?)';
        const scan = `select e.id, e.position from audit_events e join audit_links l on l.event_id = e.id
          where e.position is not null ${text} ${older} ${workspaces === null ? '' : 'and e.workspace_id = w.id'} order by e.position desc limit ?`;
        const page = [...values, ...(after === null ? [] : [after]), limit];
        const rows =
          workspaces === null
            ? await em().execute<{ id: string }[]>(scan, page)
            : await em().execute<{ id: string }[]>(
                `select s.id from jsonb_array_elements_text(?::text::jsonb) as w (id) cross join lateral (${scan}) s
                  order by s.position desc limit ?`,
                [JSON.stringify(workspaces), ...page, limit],
              );
        return rows.map(({ id }) => id);
      },
      rows: (ids) => eventsWith(em(), ids),
    };
  }

  /** The event with this id, if the caller may read it. */
  async find(
    { em }: Pick<QueryContext, 'em'>,
    id: string,
    workspaces: AuditedWorkspaces,
  ): Promise<ChainedEvent | null> {
    await this.#chain.upToDate();
    const [event = null] = await eventsWith(em(), [id]);
    if (workspaces === null || event === null) return event;
    return event.workspaceId !== null && workspaces.includes(event.workspaceId) ? event : null;
  }

  /** The address of the client; null if there is none or if it was erased. */
  ipAddressOf({ id: eventId, ipAddressSealed: sealed }: ChainedEvent): Promise<string | null> {
    return this.#open(eventId, 'ip_address', sealed);
  }

  /** The user agent of the client; null if there is none or if it was erased. */
  userAgentOf({ id: eventId, userAgentSealed: sealed }: ChainedEvent): Promise<string | null> {
    return this.#open(eventId, 'user_agent', sealed);
  }

  async #open(eventId: string, field: PersonalField, sealed: string | null): Promise<string | null> {
    const { sealer, sql } = this.#options;
    return sealed === null ? null : (await openPersonal(sealer, { eventId, field, sealed }, sql)).value;
  }
}

function conditionsOf(filter: AuditEventFilter): { text: string; values: unknown[] } {
  const conditions = [
    ['e.type = ?', filter.type],
    ['e.subject_id = ?', filter.subjectId],
    ['e.workspace_id = ?', filter.workspaceId],
    [`e.${filter.actorId?.startsWith('usr_') ? 'actor_user_id' : 'actor_credential_id'} = ?`, filter.actorId],
    // PostgreSQL uses the partial index of rejected requests only if the statement contains the literal.
    [filter.outcome === 'REFUSED' ? `e.outcome = 'REFUSED' and ?::text is not null` : 'e.outcome = ?', filter.outcome],
    ['e.occurred_at >= ?', filter.from],
    ['e.occurred_at < ?', filter.until],
    ['e.request_id = ?', filter.requestId],
  ] as const;
  const given = conditions.filter(([, value]) => value != null);
  return {
    text: given.map(([condition]) => `and ${condition}`).join(' '),
    values: given.map(([, value]) => value),
  };
}

type ChainedRow = EventRow & Pick<ChainedEvent, 'sequence' | 'hash' | 'previousHash'>;

async function eventsWith(em: EntityManager, ids: readonly string[]): Promise<ChainedEvent[]> {
  if (ids.length === 0) return [];
  const rows = await em.execute<ChainedRow[]>(
    `select ${eventColumns('e')}, l.sequence::float8 as sequence, l.hash, l.previous_hash as "previousHash"
      from audit_events e join audit_links l on l.event_id = e.id where e.id in (${ids.map(() => '?').join(', ')})`,
    [...ids],
  );
  return rows.map((row) => ({
    ...hashedEventOf(row),
    occurredAt: new Date(row.occurredAt),
    sequence: row.sequence,
    hash: row.hash,
    previousHash: row.previousHash,
    ipAddressSealed: row.ipAddressSealed,
    userAgentSealed: row.userAgentSealed,
  }));
}
