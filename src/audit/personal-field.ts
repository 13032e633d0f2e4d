import { sha256 } from '../crypto/hash.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { open, seal } from '../crypto/seal.ts';
import { randomBytes } from '../kernel/random.ts';

const SALT_BYTES = 16;

/** A personal field of an event. Both columns of its name are named after it. */
export type PersonalField = 'ip_address' | 'user_agent';

/** How an event stores a personal field. Without `sealed`, the value was erased and the chain still holds. */
export interface StoredPersonal {
  /** The salt and the value, encrypted. */
  sealed: string;
  /** The lower-case hex SHA-256 of the salt and the value. The hash of the event covers it. */
  digest: string;
}

/** The bytes that a digest covers: the salt, then the value in UTF-8. */
interface OpenedPersonal {
  salt: Buffer;
  value: string;
}

/**
 * Stores a personal field of an event. The salt is sealed together with the value: without the master key, it is not
 * possible to try all addresses against the digest.
 */
export function storePersonal(
  keyring: Keyring,
  { eventId, field, value }: { eventId: string; field: PersonalField; value: string },
): StoredPersonal {
  const salted = Buffer.concat([randomBytes(SALT_BYTES), Buffer.from(value)]);
  return {
    sealed: seal(keyring, { ...bindingOf(eventId, field), plaintext: salted }),
    digest: sha256(salted).toString('hex'),
  };
}

/** Opens what `storePersonal` has sealed. @throws SealError if it was modified, or moved to another event */
export function openPersonal(
  keyring: Keyring,
  { eventId, field, sealed }: { eventId: string; field: PersonalField; sealed: string },
): OpenedPersonal {
  const salted = open(keyring, { ...bindingOf(eventId, field), sealed });
  return { salt: salted.subarray(0, SALT_BYTES), value: salted.subarray(SALT_BYTES).toString('utf8') };
}

/** The digest of an opened field. */
export function digestOf({ salt, value }: OpenedPersonal): string {
  return sha256(Buffer.concat([salt, Buffer.from(value)])).toString('hex');
}

function bindingOf(eventId: string, field: PersonalField) {
  return { purpose: 'audit-personal', aad: `audit_events|${field}|${eventId}` };
}
