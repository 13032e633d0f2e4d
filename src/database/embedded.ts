import type { PGlite } from '@electric-sql/pglite';
import { withTimeout } from '../kernel/timeout.ts';
import type { NotificationListener, Sql, Statement } from './sql.ts';

/**
 * The extensions of PostgreSQL that migrations create. The embedded database loads them from its package when it opens.
 */
export async function embeddedExtensions() {
  const { pg_trgm } = await import('@electric-sql/pglite/contrib/pg_trgm');
  return { pg_trgm };
}

/**
 * The embedded database has one connection. Queries wait for the transaction that holds it, at most for `timeoutMs`.
 */
export class EmbeddedSql implements Sql {
  readonly #pglite: Pick<PGlite, 'query'>;
  readonly #timeoutMs: number | null;

  constructor(pglite: Pick<PGlite, 'query'>, timeoutMs: number | null = null) {
    this.#pglite = pglite;
    this.#timeoutMs = timeoutMs;
  }

  async query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const asking = this.#pglite.query<Row>(statement.text, [...values]);
    const result = await (this.#timeoutMs === null ? asking : withTimeout(this.#timeoutMs, asking));
    return result.rows;
  }
}

/** NOTIFY inside one process. */
export class EmbeddedNotificationListener implements NotificationListener {
  readonly #pglite: PGlite;
  readonly #channel: string;
  #unlisten: (() => Promise<void>) | null = null;

  constructor(pglite: PGlite, channel: string) {
    this.#pglite = pglite;
    this.#channel = channel;
  }

  async listen(onNotify: () => void): Promise<void> {
    this.#unlisten = await this.#pglite.listen(this.#channel, () => onNotify());
    onNotify();
  }

  async close(): Promise<void> {
    await this.#unlisten?.();
    this.#unlisten = null;
  }
}
