import { sha256Base64url } from '../crypto/hash.ts';
import { AccessError, credentialRefused, signatureRefused, unavailable } from '../identity/access-error.ts';
import type { CredentialKind, Principal } from '../identity/principal.ts';
import type { RateLimit, RateState } from '../identity/rate-limit.ts';
import {
  type Asked,
  type AuthenticatedRequest,
  askedBy,
  noBody,
  notForwarded,
  type ReadBody,
  type ReadForwarded,
  toProve,
} from './asked-request.ts';
import type { AcceptedCredential } from './cached-credential.ts';
import { CredentialLookup, type CredentialLookupOptions } from './credential-lookup.ts';
import type { PresentedSignature, RequestToProve, VerifySignature } from './credential-type.ts';
import type { LastUsed } from './last-used.ts';
import { type PresentedCredential, presentedCredential, withoutSignature } from './presented-credential.ts';
import { signedBy } from './signed-credential.ts';

/** See `Authenticator.authenticate`. */
export type Authenticate = Authenticator['authenticate'];

/** Counts the requests of credentials with a rate limit. */
export interface RateCounter {
  /**
   * @param address of the client, for the audit log
   * @throws AccessError `RATE_LIMITED` if the limit is reached, `AUTHENTICATION_UNAVAILABLE` if that cannot be determined
   */
  take(principal: Principal, limit: RateLimit, address: () => string): RateState | Promise<RateState>;
}

export interface AuthenticatorOptions extends CredentialLookupOptions {
  lastUsed: LastUsed;
  rates: RateCounter;
  /** A credential was rejected, for the audit log. Must not throw and must not block. */
  rejected: (kind: CredentialKind | 'unknown', reason: string, address: string) => void;
}

/**
 * Authenticates requests. Every endpoint uses it: GraphQL, forward auth and introspection.
 *
 * It depends on no kind of credential: it reads the list of credential types. A well-formed text is identified and
 * loaded (cacheable), then proved (for every request, if its type demands a proof). A malformed text costs no I/O.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #lookup: CredentialLookup;
  /** Outcomes by kind of credential, for the metrics. */
  readonly counts: Record<CredentialKind, { accepted: number; refused: number }>;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#lookup = new CredentialLookup(options);
    const kinds = [...options.types.all.map(({ kind }) => kind), 'unknown'];
    this.counts = Object.fromEntries(kinds.map((kind) => [kind, { accepted: 0, refused: 0 }]));
  }

  /**
   * The credential of this request and its principal; null if the request carries none.
   *
   * Returns without a promise if the entry is in memory and no proof is needed, as for nearly every request.
   *
   * @param readBody omitted by an endpoint whose requests have no body
   * @param readForwarded omitted by an endpoint that gateways do not ask about other requests
   * @throws AccessError `UNAUTHENTICATED` if the credential is not valid, `RATE_LIMITED` after too many failures from
   *   this address or if the credential has reached its rate limit, `AUTHENTICATION_UNAVAILABLE` if that cannot be
   *   determined
   */
  authenticate<Request extends AuthenticatedRequest>(
    request: Request,
    readBody: ReadBody<Request> = noBody,
    readForwarded: ReadForwarded = notForwarded,
  ): AcceptedCredential | null | Promise<AcceptedCredential | null> {
    const { types } = this.#options;
    const presented = presentedCredential(request, types.isOurs);
    if (presented === null) return null;
    if (presented.maybeSigned) return this.#authenticateSigned(presented, askedBy(request, readBody, readForwarded));
    return this.#authenticateUnsigned(presented, request, readBody, readForwarded);
  }

  /**
   * The principal that this text stands for now; null if it authenticates nothing. It does not count as a use, and
   * needs no proof of possession. From which addresses it is accepted is not checked.
   */
  async introspect(text: string): Promise<Principal | null> {
    return (await this.#lookup.resolve({ carrier: 'bearer', text }))?.principal ?? null;
  }

  /**
   * Authenticates a request once more, for a connection that stays open. It counts neither as a use nor as a failure,
   * and needs no new proof.
   *
   * @returns null if the credential is not valid any more
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` if its validity cannot be determined
   */
  async readAgain(request: AuthenticatedRequest): Promise<AcceptedCredential | null> {
    const { types, runtime } = this.#options;
    const presented = presentedCredential(request, types.isOurs);
    if (presented === null) return null;
    const signature = presented.maybeSigned ? types.signatureOf(request.rawHeaders, runtime) : null;
    if (signature === null) {
      const unsigned = presented.maybeSigned ? withoutSignature(presented, request) : presented;
      const found = unsigned && (await this.#lookup.readAgain(unsigned, request));
      return found?.principal.mustBeSigned ? null : found;
    }
    const signer = await this.#lookup.readAgain(presentedBy(signature), request);
    if (presented.carrier === 'signature' || !signer) return signer;
    const secret = await this.#lookup.readAgain(presented, request);
    return secret && signedBy(secret, signer);
  }

  /**
   * Authenticates an operation on an open connection by the request that opened it. A signature is good for one request,
   * and it was proved then.
   *
   * @throws AccessError as for `authenticate`
   */
  async authenticateAgain(request: AuthenticatedRequest): Promise<AcceptedCredential> {
    const found = await this.readAgain(request);
    if (!found) throw credentialRefused();
    return this.#accept(found, request);
  }

  /** Nearly every request ends here. So it makes no object before it knows that one is needed. */
  #authenticateUnsigned<Request extends AuthenticatedRequest>(
    presented: PresentedCredential,
    request: Request,
    readBody: ReadBody<Request>,
    readForwarded: ReadForwarded,
  ): AcceptedCredential | Promise<AcceptedCredential | null> {
    const { types, cache } = this.#options;
    const fingerprint = sha256Base64url(presented.text);
    const known = cache.recall(fingerprint);
    if (known === undefined) return this.#decide(presented, fingerprint, askedBy(request, readBody, readForwarded));
    const { principal } = known;
    if (principal === null) return this.#reject(presented, request);
    const type = types.of(principal.kind);
    // A kind may be presented in some places only, also if it is cached.
    if (!type.carriers.includes(presented.carrier)) return this.#reject(presented, request);
    const accepted = known as AcceptedCredential;
    if (this.#lookup.isElsewhere(principal, request)) return this.#reject(presented, request);
    if (!type.prove && !principal.mustBeSigned) return this.#accept(accepted, request);
    return this.#prove(accepted, presented, askedBy(request, readBody, readForwarded));
  }

  async #decide(presented: PresentedCredential, fingerprint: string, asked: Asked): Promise<AcceptedCredential | null> {
    const found = await this.#lookup.load(presented, fingerprint, asked.request);
    return found ? this.#prove(found, presented, asked) : this.#reject(presented, asked.request);
  }

  async #prove(
    accepted: AcceptedCredential,
    presented: PresentedCredential,
    asked: Asked,
  ): Promise<AcceptedCredential | null> {
    const { types, runtime } = this.#options;
    const { principal } = accepted;
    try {
      if (principal.mustBeSigned) throw signatureRefused('SIGNATURE_REQUIRED');
      await types.of(principal.kind).prove?.(toProve(asked), principal, runtime);
    } catch (error) {
      return this.#reject(presented, asked.request, refusalOf(error));
    }
    return this.#accept(accepted, asked.request);
  }

  /** A request with a header of a signature, which may be of another service, and maybe with a secret beside it. */
  async #authenticateSigned(presented: PresentedCredential, asked: Asked): Promise<AcceptedCredential | null> {
    const { request, readBody, readForwarded } = asked;
    let signature: PresentedSignature | null;
    try {
      signature = this.#options.types.signatureOf(request.rawHeaders, this.#options.runtime);
    } catch (error) {
      return this.#reject(presented, request, refusalOf(error));
    }
    if (signature !== null) return this.#verify(signature, presented, asked);
    const unsigned = withoutSignature(presented, request);
    return unsigned && this.#authenticateUnsigned(unsigned, request, readBody, readForwarded);
  }

  /**
   * Checks in the order of the costs: the time, then the body, then the credentials. The signature follows, so a request
   * whose credentials are not valid does not use its nonce up.
   */
  async #verify(
    signature: PresentedSignature,
    presented: PresentedCredential,
    asked: Asked,
  ): Promise<AcceptedCredential | null> {
    const { types, runtime } = this.#options;
    const { request } = asked;
    const named = presentedBy(signature);
    let proved: RequestToProve;
    let verify: VerifySignature;
    try {
      proved = toProve(asked);
      verify = signature.begin(proved);
      // Before the credentials are read: they may be revoked while a body arrives slowly.
      await proved.bodyDigest?.();
    } catch (error) {
      return this.#reject(named, request, refusalOf(error));
    }
    const isAlone = presented.carrier === 'signature';
    const secret = isAlone ? null : await this.#lookup.find(presented, request);
    if (!isAlone && !secret) return this.#reject(presented, request);
    const signer = await this.#lookup.find(named, request);
    try {
      if (secret) await types.of(secret.principal.kind).prove?.(proved, secret.principal, runtime);
      await verify(signer?.principal ?? null);
    } catch (error) {
      return this.#reject(named, request, refusalOf(error));
    }
    if (!signer) return this.#reject(named, request);
    return this.#accept(secret ? signedBy(secret, signer) : signer, request);
  }

  async #reject(
    presented: PresentedCredential,
    request: AuthenticatedRequest,
    refusal = credentialRefused(),
  ): Promise<null> {
    if (refusal.code !== 'UNAUTHENTICATED') throw refusal;
    const { types, failures, addressOf, rejected } = this.#options;
    const address = addressOf(request);
    const kind = types.kindOf(presented.text);
    this.counts[kind]!.refused++;
    const isCookie = presented.carrier === 'cookie';
    if (!isCookie) {
      rejected(kind, 'NOT_VALID', address);
      failures.check(address);
    }
    failures.count(address);
    // A browser always sends its cookies, also with a login or a refresh. So an invalid cookie counts as no credential.
    if (isCookie) return null;
    throw refusal;
  }

  /** Everything is proved: the request counts. A credential without a rate limit pays for one comparison. */
  #accept(
    accepted: AcceptedCredential,
    request: AuthenticatedRequest,
  ): AcceptedCredential | Promise<AcceptedCredential> {
    const { rateLimit } = accepted.principal;
    if (rateLimit === undefined) return this.#noteUse(accepted, request);
    const { rates, addressOf } = this.#options;
    const counted = rates.take(accepted.principal, rateLimit, () => addressOf(request));
    const within = (rate: RateState) => this.#noteUse({ ...accepted, rate }, request);
    return counted instanceof Promise ? counted.then(within) : within(counted);
  }

  #noteUse(accepted: AcceptedCredential, request: AuthenticatedRequest): AcceptedCredential {
    const { kind, credentialId, signedBy: signer } = accepted.principal;
    this.counts[kind]!.accepted++;
    this.#options.lastUsed.note(credentialId, kind, request);
    if (signer) {
      this.counts[signer.kind]!.accepted++;
      this.#options.lastUsed.note(signer.credentialId);
    }
    return accepted;
  }
}

/** The key of a signature, as a credential that the request presents. */
function presentedBy({ keyId }: PresentedSignature): PresentedCredential {
  return { carrier: 'signature', text: keyId };
}

/** The error to throw for a check that failed. Any other error than a refusal proves nothing about the credential. */
function refusalOf(error: unknown): AccessError {
  return error instanceof AccessError ? error : unavailable(error);
}
