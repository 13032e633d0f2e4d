import { ADVISORY_LOCKS } from '../database/advisory-lock.ts';
import type { Sql, Statement } from '../database/sql.ts';

const BATCH = 1000;
/** Refresh tokens are how theft is recognised: they outlive their session by this long. */
const MEMORY_DAYS = 30;
/**
 * An entry ends when its token does, by the clock of that moment. A clock that is set back lets the token live longer: the
 * entry stays for as long as the longest life of a token.
 */
const LEDGER_HOURS = 24;

/** In batches, by one replica at a time: whoever does not get the lock has nothing to do. */
const inTurn = (name: string, body: string): Statement => ({
  name,
  text: `with turn as materialized (select pg_try_advisory_xact_lock(${ADVISORY_LOCKS.purge}) as ours), ${body}`,
});

/** Before their sessions, which would otherwise take any number of them along; children before their parents. */
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
 * Removes what has nothing left to say: sessions after their memory, ledger entries after the token's end.
 *
 * @param sql not the connection of the syncs: leases are renewed there, and must not queue behind this
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
