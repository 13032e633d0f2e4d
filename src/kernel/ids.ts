import { randomUUIDv7 } from 'node:crypto';

/** Three lower-case letters for the kind of object that an id identifies, e.g. `key`. Its feature chooses them. */
export type IdPrefix = string;

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

// 26 digits hold 130 bits and a UUID has 128, so the first digit ends at 7. Crockford leaves out I, L, O and U.
const ID = /^[a-z]{3}_[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * A new id: the prefix, `_`, and a UUIDv7 (RFC 9562) as 26 characters of Crockford base32.
 *
 * Ids sort by the millisecond of their creation. Within one millisecond their order is random. They are names, not
 * secrets: an id reveals when it was created.
 */
export function newId(prefix: IdPrefix): string {
  const uuid = BigInt(`0x${randomUUIDv7().replaceAll('-', '')}`);
  const digits = uuid.toString(32).padStart(26, '0');
  return `${prefix}_${digits.replace(/./g, (digit) => CROCKFORD[Number.parseInt(digit, 32)]!)}`;
}

/**
 * Whether `value` has the shape of an id: exactly as written by `newId`, in upper case, with nothing around it.
 *
 * @param prefix the kind of id to accept
 */
export function isId(value: string, prefix: IdPrefix): boolean {
  return ID.test(value) && value.startsWith(`${prefix}_`);
}
