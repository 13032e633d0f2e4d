import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Keyring } from '../crypto/keyring.ts';
import { open, type SealBinding, seal } from '../crypto/seal.ts';
import { makeSecret } from '../crypto/secret-text.ts';
import { newId } from '../kernel/ids.ts';

/** A sealed secret, and the id of the signing key that it belongs to. */
export interface SealedSecret {
  id: string;
  sealed: string;
}

/**
 * The secrets of signing keys. They verify signatures, so a hash of them would be a key itself. They are sealed, and the
 * database alone is not enough to sign.
 */
export class SigningSecrets {
  readonly #keyring: Keyring;
  readonly #decoy: SealedSecret;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
    this.#decoy = this.seal(newId('sgk'), makeSecret('rks'));
  }

  /** Seals the secret of the key with this id, so that it opens for no other one. */
  seal(id: string, secret: string): SealedSecret {
    return { id, sealed: seal(this.#keyring, { ...boundTo(id), plaintext: secret }) };
  }

  /**
   * The key of the HMAC: the UTF-8 bytes of the whole secret as it was shown. It is opened for each request, so that a
   * valid key and one that does not exist cost the same, and no secret stays in memory.
   *
   * @param secret null for a key that does not exist: returns a key that has signed nothing
   * @throws SealError if it was sealed for another key, or with a master key that is not configured
   */
  open(secret: SealedSecret | null): KeyObject {
    const { id, sealed } = secret ?? this.#decoy;
    return createSecretKey(open(this.#keyring, { ...boundTo(id), sealed }));
  }
}

function boundTo(id: string): SealBinding {
  return { purpose: 'signing-key', aad: `signing_keys|secret_sealed|${id}` };
}
