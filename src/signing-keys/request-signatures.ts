import { timingSafeEqual } from 'node:crypto';
import type { RequestToProve } from '../credentials/credential-type.ts';
import { constantTimeEqual } from '../crypto/compare.ts';
import { hmacSha256 } from '../crypto/hmac.ts';
import { signatureRefused } from '../identity/access-error.ts';
import type { Principal } from '../identity/principal.ts';
import type { Nonces } from './nonces.ts';
import { type RequestSignature, readSignature } from './request-signature.ts';
import { secretOf } from './signing-key.credential.ts';
import type { SigningSecrets } from './signing-secrets.ts';

export interface RequestSignaturesOptions {
  secrets: SigningSecrets;
  nonces: Pick<Nonces, 'consume'>;
  /** Database time, milliseconds since the epoch. */
  now: () => number;
  /** How far the time of a request may be from the time of the database, in milliseconds. */
  windowMs: number;
}

/** Checks signed requests: the time, the signature, the body, and that the same request was not accepted before. */
export class RequestSignatures {
  readonly #options: RequestSignaturesOptions;

  constructor(options: RequestSignaturesOptions) {
    this.#options = options;
  }

  /**
   * Accepts a request once. The nonce is used last, when everything else is good.
   *
   * @param principal of the key that the signature names; null if there is no valid one, which costs the same work
   * @throws AccessError `UNAUTHENTICATED` with its reason, or the error of a database that does not answer
   */
  async verify(request: RequestToProve, principal: Principal | null): Promise<void> {
    const signature = readSignature(request);
    if (!signature) throw signatureRefused('SIGNATURE_INCOMPLETE');
    if (!this.#isTimely(signature)) throw signatureRefused('TIMESTAMP_OUT_OF_RANGE');
    const digest = (await request.bodyDigest?.()) ?? signature.declaredDigest;
    if (!digest || !(await this.#isSigned(signature, digest, principal))) throw signatureRefused('SIGNATURE_INVALID');
    switch (await this.#options.nonces.consume(signature)) {
      case 'fresh':
        return;
      case 'replayed':
        throw signatureRefused('NONCE_REPLAYED');
      case 'tooLate':
        throw signatureRefused('TIMESTAMP_OUT_OF_RANGE');
    }
  }

  #isTimely({ signedAt, expiresAt }: RequestSignature): boolean {
    const { now, windowMs } = this.#options;
    const time = now();
    return Math.abs(time - signedAt) <= windowMs && (expiresAt === null || time < expiresAt);
  }

  /** Whether the key has signed exactly this. Every part is computed, whatever the others say. */
  async #isSigned(signature: RequestSignature, digest: Buffer, principal: Principal | null): Promise<boolean> {
    const { secrets } = this.#options;
    const key = await secrets.open(principal && secretOf(principal));
    const expected = hmacSha256(key, signature.message(digest));
    const isGood = constantTimeEqual(expected, signature.value);
    const hasBody = timingSafeEqual(digest, signature.declaredDigest ?? digest);
    return isGood && hasBody && principal !== null;
  }
}
