import { ADVISORY_LOCKS } from '../database/advisory-lock.ts';
import type { Sql, Statement } from '../database/sql.ts';

const BATCH = 1000;
/** Refresh tokens are kept for this long after their session, because they are needed to detect theft. */
const MEMORY_DAYS = 30;
/**
 * An entry expires with its token, by the clock at that time. If the clock is set back, the token is valid for longer.
 * So the entry is kept for the longest lifetime of a token.
 */
const LEDGER_HOURS = 24;

/** In batches, by one replica at a time: without the lock, a statement deletes nothing. */
const inTurn = (name: string, body: string): Statement => ({
  name,
  text: `with turn as materialized (select pg_try_advisory_xact_lock(${ADVISORY_LOCKS.purge}) as ours), ${body}`,
});

/** Before their sessions, whose deletion would delete any number of them at once; children before their parents. */
const PURGE_TOKENS = inTurn(
  'purge-tokens',
  `gone as (
      delete from refresh_tokens where (select ours from turn) and id in (
        select t.id from sessions s cross join lateral (
          select id from refresh_tokens where session_id = s.id order by id desc limit $2::int) t
        where s.expires_at < clock_timestamp() - make_interval(days => $1::int)
        order by s.expires_at limit $2::int)
      returning 1)
  select count(*)::int as purged from gone`,
);

const PURGE_SESSIONS = inTurn(
  'purge-sessions',
  `gone as (
      delete from sessions where (select ours from turn) and id in (
        select id from sessions s where expires_at < clock_timestamp() - make_interval(days => $1::int)
          and not exists (select from refresh_tokens t where t.session_id = s.id)
        order by expires_at limit $2::int)
      returning 1)
  select count(*)::int as purged from gone`,
);

const PURGE_LEDGER = inTurn(
  'purge-ledger',
  `gone as (
      delete from access_token_revocations where (select ours from turn) and id in (
        select id from access_token_revocations where expires_at < clock_timestamp() - make_interval(hours => $1::int)
        order by expires_at limit $2::int)
      returning 1)
  select count(*)::int as purged from gone`,
);

/**
 * Deletes expired sessions after `MEMORY_DAYS`, and ledger entries after the expiry of their token.
 *
 * @param sql not the connection of the syncs: they renew the lease there and must not queue behind this
 */
export async function purge(sql: Sql): Promise<{ sessions: number; revocations: number }> {
  const revocations = await inBatches(sql, PURGE_LEDGER, LEDGER_HOURS);
  await inBatches(sql, PURGE_TOKENS, MEMORY_DAYS);
  return { revocations, sessions: await inBatches(sql, PURGE_SESSIONS, MEMORY_DAYS) };
}

async function inBatches(sql: Sql, statement: Statement, age: number): Promise<number> {
  let total = 0;
  for (let purged = BATCH; purged === BATCH; total += purged) {
    const [row] = await sql.query<{ purged: number }>(statement, [age, BATCH]);
    purged = row?.purged ?? 0;
  }
  return total;
}
