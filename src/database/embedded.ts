import type { PGlite } from '@electric-sql/pglite';
import type { Doorbell, Sql, Statement } from '../kernel/sql.ts';

/** The embedded database has one connection; queries wait for the transaction that holds it. */
export class EmbeddedSql implements Sql {
  readonly #pglite: PGlite;

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  async query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.#pglite.query<Row>(statement.text, [...values]);
    return result.rows;
  }
}

/** NOTIFY inside one process. */
export class EmbeddedDoorbell implements Doorbell {
  readonly #pglite: PGlite;
  readonly #channel: string;
  #unlisten: (() => Promise<void>) | null = null;

  constructor(pglite: PGlite, channel: string) {
    this.#pglite = pglite;
    this.#channel = channel;
  }

  async listen(ring: () => void): Promise<void> {
    this.#unlisten = await this.#pglite.listen(this.#channel, () => ring());
    ring();
  }

  async close(): Promise<void> {
    await this.#unlisten?.();
    this.#unlisten = null;
  }
}
