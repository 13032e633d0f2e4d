import { timingSafeEqual } from 'node:crypto';
import type { PresentedSignature, RequestToProve, VerifySignature } from '../credentials/credential-type.ts';
import { constantTimeEqual } from '../crypto/compare.ts';
import { hmacSha256 } from '../crypto/hmac.ts';
import { signatureRefused } from '../identity/access-error.ts';
import type { Principal } from '../identity/principal.ts';
import type { Nonces } from './nonces.ts';
import { type RequestSignature, readSignature, type SignedContent } from './request-signature.ts';
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
   * The signature of ours in the headers of a request; null if there is none.
   *
   * Its check ends with the nonce, which is used when everything else is good. It throws an AccessError `UNAUTHENTICATED`
   * with its reason, or the error of a database that does not answer.
   *
   * @throws AccessError `UNAUTHENTICATED` if it is incomplete or malformed
   */
  read(rawHeaders: readonly string[]): PresentedSignature | null {
    const signature = readSignature(rawHeaders);
    return signature && { keyId: signature.keyId, begin: (request) => this.#begin(signature, request) };
  }

  #begin(signature: RequestSignature, request: RequestToProve): VerifySignature {
    const content = signature.contentOf(request);
    this.#checkTime(signature);
    return async (principal) => {
      const digest = (await request.bodyDigest?.()) ?? content.declaredDigest;
      // Again: the body may have arrived slowly.
      this.#checkTime(signature);
      if (!digest || !(await this.#isSigned({ signature, content, digest }, principal)))
        throw signatureRefused('SIGNATURE_INVALID');
      await this.#useNonce(signature);
    };
  }

  async #useNonce(signature: RequestSignature): Promise<void> {
    switch (await this.#options.nonces.consume(signature)) {
      case 'fresh':
        return;
      case 'replayed':
        throw signatureRefused('NONCE_REPLAYED');
      case 'tooLate':
        throw signatureRefused('TIMESTAMP_OUT_OF_RANGE');
    }
  }

  #checkTime({ signedAt, expiresAt }: RequestSignature): void {
    const { now, windowMs } = this.#options;
    const time = now();
    const isTimely = Math.abs(time - signedAt) <= windowMs && (expiresAt === null || time < expiresAt);
    if (!isTimely) throw signatureRefused('TIMESTAMP_OUT_OF_RANGE');
  }

  /** Whether the key has signed exactly this. Every part is computed, whatever the others say. */
  async #isSigned(
    { signature, content, digest }: { signature: RequestSignature; content: SignedContent; digest: Buffer },
    principal: Principal | null,
  ): Promise<boolean> {
    const { secrets } = this.#options;
    const key = await secrets.open(principal && secretOf(principal));
    const expected = hmacSha256(key, content.message(digest));
    const isGood = constantTimeEqual(expected, signature.value);
    const hasBody = timingSafeEqual(digest, content.declaredDigest ?? digest);
    return isGood && hasBody && principal !== null;
  }
}
