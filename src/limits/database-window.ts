import type { EntityManager } from '@mikro-orm/sql';
import type { Sql } from '../kernel/sql.ts';
import type { Verdict } from './memory-window.ts';

// The same window as the one in Redis, and one step as well: whoever comes second waits for the row, and then judges by
// what the first one has left there. `passed` is only there to be returned: what has just been said of this one.
const TAKE = `
  insert into auth_limits as known (key, times, passed) values (?, array[clock_timestamp()], true)
  on conflict (key) do update set (times, passed) = (
    select case when passes then (array_prepend(now, known.times))[:per_minute] else known.times end, passes
    from (select clock_timestamp() as now, ?::int as per_minute) asked
    cross join lateral (
      select coalesce(known.times[per_minute] <= now - interval '1 minute', true) as passes) judged)
  returning passed, (extract(epoch from times[?] + interval '1 minute' - clock_timestamp()) * 1000)::float8 as "waitMs"`;

const FORGET = {
  name: 'forget-limits',
  text: `with gone as (
      delete from auth_limits where key in (
        select key from auth_limits where times[1] < clock_timestamp() - interval '1 minute' limit 1000
        for update skip locked)
      returning 1)
    select count(*)::int as gone from gone`,
};

/** Counts one in the last minute of the database's clock, or says how many milliseconds to wait. */
export async function takeInDatabase(em: EntityManager, key: string, perMinute: number): Promise<Verdict> {
  const [verdict] = await em.execute<{ passed: boolean; waitMs: number | null }[]>(TAKE, [key, perMinute, perMinute]);
  if (!verdict) throw new Error('An upsert without a condition always has a row.');
  if (verdict.passed) return { passed: true, waitMs: 0 };
  return { passed: false, waitMs: Math.max(1, verdict.waitMs ?? 0) };
}

/** Removes what has nothing left to say. */
export async function forgetInDatabase(sql: Sql): Promise<void> {
  for (let gone = 1; gone > 0; ) gone = (await sql.query<{ gone: number }>(FORGET))[0]?.gone ?? 0;
}
