import { base64, sha256 } from './bytes.ts';
import { RekeyError } from './error.ts';

/** The value of `Content-Digest` (RFC 9530 §2) for a body with this SHA-256. */
export function contentDigest(digest: Uint8Array): string {
  return `sha-256=:${base64(digest)}:`;
}

/** A member of a `Content-Digest`: the algorithm, and the digest in base64. */
const MEMBER = /^[ \t]*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):[ \t]*$/;

/**
 * Checks that the body of a request is the one that its `Content-Digest` names. Call it behind a gateway before you trust
 * the body: the gateway asks Rekey about the signature, which covers the header `Content-Digest`, and Rekey does not see
 * the body. The check says nothing about requests that are not signed.
 *
 * The header must have exactly one `sha-256`, and each of its members the form `<algorithm>=:<base64>:`. Behind a gateway,
 * Rekey rejects a signed request with any other header. Digests by other algorithms are not compared, because not every
 * signature covers them.
 *
 * @param request the request. Its body stays readable.
 * @param body the raw bytes, if the body was read before
 * @throws RekeyError with the code `CONTENT_DIGEST_MISMATCH` if the body is another one, or if `Content-Digest` is
 *   missing, is malformed or has not exactly one `sha-256`
 *
 * @example
 * ```ts
 * await assertContentDigest(request);
 * const order = await request.json();
 * ```
 */
export async function assertContentDigest(
  request: Pick<Request, 'headers' | 'clone'>,
  body?: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const members = (request.headers.get('content-digest') ?? '').split(',').map((member) => MEMBER.exec(member));
  const digests = members.filter((member) => member?.[1] === 'sha-256');
  if (digests.length !== 1 || members.includes(null)) {
    throw mismatch('The header `Content-Digest` must have exactly one `sha-256`, as in `sha-256=:<base64>:`.');
  }
  const bytes = body ?? new Uint8Array(await request.clone().arrayBuffer());
  if (base64(await sha256(bytes)) !== digests[0]![2]) {
    throw mismatch('The body of the request is not the one that the header `Content-Digest` names.');
  }
}

function mismatch(message: string): RekeyError {
  return new RekeyError('CONTENT_DIGEST_MISMATCH', message);
}
