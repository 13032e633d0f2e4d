import { hkdfSync, type KeyObject } from 'node:crypto';

/** HKDF-SHA-256 (RFC 5869): the key material for one `info`. */
export function hkdfSha256(
  key: KeyObject,
  { salt = '', info, length }: { salt?: string | Uint8Array; info: string | Uint8Array; length: number },
): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, length));
}
