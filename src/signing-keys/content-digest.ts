import { signatureRefused } from '../identity/access-error.ts';
import { dictionaryOf } from './headers.ts';

const SHA256_BYTES = 32;

/**
 * The SHA-256 of the body that `Content-Digest` declares (RFC 9530 §2). Other algorithms in it are ignored.
 *
 * @throws AccessError `SIGNATURE_INCOMPLETE` if it has none, `SIGNATURE_MALFORMED` if it is not well-formed
 */
export function declaredDigestOf(rawHeaders: readonly string[]): Buffer {
  const [digest] = dictionaryOf(rawHeaders, 'content-digest').get('sha-256') ?? [];
  if (digest === undefined) throw signatureRefused('SIGNATURE_INCOMPLETE');
  if (!(digest instanceof ArrayBuffer) || digest.byteLength !== SHA256_BYTES)
    throw signatureRefused('SIGNATURE_MALFORMED');
  return Buffer.from(digest);
}
