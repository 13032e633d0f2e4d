import { signatureRefused } from '../identity/access-error.ts';
import { textOf } from './headers.ts';

const SHA256_BYTES = 32;
/** A member of a `Content-Digest`: an algorithm and a digest in base64. It has no parameters, so a comma ends it. */
const MEMBER = /^[ \t]*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):[ \t]*$/;

/**
 * The SHA-256 of the body that `Content-Digest` declares (RFC 9530 §2). Other algorithms in it are ignored.
 *
 * It must declare exactly one SHA-256, and each member must have one plain form. Otherwise the service and a backend
 * behind a gateway could use different digests, and the backend would accept a body that was not signed.
 *
 * @throws AccessError `SIGNATURE_INCOMPLETE` if it has none, `SIGNATURE_MALFORMED` if it has several or another form
 */
export function declaredDigestOf(rawHeaders: readonly string[]): Buffer {
  const text = textOf(rawHeaders, 'content-digest');
  if (text === null) throw signatureRefused('SIGNATURE_INCOMPLETE');
  const members = text.split(',').map((member) => MEMBER.exec(member));
  const digests = members.filter((member) => member?.[1] === 'sha-256').map((member) => member![2]!);
  if (members.includes(null) || digests.length > 1) throw signatureRefused('SIGNATURE_MALFORMED');
  if (digests.length === 0) throw signatureRefused('SIGNATURE_INCOMPLETE');
  const digest = Buffer.from(digests[0]!, 'base64');
  if (digest.length !== SHA256_BYTES) throw signatureRefused('SIGNATURE_MALFORMED');
  return digest;
}
