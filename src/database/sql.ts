/** One SQL statement with numbered parameters; the name is what prepared-statement caches know it by. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * The short way to the database, for the reads and writes that must not pay for a unit of work.
 *
 * Write statements so that both drivers answer alike: bigint as `::float8`, moments as milliseconds
 * (`extract(epoch from …) * 1000`), and no types that only one of them parses.
 */
export interface Sql {
  /** Runs one statement outside any transaction. Rejects when the database is out of reach or too slow. */
  query<Row>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

/** Somebody who rings when a NOTIFY arrives. */
export interface NotificationListener {
  /** `ring` is called for every notification, and after every (re)connection, when some may have been missed. */
  listen(ring: () => void): Promise<void>;
  close(): Promise<void>;
}
