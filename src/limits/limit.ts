import type { EntityManager } from '@mikro-orm/sql';
import { LRUCache } from 'lru-cache';
import type { Sql } from '../database/sql.ts';
import type { Clock } from '../kernel/clock.ts';
import { MemoryWindow } from './memory-window.ts';

/** The highest rate. A counter keeps the time of each allowed call, and each call reads and writes all of them. */
export const MOST_PER_MINUTE = 10_000;
const MINUTE = 60;

// Keeps the times of the last allowed calls, newest first, and checks whether the oldest of them is less than a window
// ago. It is atomic: a concurrent call waits for the row, and reads what the first one has written. The column `passed`
// exists only to return the result of this call.
//
// A time in the future is from before the clock was set back. It counts as now, or as the time at which this process
// first rejected a call because of it. So the wait is at most one window. The newest time is the first, so it shows
// whether any is in the future.
const TAKE = `
  insert into auth_limits as known (key, times, passed) values (?, array[clock_timestamp()], true)
  on conflict (key) do update set (times, passed) = (
    select case when passes then (array_prepend(now, past))[:most] else past end, passes
    from (select clock_timestamp() as now, ?::int as most) asked
    cross join lateral (select case when known.times[1] > now
      then array(select least(time, now - make_interval(secs => ?)) from unnest(known.times) with ordinality as t (time, place)
        order by place)
      else known.times end as past) seen
    cross join lateral (select coalesce(past[most] <= now - make_interval(secs => ?), true) as passes) judged)
  returning passed, (extract(epoch from times[?] - clock_timestamp()) * 1000)::float8 as "sinceMs"`;

/** The longest window is two minutes. Rows that a call has locked are skipped. */
const FORGET = {
  name: 'purge-limits',
  text: `with gone as (
      delete from auth_limits where ctid = any(array(
        select ctid from auth_limits where times[1] < clock_timestamp() - interval '2 minutes' limit 1000
        for update skip locked))
      returning 1)
    select count(*)::int as gone from gone`,
};

/** After the clock was set back: times in the future become now. Otherwise they would be kept until then. */
const CORRECT = {
  name: 'correct-limits',
  text: `update auth_limits
      set times = array(select least(time, clock_timestamp()) from unnest(times) with ordinality as t (time, place) order by place)
      where ctid = any(array(select ctid from auth_limits where times[1] > clock_timestamp() for update skip locked))`,
};

export interface LimitOptions {
  name: string;
  /** At least 1. A rate above `MOST_PER_MINUTE` is lowered to it. */
  perMinute: number;
  clock: Clock;
  /** Whether the limit is halved at the moment. */
  halved: () => boolean;
  /** The text under which the database counts a key, which may be the address of a client. */
  hide: (key: string) => string;
}

/**
 * A limit per minute for each key, in whichever minute, counted by PostgreSQL for all replicas together. This process
 * remembers until when a key is rejected (20 000 keys), so further calls do not reach the database.
 */
export class Limit {
  readonly #options: LimitOptions;
  readonly #refused: MemoryWindow;
  /** Since when calls with each key are rejected, by the monotonic clock. */
  readonly #refusedSince = new LRUCache<string, number>({ max: 20_000 });

  constructor(options: LimitOptions) {
    this.#options = { ...options, perMinute: Math.min(options.perMinute, MOST_PER_MINUTE) };
    this.#refused = new MemoryWindow(options.clock);
  }

  /** Milliseconds until this key is allowed again, as far as this process knows. Counts nothing. */
  wait(key: string): number {
    return this.#refused.wait(key, 1);
  }

  /**
   * Counts one and returns 0, or returns how many milliseconds to wait. A rollback undoes the count.
   *
   * @param em the connection to count on; inside a transaction its own, because the embedded database has no other
   * @throws any error of the database: a call that cannot be counted is not allowed
   */
  async take(em: EntityManager, key: string): Promise<number> {
    const known = this.wait(key);
    if (known > 0) return known;
    const { name, perMinute, halved, hide } = this.#options;
    const half = halved();
    const most = half ? Math.max(1, Math.floor(perMinute / 2)) : perMinute;
    const seconds = half && perMinute === 1 ? 2 * MINUTE : MINUTE; // Half of one per minute.
    const [row] = await em.execute<{ passed: boolean; sinceMs: number }[]>(TAKE, [
      ...[`${name}:${hide(key)}`, most, this.#refusedForSeconds(key), seconds],
      most,
    ]);
    if (!row) throw new Error('An upsert without a condition always has a row.');
    if (row.passed) {
      this.#refusedSince.delete(key);
      return 0;
    }
    const waitMs = Math.max(1, row.sinceMs + seconds * 1000);
    this.#refused.note(key, { passed: false, waitMs });
    return waitMs;
  }

  /** Records that a call with this key was rejected, by this counter or by another one. */
  noteRefusal(key: string): void {
    if (!this.#refusedSince.has(key)) this.#refusedSince.set(key, this.#options.clock.monotonic());
  }

  #refusedForSeconds(key: string): number {
    const since = this.#refusedSince.get(key);
    return since === undefined ? 0 : (this.#options.clock.monotonic() - since) / 1000;
  }
}

/** One of the counters that count a call. */
export interface Count {
  limit: Limit;
  key: string;
}

/**
 * Counts one on all of these counters and returns 0, or counts nothing and returns how many milliseconds to wait: a
 * rejection by one counter uses up nothing of another one.
 *
 * Inside a transaction, the caller must roll back if the result is not 0.
 */
export async function takeAll(em: EntityManager, counts: readonly Count[]): Promise<number> {
  const known = Math.max(0, ...counts.map(({ limit, key }) => limit.wait(key)));
  if (known > 0) return known;
  if (em.isInTransaction() || counts.length < 2) return takeInOrder(em, counts);
  // Every call locks the rows in the same order of limits, so there are no deadlocks.
  const counting = em.fork();
  await counting.begin();
  let waitMs: number;
  try {
    waitMs = await takeInOrder(counting, counts);
  } catch (error) {
    await counting.rollback().catch(() => undefined); // The first error is the one that matters.
    throw error;
  }
  await (waitMs > 0 ? counting.rollback() : counting.commit());
  return waitMs;
}

async function takeInOrder(em: EntityManager, counts: readonly Count[]): Promise<number> {
  for (const { limit, key } of counts) {
    const waitMs = await limit.take(em, key);
    if (waitMs === 0) continue;
    for (const each of counts) each.limit.noteRefusal(each.key);
    return waitMs;
  }
  return 0;
}

/** Deletes the outdated counters of all limits. */
export async function purgeCounters(sql: Sql): Promise<void> {
  await sql.query(CORRECT);
  for (let gone = 1; gone > 0; ) gone = (await sql.query<{ gone: number }>(FORGET))[0]?.gone ?? 0;
}
