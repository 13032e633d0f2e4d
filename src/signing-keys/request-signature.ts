import type { RequestToProve } from '../credentials/credential-type.ts';
import { signatureRefused } from '../identity/access-error.ts';
import { readHttpSignature } from './http-signature.ts';
import { readRekeySignature } from './rekey-signature.ts';

/** A signature in the headers of a request, in either profile. It is not verified yet. */
export interface RequestSignature {
  /** The id of the signing key. */
  readonly keyId: string;
  readonly nonce: string;
  /** When the client signed it, by its own clock, in milliseconds since the epoch. */
  readonly signedAt: number;
  /** When the client lets it expire, in milliseconds since the epoch; null: it does not say so. */
  readonly expiresAt: number | null;
  /** HMAC-SHA-256. */
  readonly value: Buffer;
  /**
   * What is signed of the request with these headers.
   *
   * @throws AccessError `SIGNATURE_INCOMPLETE`, `SIGNATURE_MALFORMED`
   */
  contentOf(request: RequestToProve): SignedContent;
}

/** What a signature covers of one request. */
export interface SignedContent {
  /**
   * The SHA-256 of the body that the headers declare; null if only the body itself tells it. The body must have it, unless
   * a gateway keeps the body.
   */
  readonly declaredDigest: Buffer | null;
  /** The bytes that were signed. @param bodyDigest SHA-256 of the body */
  message(bodyDigest: Buffer): Buffer;
}

/**
 * The signature of a request: in `X-Signature`, `X-Timestamp` and `X-Nonce`, or by RFC 9421 in `Signature-Input` and
 * `Signature`.
 *
 * @returns null if there is none of ours
 * @throws AccessError `UNAUTHENTICATED`: `SIGNATURE_INCOMPLETE`, or `SIGNATURE_MALFORMED` also if there are two
 */
export function readSignature(rawHeaders: readonly string[]): RequestSignature | null {
  const rekey = readRekeySignature(rawHeaders);
  const http = readHttpSignature(rawHeaders);
  if (rekey && http) throw signatureRefused('SIGNATURE_MALFORMED');
  return rekey ?? http;
}
