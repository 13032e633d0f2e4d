import { signatureRefused } from '../identity/access-error.ts';
import { isId } from '../kernel/ids.ts';
import { declaredDigestOf } from './content-digest.ts';
import { isNonce, soleValue } from './headers.ts';
import type { RequestSignature } from './request-signature.ts';

const SIGNATURE = /^kid=(sgk_[0-9A-Z]{26});hmac-sha256=([0-9A-Fa-f]{64})$/;
/** Milliseconds since the epoch, as a number that JavaScript and PostgreSQL hold exactly. */
const TIMESTAMP = /^(?:0|[1-9]\d{0,14})$/;

/**
 * Reads `X-Signature: kid=<id>;hmac-sha256=<hex>`, `X-Timestamp` and `X-Nonce`; null if the request has none of them.
 *
 * @throws AccessError `SIGNATURE_INCOMPLETE`, `SIGNATURE_MALFORMED`
 */
export function readRekeySignature(rawHeaders: readonly string[]): RequestSignature | null {
  const signature = soleValue(rawHeaders, 'x-signature');
  const timestamp = soleValue(rawHeaders, 'x-timestamp');
  const nonce = soleValue(rawHeaders, 'x-nonce');
  if (signature === null && timestamp === null && nonce === null) return null;
  if (signature === null || timestamp === null || nonce === null) throw signatureRefused('SIGNATURE_INCOMPLETE');
  const [, keyId = '', hex = ''] = SIGNATURE.exec(signature) ?? [];
  if (!isId(keyId, 'sgk') || !TIMESTAMP.test(timestamp) || !isNonce(nonce))
    throw signatureRefused('SIGNATURE_MALFORMED');
  return {
    keyId,
    nonce,
    signedAt: Number(timestamp),
    expiresAt: null,
    value: Buffer.from(hex, 'hex'),
    contentOf: ({ method, target, bodyDigest }) => ({
      // Beside a body of its own, `Content-Digest` is a header like any other.
      declaredDigest: bodyDigest ? null : declaredDigestOf(rawHeaders),
      message: (digest) =>
        // Node decodes a request as Latin-1. So this encodes the same bytes that the client has sent.
        Buffer.from([method.toUpperCase(), target, timestamp, nonce, digest.toString('hex')].join('\n'), 'latin1'),
    }),
  };
}
