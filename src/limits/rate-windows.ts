import type { Sql, Statement } from '../database/sql.ts';
import type { RateLimit } from '../identity/rate-limit.ts';

// A window begins with the first request after the last window, and lasts for the seconds of the limit. `granted` is how
// many of its requests were handed out to replicas, whether they have used them or not. It is atomic: a concurrent call
// waits for the row, and reads what the first one has written. The column `last_grant` exists only to return the result
// of this call.
//
// A share is at most $4 requests and at most one part of $5 of what is left, but at least 1. So the shares get smaller
// towards the end of a window, and the last requests are handed out one by one. What the caller gives back ($6 requests
// of the window $7) is handed out again.
//
// It raises `synchronous_commit`: a server that crashed must not hand the same requests out again.
//
// A start in the future is from before the clock was set back. It becomes now, and the window goes on: the wait is at
// most one window.
const GRANT: Statement = {
  name: 'rate-grant',
  text: `insert into rate_windows as known (credential_id, window_id, started_at, granted, last_grant)
    select $1::text, gen_random_uuid(), clock_timestamp(), share, share
      from (select least($2::int, $4::int, greatest(1, ceil($2::int / $5::float8)))::int as share,
        case when current_setting('synchronous_commit') in ('off', 'local') then set_config('synchronous_commit', 'on', true) end
      ) first
  on conflict (credential_id) do update set (window_id, started_at, granted, last_grant) = (
    select case when ended then gen_random_uuid() else known.window_id end,
      case when ended then now else least(known.started_at, now) end,
      used + share, share
    from (select clock_timestamp() as now) asked
    cross join lateral (select known.started_at + make_interval(secs => $3::int) <= now as ended) seen
    cross join lateral (select case when ended then 0
      when known.window_id::text = $7::text then greatest(0, known.granted - $6::int) else known.granted end as used) counted
    cross join lateral (select greatest(0,
      least($2::int - used, $4::int, greatest(1, ceil(($2::int - used) / $5::float8))))::int as share) judged)
  returning window_id::text as "window", last_grant as requests, greatest(0, $2::int - granted) as beyond,
    extract(epoch from started_at)::float8 * 1000 + $3::int * 1000 as "endsAt",
    extract(epoch from clock_timestamp())::float8 * 1000 as "now"`,
};

// The rows are locked in one order, so two replicas that give back at once do not wait for each other.
const GIVE_BACK: Statement = {
  name: 'rate-give-back',
  text: `with returned as (
      select * from unnest($1::text[], $2::text[], $3::int[]) as r (credential_id, window_id, requests)),
    locked as materialized (
      select credential_id from rate_windows where credential_id in (select credential_id from returned)
        order by credential_id for update)
    update rate_windows w set granted = greatest(0, w.granted - r.requests)
      from returned r join locked l using (credential_id)
      where w.credential_id = r.credential_id and w.window_id::text = r.window_id`,
};

/** No window is longer than a day. Rows that a call has locked are skipped. */
const PURGE: Statement = {
  name: 'rate-purge',
  text: `with gone as (
      delete from rate_windows where credential_id = any(array(
        select credential_id from rate_windows where started_at < clock_timestamp() - interval '25 hours'
        order by started_at limit 1000 for update skip locked))
      returning 1)
    select count(*)::int as gone from gone`,
};

/** Requests of one window. PostgreSQL has handed them out to this replica alone. */
export interface Returned {
  readonly window: string;
  readonly requests: number;
}

export interface GrantOptions {
  credentialId: string;
  limit: RateLimit;
  /** The most requests to hand out. */
  most: number;
  /** The share is at most one of so many parts of what is left. */
  parts: number;
  /** What the caller has left of an earlier share; null if it has nothing. */
  returned: Returned | null;
}

/** What PostgreSQL hands out. */
export interface Grant {
  /** The id of the window. */
  readonly window: string;
  /** How many requests; 0 if the window has none left. */
  readonly requests: number;
  /** How many requests of the window are not handed out. */
  readonly beyond: number;
  /** When the window ends, and the time of the answer, in milliseconds since the epoch by the clock of the database. */
  readonly endsAt: number;
  readonly now: number;
}

/**
 * The windows of rate limits in PostgreSQL. It hands the requests of a window out in shares, and never more of them than the
 * limit, whatever replicas ask for.
 */
export class RateWindows {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Hands out a share. @throws any error of the database: then nothing may be used, also if it was handed out */
  async grant({ credentialId, limit, most, parts, returned }: GrantOptions): Promise<Grant> {
    const { requests, windowSeconds } = limit;
    const [row] = await this.#sql.query<Grant>(GRANT, [
      ...[credentialId, requests, windowSeconds, most, parts],
      ...[returned?.requests ?? 0, returned?.window ?? null],
    ]);
    if (!row) throw new Error('An upsert without a condition always has a row.');
    return row;
  }

  /** Takes back what was not used. What belongs to an earlier window is ignored. */
  async giveBack(shares: readonly (Returned & { credentialId: string })[]): Promise<void> {
    if (shares.length === 0) return;
    const columns = (['credentialId', 'window', 'requests'] as const).map((name) => shares.map((share) => share[name]));
    await this.#sql.query(GIVE_BACK, columns);
  }

  /** Deletes the windows that are over. */
  async purge(): Promise<void> {
    for (let gone = 1; gone > 0; ) gone = (await this.#sql.query<{ gone: number }>(PURGE))[0]?.gone ?? 0;
  }
}
