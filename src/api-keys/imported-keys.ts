import type { Sql, Statement } from '../database/sql.ts';
import type { Logger } from '../kernel/logger.ts';
import type { InvalidationFeed } from '../revocation/feed.ts';
import type { Replica } from '../revocation/replica.ts';
import { IMPORTED_KEYS_TAG } from '../revocation/tags.ts';

const READ: Statement = {
  name: 'api-key-imports',
  text: 'select exists (select from api_key_imports) as exist',
};

export interface ImportedKeysOptions {
  sql: Sql;
  replica: Pick<Replica, 'leaseRemaining'>;
  feed: InvalidationFeed;
  logger: Logger;
}

/**
 * Whether keys were imported whose secrets lack the form of this service. Where none were, a text without this form is
 * rejected before any I/O.
 *
 * It is read after this replica has taken its position in the log, and a row of the log announces each later import. So
 * "none" is certain as long as this replica holds a lease. At any other time, an import may be unknown here, and a text
 * is looked up.
 */
export class ImportedKeys {
  readonly #options: ImportedKeysOptions;
  /** Null: unknown. Once there are imported keys, there always are. */
  #exist: boolean | null = null;
  /** Counts the events that make the result of an earlier read uncertain. */
  #doubts = 0;

  constructor(options: ImportedKeysOptions) {
    this.#options = options;
    const doubt = () => this.#doubt();
    options.feed.listen({
      invalidated: (tag) => {
        if (tag === IMPORTED_KEYS_TAG) this.#exist = true;
      },
      everything: doubt, // It may stand for the row of an import.
      begins: doubt, // The rows before the position were not published.
    });
  }

  /** Whether a text without the form of this service may be the secret of an imported key. */
  mayExist(): boolean {
    return this.#exist !== false || this.#options.replica.leaseRemaining() <= 0;
  }

  /** Finds out whether there are imported keys, if that is not known. Call it when this replica holds a lease. */
  async read(): Promise<void> {
    if (this.#exist !== null) return;
    const doubts = this.#doubts;
    const [row] = await this.#options.sql.query<{ exist: boolean }>(READ);
    if (this.#doubts === doubts && this.#exist === null) this.#exist = row?.exist ?? null;
  }

  #doubt(): void {
    if (this.#exist) return;
    this.#doubts++;
    this.#exist = null;
    // Until it succeeds, such texts are looked up. Housekeeping repeats it.
    this.read().catch((err) => this.#options.logger.debug({ err }, 'looking for imported keys failed'));
  }
}
