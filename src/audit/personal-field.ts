import { sha256 } from '../crypto/hash.ts';
import type { SealedField } from '../database/sealed-field.ts';
import type { Sealer } from '../database/sealer.ts';
import type { Sql } from '../database/sql.ts';
import { randomBytes } from '../kernel/random.ts';

const SALT_BYTES = 16;
const SALT_CHARACTERS = 2 * SALT_BYTES;

/** A personal field of an event. Its columns are `<field>_sealed` and `<field>_digest`. */
export type PersonalField = 'ip_address' | 'user_agent';

const sealedField = (field: PersonalField): SealedField => ({
  table: 'audit_events',
  column: `${field}_sealed`,
  key: 'id',
});

/**
 * The columns of personal fields. They are sealed for the accounts, because one list shows events of many workspaces.
 */
export const PERSONAL_FIELDS: Readonly<Record<PersonalField, SealedField>> = {
  ip_address: sealedField('ip_address'),
  user_agent: sealedField('user_agent'),
};

/** A value with its salt. */
export interface Salted {
  /** The salt in hex, then the value. It is stored sealed: a reader of a plain salt could try all addresses. */
  text: string;
  /** The lower-case hex SHA-256 of the salt and the value in UTF-8. The hash of the event covers it. */
  digest: string;
}

export interface OpenedPersonal {
  salt: Buffer;
  value: string;
}

/** A value with a new salt. */
export function salted(value: string): Salted {
  const salt = randomBytes(SALT_BYTES);
  return { text: `${salt.toString('hex')}${value}`, digest: digestOf({ salt, value }) };
}

/**
 * Opens a sealed personal field.
 *
 * @throws SealError if it was modified, or moved to another event
 */
export async function openPersonal(
  sealer: Sealer,
  { eventId, field, sealed }: { eventId: string; field: PersonalField; sealed: string },
  sql: Sql,
): Promise<OpenedPersonal> {
  const text = await sealer.open(PERSONAL_FIELDS[field], { id: eventId }, { sealed, sql });
  return { salt: Buffer.from(text.slice(0, SALT_CHARACTERS), 'hex'), value: text.slice(SALT_CHARACTERS) };
}

/** The digest of an opened field. */
export function digestOf({ salt, value }: OpenedPersonal): string {
  return sha256(Buffer.concat([salt, Buffer.from(value)])).toString('hex');
}
