import type { Keyring } from '../crypto/keyring.ts';
import { blindIndex, blindIndexes, open, seal } from '../crypto/seal.ts';

const FIELD = 'users.email';
// Not a grammar (RFC 5321 has one that nobody wants): something before and after one @, no white space, a sane length.
const ADDRESS = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u;

/** What two spellings of one address have in common. */
export function canonicalEmail(email: string): string {
  // Composed once more: a lower-case letter may have a composed form where its upper-case one has none.
  return email.trim().toLowerCase().normalize('NFC');
}

/** Whether this can be an email address: at most 254 characters (RFC 5321), one @ with something on both sides. */
export function isEmail(email: string): boolean {
  const trimmed = email.trim();
  return trimmed.length <= 254 && ADDRESS.test(trimmed);
}

/** Whether this address is in the domain that never exists (RFC 2606), like the one that the canary goes by. */
export function isNobodys(email: string): boolean {
  const [, domain = ''] = canonicalEmail(email).split('@', 2);
  return /(?:^|\.)invalid\.?$/.test(domain);
}

/**
 * Keeps addresses encrypted and still finds them: the address is sealed under the id of its row, and a keyed hash of
 * its canonical form answers "whose is this?". The hash reveals which rows are equal, and nothing else.
 */
export class EmailVault {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  seal(userId: string, email: string): { emailSealed: string; emailIndex: Buffer } {
    return {
      emailSealed: seal(this.#keyring, FIELD, userId, email.trim()),
      emailIndex: blindIndex(this.#keyring, FIELD, canonicalEmail(email)),
    };
  }

  open(user: { id: string; emailSealed: string }): string {
    return open(this.#keyring, FIELD, user.id, user.emailSealed).toString('utf8');
  }

  /** One name for all spellings of an address, under the current key. */
  nameOf(email: string): string {
    return blindIndex(this.#keyring, FIELD, canonicalEmail(email)).toString('base64url');
  }

  /** What to search for: the address under the current key, and under every retired one that rows may still have. */
  indexes(email: string): Buffer[] {
    return blindIndexes(this.#keyring, FIELD, canonicalEmail(email));
  }
}
