import type { EntityManager } from '@mikro-orm/sql';
import { LRUCache } from 'lru-cache';
import type { Sql } from '../database/sql.ts';
import type { Clock } from '../kernel/clock.ts';
import { MemoryWindow } from './memory-window.ts';

/** Each counter keeps its moments one by one, and each call reads and writes them all. */
export const MOST_PER_MINUTE = 10_000;
const MINUTE = 60;

// Keeps the moments of the last that were let through, newest first, and asks whether the oldest of them is less than a
// window ago. It is one step: whoever comes second waits for the row, and judges by what the first one has left there.
// `passed` is only there to be returned: what has just been said of this one.
//
// A moment in the future is left from before the clock was set back. It counts as now, or as the moment at which this
// process first refused for its sake: the wait is one window at most, and it ends. The newest moment stands first, so it
// tells whether there is one.
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

/** Two minutes are the longest window. Whoever is being counted is passed over. */
const FORGET = {
  name: 'forget-limits',
  text: `with gone as (
      delete from auth_limits where ctid = any(array(
        select ctid from auth_limits where times[1] < clock_timestamp() - interval '2 minutes' limit 1000
        for update skip locked))
      returning 1)
    select count(*)::int as gone from gone`,
};

/** After the clock was set back: what lies in the future counts as now from here on, or it would be kept until then. */
const CORRECT = {
  name: 'correct-limits',
  text: `update auth_limits
      set times = array(select least(time, clock_timestamp()) from unnest(times) with ordinality as t (time, place) order by place)
      where ctid = any(array(select ctid from auth_limits where times[1] > clock_timestamp() for update skip locked))`,
};

export interface LimitOptions {
  name: string;
  /** From 1; above `MOST_PER_MINUTE` it is that. */
  perMinute: number;
  clock: Clock;
  /** Whether half has to be enough at the moment. */
  halved: () => boolean;
}

/**
 * At most so many a minute for each key, whichever minute you look at, counted by PostgreSQL for all replicas together.
 * This process remembers who was refused until when (20 000 of them), so that going on costs the database nothing.
 */
export class Limit {
  readonly #options: LimitOptions;
  readonly #refused: MemoryWindow;
  /** Since when calls with each key are refused, by the monotonic clock. */
  readonly #refusedSince = new LRUCache<string, number>({ max: 20_000 });

  constructor(options: LimitOptions) {
    this.#options = { ...options, perMinute: Math.min(options.perMinute, MOST_PER_MINUTE) };
    this.#refused = new MemoryWindow(options.clock);
  }

  /** Milliseconds until this key may have another one, as far as this process knows. Counts nothing. */
  wait(key: string): number {
    return this.#refused.wait(key, 1);
  }

  /**
   * Counts one and answers 0, or answers how many milliseconds to wait. What is rolled back was not counted.
   *
   * @param em whose connection to count on: inside a transaction its own, for the embedded database has no other
   * @throws whatever the database does: what nobody can count is not let through
   */
  async take(em: EntityManager, key: string): Promise<number> {
    const known = this.wait(key);
    if (known > 0) return known;
    const { name, perMinute, halved } = this.#options;
    const half = halved();
    const most = half ? Math.max(1, Math.floor(perMinute / 2)) : perMinute;
    const seconds = half && perMinute === 1 ? 2 * MINUTE : MINUTE; // Half of one a minute.
    const [row] = await em.execute<{ passed: boolean; sinceMs: number }[]>(TAKE, [
      ...[`${name}:${key}`, most, this.#refusedForSeconds(key), seconds],
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

  /** Notes that a call with this key was refused, by this counter or by another one. */
  noteRefusal(key: string): void {
    if (!this.#refusedSince.has(key)) this.#refusedSince.set(key, this.#options.clock.monotonic());
  }

  #refusedForSeconds(key: string): number {
    const since = this.#refusedSince.get(key);
    return since === undefined ? 0 : (this.#options.clock.monotonic() - since) / 1000;
  }
}

/** One counter of those that a call is counted by. */
export interface Count {
  limit: Limit;
  key: string;
}

/**
 * Counts one by all of these counters and answers 0, or counts nothing and answers how many milliseconds to wait: what
 * one counter refuses uses up nothing of another.
 *
 * Inside a transaction, the caller must roll back where the answer is not 0.
 */
export async function takeAll(em: EntityManager, counts: readonly Count[]): Promise<number> {
  const known = Math.max(0, ...counts.map(({ limit, key }) => limit.wait(key)));
  if (known > 0) return known;
  if (em.isInTransaction() || counts.length < 2) return takeInOrder(em, counts);
  // Every call takes the rows in the same order of limits, so no two wait for each other.
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

/** Removes the counters that have nothing left to say, of all limits. */
export async function forgetCounters(sql: Sql): Promise<void> {
  await sql.query(CORRECT);
  for (let gone = 1; gone > 0; ) gone = (await sql.query<{ gone: number }>(FORGET))[0]?.gone ?? 0;
}
