import { randomUUIDv7 } from 'node:crypto';

/** API key, daemon token, session, signing key, user, workspace, revocation, event, refresh token (internal). */
const PREFIXES = ['key', 'dmn', 'ses', 'sgk', 'usr', 'wsp', 'rev', 'evt', 'rft'] as const;

/** The kind of object that an id identifies. */
export type IdPrefix = (typeof PREFIXES)[number];

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

// 26 digits hold 130 bits and a UUID has 128, so the first digit ends at 7. Crockford leaves out I, L, O and U.
const ID = new RegExp(`^(?:${PREFIXES.join('|')})_[0-7][0-9A-HJKMNP-TV-Z]{25}$`);

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
 * @param prefix the one kind of id to accept; without it, any kind
 */
export function isId(value: string, prefix?: IdPrefix): boolean {
  return ID.test(value) && (prefix === undefined || value.startsWith(`${prefix}_`));
}
