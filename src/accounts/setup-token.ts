import type { EntityManager } from '@mikro-orm/sql';
import { constantTimeEqual } from '../crypto/compare.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { randomBase62 } from '../kernel/random.ts';

/**
 * The one-time token with which the first administrator is created: set by the operator, or generated and shown once.
 */
export class SetupToken {
  readonly #given: string | null;

  constructor(given: string | null) {
    this.#given = given;
  }

  /**
   * Generates a token if one is needed and none was shown yet.
   *
   * @param replace whether to show a new token until one was used. Used with the embedded database, because everyone
   *   who can read the terminal controls that database anyway
   * @returns the token to show; null if there is none
   */
  async announce(em: EntityManager, replace: boolean): Promise<string | null> {
    if (this.#given !== null || (await isBootstrapped(em))) return null;
    const token = `setup_${randomBase62(32)}`;
    const rows = await em.execute(
      `insert into setup_token (token_hash) values (?)
        on conflict (one) do update set token_hash = excluded.token_hash where ? returning 1`,
      [sha256Base64url(token), replace],
    );
    return rows.length > 0 ? token : null;
  }

  async matches(em: EntityManager, presented: string): Promise<boolean> {
    if (this.#given !== null) return constantTimeEqual(this.#given, presented);
    const [row] = await em.execute<{ token_hash: string }[]>('select token_hash from setup_token');
    return row !== undefined && constantTimeEqual(row.token_hash, sha256Base64url(presented));
  }
}

/** Whether the first administrator was created. */
export async function isBootstrapped(em: EntityManager): Promise<boolean> {
  const rows = await em.execute('select 1 from bootstrapped');
  return rows.length > 0;
}
