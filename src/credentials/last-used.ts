import type { EntityManager } from '@mikro-orm/sql';
import { LRUCache } from 'lru-cache';
import type { SealedField } from '../database/sealed-field.ts';
import type { Sealer } from '../database/sealer.ts';
import type { Sql, Statement } from '../database/sql.ts';
import { databaseDidNotAnswer } from '../database/sql-errors.ts';
import type { CredentialKind } from '../identity/principal.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Outage } from '../kernel/outage.ts';
import type { AuthenticatedRequest } from './asked-request.ts';

// The time only moves forward, and at most once per window, whichever replica saw the credential. A time in the future
// is from before the clock was set back, and the next use corrects it. No credential is read from this table, so a
// write here can never make a credential valid again. A credential that was deleted meanwhile gets no address any more.
const noteStatement = (addressed: readonly string[]): Statement => ({
  name: 'usage-note',
  text: `insert into credential_usage as u (credential_id, last_used_at, last_used_from)
    select id, to_timestamp(at / 1000), case when address is not null and (false
        ${addressed.map((table) => `or exists (select from ${table} t where t.id = n.id)`).join(' ')}) then address end
      from unnest($1::text[], $2::float8[], $4::text[]) as n (id, at, address)
      order by id
    on conflict (credential_id) do update set last_used_at = excluded.last_used_at, last_used_from = excluded.last_used_from
      where u.last_used_at is null or u.last_used_at <= excluded.last_used_at - make_interval(secs => $3::float8)
        or u.last_used_at > clock_timestamp() + interval '1 second'`,
});

/**
 * The address of the last use. It is sealed with the key of the accounts, also for a credential of a workspace. One
 * write notes the uses of many workspaces, and so needs only one key.
 */
export const LAST_USED_FROM: SealedField = {
  table: 'credential_usage',
  column: 'last_used_from',
  key: 'credential_id',
};

/** The last request that a credential authenticated. */
export interface LastUse {
  at: Date;
  /** The address of the client, sealed; null for a kind of credential that does not record it. See `LAST_USED_FROM`. */
  from: string | null;
}

/** The last use of each of these credentials. A credential that was never used is left out. */
export async function lastUses(
  em: EntityManager,
  credentialIds: readonly string[],
): Promise<[id: string, use: LastUse][]> {
  const rows = await em.execute<
    { credential_id: string; last_used_at: string | Date; last_used_from: string | null }[]
  >(
    `select credential_id, last_used_at, last_used_from from credential_usage
      where last_used_at is not null and credential_id in (${credentialIds.map(() => '?').join(', ')})`,
    [...credentialIds],
  );
  return rows.map((row) => [row.credential_id, { at: new Date(row.last_used_at), from: row.last_used_from }]);
}

export interface LastUsedOptions {
  sql: Sql;
  sealer: Sealer;
  clock: Clock;
  logger: Logger;
  /** Of the database. */
  outage: Outage;
  /** Database time, milliseconds since the epoch. */
  now: () => number;
  /** The most seconds by which a recorded use may lag behind, without the time until the next write. */
  lagSeconds: number;
  /** How many credentials are remembered as written lately. */
  entries: number;
  /** The tables of all kinds of credentials. */
  tables: readonly string[];
  /** The tables of the kinds that record the address of the client. */
  addressed: readonly string[];
  /** The address of a client that used a credential of this kind; null if the kind does not record it. */
  addressOf: (kind: CredentialKind, request: AuthenticatedRequest) => string | null;
}

/** Milliseconds between two writes of the collected uses. */
const WRITE_EVERY_MS = 2000;
/** The most seconds by which the last use in the database may lag behind. @param lagSeconds see `LastUsedOptions` */
export function longestLagSeconds(lagSeconds: number): number {
  return lagSeconds + Math.ceil(WRITE_EVERY_MS / 1000);
}

/** The number of uses that one statement writes. */
const LONGEST_BATCH = 5000;
/** The number of rows that one round of housekeeping reads. */
const PURGE_BATCH = 1000;

/** Reads the rows after one id, and deletes those of credentials that are in none of the tables. */
const purgeStatement = (tables: readonly string[]): Statement => ({
  name: 'usage-purge',
  text: `with batch as materialized (
      select credential_id as id from credential_usage where credential_id > $1 order by credential_id limit $2::int),
    gone as (delete from credential_usage where credential_id in (select id from batch where true
      ${tables.map((table) => `and not exists (select from ${table} t where t.id = batch.id)`).join(' ')}))
    select max(id) as last, count(*)::int as seen from batch`,
});

/**
 * Records when credentials were used: in memory for each request, and in batches in the
 * database, once per window at most.
 *
 * A window is half of the longest lag, because two windows may follow each other. A use at the end of the window of
 * another replica is not written. The replica that noted it notes no further use during its own window.
 */
export class LastUsed {
  readonly #options: LastUsedOptions;
  /** When a use was last recorded, by the monotonic clock. */
  readonly #noted: LRUCache<string, number>;
  #pending = new Map<string, { at: number; from: string | null }>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  readonly #note: Statement;
  readonly #purge: Statement;
  readonly #windowSeconds: number;
  /** The id of the last row that housekeeping has read. */
  #purgedTo = '';

  constructor(options: LastUsedOptions) {
    this.#options = options;
    this.#noted = new LRUCache({ max: options.entries });
    this.#windowSeconds = options.lagSeconds / 2;
    this.#note = noteStatement(options.addressed);
    this.#purge = purgeStatement(options.tables);
  }

  /**
   * Cheap enough for every request: one lookup in a map, unless a window has passed.
   *
   * @param request where the use comes from; left out if that is not recorded
   */
  note(credentialId: string, kind?: CredentialKind, request?: AuthenticatedRequest): void {
    const { clock, now } = this.#options;
    const noted = this.#noted.peek(credentialId); // `peek` keeps the order: the oldest record is dropped first.
    const at = clock.monotonic();
    if (noted !== undefined && at - noted < this.#windowSeconds * 1000) return;
    this.#noted.set(credentialId, at);
    const from = kind !== undefined && request !== undefined ? this.#options.addressOf(kind, request) : null;
    this.#pending.set(credentialId, { at: now(), from });
    this.#timer ??= this.#writeLater();
  }

  /** Writes all pending uses now. A failed batch is kept and retried. It never fails a request. */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      while (this.#pending.size > 0) if (!(await this.#write())) break;
    });
  }

  /**
   * Deletes the rows of deleted credentials. Each call reads one batch, so its cost does not depend on the number of
   * credentials. After the last batch, the next call starts from the beginning.
   */
  async purge(): Promise<void> {
    const values = [this.#purgedTo, PURGE_BATCH];
    const [row] = await this.#options.sql.query<{ last: string; seen: number }>(this.#purge, values);
    this.#purgedTo = row?.seen === PURGE_BATCH ? row.last : '';
  }

  #sealed(batch: Map<string, { from: string | null }>): Promise<(string | null)[]> {
    const { sealer, sql } = this.#options;
    const seal = ([id, { from: plaintext }]: [string, { from: string | null }]) =>
      plaintext === null ? null : sealer.seal(LAST_USED_FROM, { id }, { plaintext, sql });
    return Promise.all(Array.from(batch, seal));
  }

  #writeLater(): NodeJS.Timeout {
    return setTimeout(() => void this.#inTurn(() => this.#write()), WRITE_EVERY_MS).unref();
  }

  /** Runs one write after the other. What is pending after the last one is written later. */
  #inTurn(write: () => Promise<unknown>): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      await write();
      if (this.#timer) clearTimeout(this.#timer);
      this.#timer = this.#pending.size > 0 ? this.#writeLater() : null;
    });
    return this.#writing;
  }

  #report(error: unknown, credentials: number): void {
    const { outage, logger } = this.#options;
    if (databaseDidNotAnswer(error)) outage.failed(error, 'writing last-used times failed', { credentials });
    else logger.warn({ err: error, credentials }, 'writing last-used times failed; retrying');
  }

  /** Writes one batch, the oldest uses first. @returns whether it is written */
  async #write(): Promise<boolean> {
    const batch = new Map(this.#pending.entries().take(LONGEST_BATCH));
    if (batch.size === 0) return true;
    for (const id of batch.keys()) this.#pending.delete(id);
    try {
      const times = [...batch.values()].map(({ at }) => at);
      const values = [[...batch.keys()], times, this.#windowSeconds, await this.#sealed(batch)];
      await this.#options.sql.query(this.#note, values);
      return true;
    } catch (error) {
      this.#report(error, batch.size);
      // A use since then is the later one.
      for (const [id, use] of batch) if (!this.#pending.has(id)) this.#pending.set(id, use);
      return false;
    }
  }
}
