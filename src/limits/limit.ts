import type { EntityManager } from '@mikro-orm/sql';
import type { Clock } from '../kernel/clock.ts';
import type { Sql } from '../kernel/sql.ts';
import { MemoryWindow } from './memory-window.ts';

/** Each counter keeps its moments one by one, and each call reads and writes them all. */
export const MOST_PER_MINUTE = 10_000;
const MINUTE = 60;

// Keeps the moments of the last that were let through, newest first, and asks whether the oldest of them is less than a
// window ago. It is one step: whoever comes second waits for the row, and judges by what the first one has left there.
// `passed` is only there to be returned: what has just been said of this one.
const TAKE = `
  insert into auth_limits as known (key, times, passed) values (?, array[clock_timestamp()], true)
  on conflict (key) do update set (times, passed) = (
    select case when passes then (array_prepend(now, known.times))[:most] else known.times end, passes
    from (select clock_timestamp() as now, ?::int as most) asked
    cross join lateral (select coalesce(known.times[most] <= now - make_interval(secs => ?), true) as passes) judged)
  returning passed, (extract(epoch from times[?] - clock_timestamp()) * 1000)::float8 as "sinceMs"`;

/** Two minutes are the longest window. Whoever is being counted is passed over. */
const FORGET = {
  name: 'forget-limits',
  text: `with gone as (
      delete from auth_limits where key in (
        select key from auth_limits where times[1] < clock_timestamp() - interval '2 minutes' limit 1000
        for update skip locked)
      returning 1)
    select count(*)::int as gone from gone`,
};

export interface LimitOptions {
  name: string;
  /** From 1 to `MOST_PER_MINUTE`. */
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

  constructor(options: LimitOptions) {
    this.#options = options;
    this.#refused = new MemoryWindow(options.clock);
  }

  /**
   * Counts one and answers 0, or answers how many milliseconds to wait. What is rolled back was not counted.
   *
   * @param em whose connection to count on: inside a transaction its own, for the embedded database has no other
   * @throws whatever the database does: what nobody can count is not let through
   */
  async take(em: EntityManager, key: string): Promise<number> {
    const known = this.#refused.wait(key, 1);
    if (known > 0) return known;
    const { name, perMinute, halved } = this.#options;
    const half = halved();
    const most = half ? Math.max(1, Math.floor(perMinute / 2)) : perMinute;
    const seconds = half && perMinute === 1 ? 2 * MINUTE : MINUTE; // Half of one a minute.
    const [row] = await em.execute<{ passed: boolean; sinceMs: number }[]>(TAKE, [
      ...[`${name}:${key}`, most, seconds],
      most,
    ]);
    if (!row) throw new Error('An upsert without a condition always has a row.');
    if (row.passed) return 0;
    const waitMs = Math.max(1, row.sinceMs + seconds * 1000);
    this.#refused.note(key, { passed: false, waitMs });
    return waitMs;
  }
}

/** Removes the counters that have nothing left to say, of all limits. */
export async function forgetCounters(sql: Sql): Promise<void> {
  for (let gone = 1; gone > 0; ) gone = (await sql.query<{ gone: number }>(FORGET))[0]?.gone ?? 0;
}
