import { createHmac, type KeyObject } from 'node:crypto';

/** HMAC-SHA-256 (RFC 2104) of bytes, or of a text's UTF-8: 32 bytes. */
export function hmacSha256(key: KeyObject, message: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(message).digest();
}
