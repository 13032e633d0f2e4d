import { LRUCache } from 'lru-cache';
import type { Sql, Statement } from '../database/sql.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';

// Only ever forward, and at most once a window, whichever replica saw the credential. A moment in the future is left from
// before the clock was set back: the next use corrects it. In a table of its own, which no credential is read from:
// whatever is written here, nothing comes back to life.
const NOTE: Statement = {
  name: 'usage-note',
  text: `insert into credential_usage as u (credential_id, last_used_at)
    select id, to_timestamp(at / 1000) from unnest($1::text[], $2::float8[]) as n (id, at) order by id
    on conflict (credential_id) do update set last_used_at = excluded.last_used_at
      where u.last_used_at <= excluded.last_used_at - make_interval(secs => $3::float8)
        or u.last_used_at > clock_timestamp() + interval '1 second'`,
};

export interface LastUsedOptions {
  sql: Sql;
  clock: Clock;
  logger: Logger;
  /** Database time, milliseconds since the epoch. */
  now: () => number;
  /** At most one write per credential in this many seconds. */
  windowSeconds: number;
  /** How many credentials to remember as written lately. */
  entries: number;
}

/** Between two writes of what has been collected. */
const WRITE_EVERY_MS = 2000;
const LONGEST_BATCH = 5000;

/** Notes when credentials were used: in memory on the hit path, in batches to the database, and never twice a window. */
export class LastUsed {
  readonly #options: LastUsedOptions;
  /** When a use was last noted, by our monotonic clock. */
  readonly #noted: LRUCache<string, number>;
  #pending = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LastUsedOptions) {
    this.#options = options;
    this.#noted = new LRUCache({ max: options.entries });
  }

  /** Cheap enough for every request: one look into a map, unless a window has passed. */
  note(credentialId: string): void {
    const { clock, windowSeconds, now } = this.#options;
    const noted = this.#noted.peek(credentialId); // Who was noted longest ago is forgotten first, however busy.
    const at = clock.monotonic();
    if (noted !== undefined && at - noted < windowSeconds * 1000) return;
    this.#noted.set(credentialId, at);
    this.#pending.set(credentialId, now());
    if (this.#pending.size >= LONGEST_BATCH) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), WRITE_EVERY_MS).unref();
  }

  /** Writes what is pending. Failures are kept and tried again; they never fail a request. */
  flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const batch = this.#pending;
    if (batch.size === 0) return;
    this.#pending = new Map();
    try {
      const { sql, windowSeconds } = this.#options;
      await sql.query(NOTE, [[...batch.keys()], [...batch.values()], windowSeconds]);
    } catch (error) {
      this.#options.logger.warn({ err: error, credentials: batch.size }, 'writing last-used times failed; retrying');
      // Whatever was used since is the later use.
      for (const [id, at] of batch) if (!this.#pending.has(id)) this.#pending.set(id, at);
      this.#timer ??= setTimeout(() => void this.flush(), WRITE_EVERY_MS).unref();
    }
  }
}
