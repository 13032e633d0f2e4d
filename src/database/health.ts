import type { Sql, Statement } from './sql.ts';
import { whyNotNow } from './sql-errors.ts';

/** How long the result of the write is reused, in milliseconds. Every client may request it, so writes must be few. */
const WRITE_HOLDS_MS = 1000;

const READ: Statement = {
  name: 'health-read',
  text: `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as "readOnly"`,
};
const WRITE: Statement = {
  name: 'health-write',
  text: `insert into auth_write_check (at) values (clock_timestamp())
    on conflict (one) do update set at = excluded.at`,
};

/** Whether the database can do what requests need. */
export class DatabaseHealth {
  readonly #sql: Sql;
  readonly #monotonic: () => number;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #written: Promise<unknown> = Promise.resolve();

  constructor(sql: Sql, monotonic: () => number) {
    this.#sql = sql;
    this.#monotonic = monotonic;
  }

  /** Whether the primary answers now. A request without a cached credential needs it. */
  async answers(): Promise<boolean> {
    return this.#read().then(
      (problem) => problem === null,
      () => false,
    );
  }

  /**
   * Why the database cannot read or write now; null if it can.
   *
   * Every call reads. At most once per second, a call commits a write of one row. The write proves that the server is a
   * primary, that transactions are not read-only, that the role of this service may write, and that a commit succeeds,
   * including the write-ahead log and the standbys that it waits for. It does not prove that there is room for a new
   * page: on a full disk, the first statement that needs one fails.
   */
  async problem(): Promise<string | null> {
    try {
      const problem = await this.#read();
      if (problem === null) await this.#write();
      return problem;
    } catch (error) {
      return whyNotNow(error) ?? 'unreachable';
    }
  }

  async #read(): Promise<string | null> {
    const [row] = await this.#sql.query<{ standby: boolean; readOnly: boolean }>(READ);
    if (row?.standby) return 'a standby, which accepts no writes';
    return row?.readOnly ? 'read-only' : null;
  }

  #write(): Promise<unknown> {
    const now = this.#monotonic();
    if (now - this.#writtenAt >= WRITE_HOLDS_MS) {
      this.#writtenAt = now;
      this.#written = this.#sql.query(WRITE);
    }
    return this.#written;
  }
}
