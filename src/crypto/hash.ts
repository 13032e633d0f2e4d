import { hash } from 'node:crypto';

/** SHA-256 (FIPS 180-4) of bytes, or of a text's UTF-8: 32 bytes. */
export function sha256(value: string | Uint8Array): Buffer {
  return hash('sha256', value, 'buffer');
}

/** SHA-256 (FIPS 180-4) of a text's UTF-8, as base64url without padding: 43 characters. */
export function sha256Base64url(value: string): string {
  return hash('sha256', value, 'base64url');
}
