/** One SQL statement with numbered parameters. Its name identifies it in caches of prepared statements. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * Direct access to the database, for reads and writes that must not pay for a unit of work.
 *
 * Write statements so that both drivers return the same: bigint as `::float8`, moments as milliseconds
 * (`extract(epoch from …) * 1000`), and no types that only one of them parses.
 */
export interface Sql {
  /** Runs one statement outside of any transaction. Rejects if the database is out of reach or too slow. */
  query<Row>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

/** Receives the notifications of a channel. */
export interface NotificationListener {
  /** Calls `onNotify` for every notification, and after every (re)connection, because some may have been missed. */
  listen(onNotify: () => void): Promise<void>;
  close(): Promise<void>;
}
