import type { EntityManager } from '@mikro-orm/sql';
import { sha256Base64url } from '../crypto/hash.ts';
import { SealError } from '../crypto/seal.ts';
import { sqlIn } from '../database/sql-in.ts';
import type { SigningSecrets } from './signing-secrets.ts';

const BATCH = 500;

/**
 * Adds the hash of the secret to each key that has none, so that a presented secret finds its key. A secret that does
 * not open gets no hash, because it signs nothing.
 */
export async function addSecretHashes(em: EntityManager, secrets: SigningSecrets): Promise<void> {
  for (let last: string | undefined = ''; last !== undefined; ) {
    const rows: { id: string; workspaceId: string; sealed: string }[] = await em.execute(
      `select id, workspace_id as "workspaceId", secret_sealed as sealed from signing_keys
        where secret_hash is null and id > ? order by id limit ${BATCH}`,
      [last],
    );
    for (const { sealed, ...owner } of rows) {
      const secret = await secrets.read(owner, sealed, sqlIn(em)).catch((error) => {
        if (error instanceof SealError) return null;
        throw error;
      });
      if (secret === null) continue;
      await em.execute('update signing_keys set secret_hash = ? where id = ?', [sha256Base64url(secret), owner.id]);
    }
    last = rows.at(-1)?.id;
  }
}
