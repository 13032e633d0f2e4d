import { createSecretKey, type KeyObject } from 'node:crypto';
import { createDataKey, makeDataKey } from '../crypto/data-key.ts';
import { makeSecret } from '../crypto/secret-text.ts';
import type { SealedField } from '../database/sealed-field.ts';
import { placeOf, type Sealer } from '../database/sealer.ts';
import type { Sql } from '../database/sql.ts';
import { newId } from '../kernel/ids.ts';

/** The secret of a signing key. */
export const SECRET: SealedField = {
  table: 'signing_keys',
  column: 'secret_sealed',
  key: 'id',
  workspace: 'workspace_id',
  former: { purpose: 'signing-key', aad: (id) => `signing_keys|secret_sealed|${id}` },
};

/** The signing key that a secret belongs to. */
export interface OwnerOfSecret {
  readonly id: string;
  readonly workspaceId: string;
}

/** A sealed secret, and the wrapped data key that opens it. Together they need no query. */
export interface SealedSecret extends OwnerOfSecret {
  readonly sealed: string;
  readonly wrapped: string;
}

/**
 * The secrets of signing keys. They verify signatures, so a hash of them would be a key itself. They are sealed, and the
 * database alone is not enough to sign.
 */
export class SigningSecrets {
  readonly #sealer: Sealer;
  readonly #decoy: () => Buffer;

  constructor(sealer: Sealer) {
    this.#sealer = sealer;
    const key = createDataKey(makeDataKey(), { tenant: 'decoy', version: 1 });
    const place = placeOf(SECRET, { id: newId('sgk') });
    const sealed = key.seal(place, makeSecret('rks'));
    this.#decoy = () => key.open(place, sealed);
  }

  /** Seals a secret so that it opens for no other key. @param sql in the transaction that writes the key */
  seal(owner: OwnerOfSecret, secret: string, sql: Sql): Promise<string> {
    return this.#sealer.seal(SECRET, owner, { plaintext: secret, sql });
  }

  /** The secret as it was shown. @throws SealError if it does not open */
  read(owner: OwnerOfSecret, sealed: string, sql: Sql): Promise<string> {
    return this.#sealer.open(SECRET, owner, { sealed, sql });
  }

  /**
   * The key of the HMAC: the UTF-8 bytes of the whole secret as it was shown. It is opened for each request, so that a
   * valid key and one that does not exist cost the same, and no secret stays in memory. The first request of a workspace
   * on a replica costs more: it unwraps the data key of the workspace.
   *
   * @param secret null for a key that does not exist: returns a key that has signed nothing
   * @throws SealError if it was sealed for another key, or if its data key does not open
   */
  async open(secret: SealedSecret | null): Promise<KeyObject> {
    if (!secret) return createSecretKey(this.#decoy());
    const { sealed, wrapped, ...owner } = secret;
    return createSecretKey(await this.#sealer.openWith(SECRET, owner, { sealed, wrapped }));
  }
}
