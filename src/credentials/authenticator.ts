import { sha256Base64url } from '../crypto/hash.ts';
import { AccessError, credentialRefused, signatureRefused, unavailable } from '../identity/access-error.ts';
import type { CredentialKind, Principal } from '../identity/principal.ts';
import { isAllowedFrom } from './allowed-addresses.ts';
import {
  type Asked,
  type AuthenticatedRequest,
  noBody,
  notForwarded,
  type ReadBody,
  type ReadForwarded,
  toProve,
} from './asked-request.ts';
import type { AuthCache } from './cache/auth-cache.ts';
import type { AcceptedCredential, CachedCredential } from './cached-credential.ts';
import type { CredentialRuntime, CredentialType, RequestToProve } from './credential-type.ts';
import type { CredentialTypes } from './credential-types.ts';
import type { LastUsed } from './last-used.ts';
import { type PresentedCredential, presentedCredential, withoutSignature } from './presented-credential.ts';
import { signedBy } from './signed-credential.ts';

/** Counts failures by address and limits them. */
export interface FailureLimit {
  /** @throws AccessError `RATE_LIMITED` if this address has failed too often lately */
  check(address: string): void;
  count(address: string): void;
  /**
   * Runs a lookup. For an address that failed too often, it runs in a queue with few places.
   *
   * @throws AccessError `RATE_LIMITED` if that queue is full
   */
  lookUp<T>(address: string, work: () => Promise<T>): Promise<T>;
}

/** See `Authenticator.authenticate`. */
export type Authenticate = Authenticator['authenticate'];

export interface AuthenticatorOptions {
  types: CredentialTypes;
  runtime: CredentialRuntime;
  cache: AuthCache;
  lastUsed: LastUsed;
  failures: FailureLimit;
  /** The address that a failure counts against, and that a credential may be restricted to. */
  addressOf: (request: AuthenticatedRequest) => string;
  /** Whether secrets without our form may have been imported. */
  mayBeImported: () => boolean;
  /** A valid credential was rejected because of the address. Must not throw and must not block. */
  addressRefused: (principal: Principal, address: string) => void;
}

/** Reads the caches, then the database, for one presented credential. */
type LookUp = () => Promise<CachedCredential | null>;

/**
 * Authenticates requests. Every endpoint uses it: GraphQL, forward auth and introspection.
 *
 * It depends on no kind of credential: it reads the list of credential types. A well-formed text is identified and
 * loaded (cacheable), then proved (for every request, if its type demands a proof). A malformed text costs no I/O.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  /** Outcomes by kind of credential, for the metrics. */
  readonly counts: Record<CredentialKind, { accepted: number; refused: number }>;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
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
   *   this address, `AUTHENTICATION_UNAVAILABLE` if its validity cannot be determined
   */
  authenticate(
    request: AuthenticatedRequest,
    readBody: ReadBody = noBody,
    readForwarded: ReadForwarded = notForwarded,
  ): AcceptedCredential | null | Promise<AcceptedCredential | null> {
    const { types } = this.#options;
    const presented = presentedCredential(request, types.isOurs);
    if (presented === null) return null;
    if (presented.maybeSigned) return this.#authenticateSigned(presented, { request, readBody, readForwarded });
    return this.#authenticateUnsigned(presented, request, readBody, readForwarded);
  }

  /**
   * The principal that this text stands for now; null if it authenticates nothing. It does not count as a use, and
   * needs no proof of possession. From which addresses it is accepted is not checked.
   */
  async introspect(text: string): Promise<Principal | null> {
    const lookUp = this.#lookUpOf({ carrier: 'bearer', text });
    const found = lookUp && (await lookUp());
    return found?.principal ?? null;
  }

  /**
   * Authenticates a request once more, for a connection that stays open. It counts neither as a use nor as a failure,
   * and needs no new proof.
   *
   * @returns null if the credential is not valid any more
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` if its validity cannot be determined
   */
  async readAgain(request: AuthenticatedRequest): Promise<AcceptedCredential | null> {
    const { types } = this.#options;
    const presented = presentedCredential(request, types.isOurs);
    if (presented === null) return null;
    const asked = { request, readBody: noBody, readForwarded: notForwarded };
    const signature = presented.maybeSigned ? types.signerOf(toProve(asked)) : null;
    if (signature === null) {
      const found = await this.#read(presented.maybeSigned ? withoutSignature(presented, request) : presented, request);
      return found?.principal.mustBeSigned ? null : found;
    }
    const signer = await this.#read(signature, request);
    if (presented.carrier === 'signature' || !signer) return signer;
    const secret = await this.#read(presented, request);
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

  /** Past the limits: what is read again was accepted before. */
  async #read(
    presented: PresentedCredential | null,
    request: AuthenticatedRequest,
  ): Promise<AcceptedCredential | null> {
    const found = presented && (await this.#lookUpOf(presented)?.());
    if (!found?.principal || !isAllowedFrom(found.principal, this.#options.addressOf(request))) return null;
    return found as AcceptedCredential;
  }

  /** Nearly every request ends here. So it makes no object before it knows that one is needed. */
  #authenticateUnsigned(
    presented: PresentedCredential,
    request: AuthenticatedRequest,
    readBody: ReadBody,
    readForwarded: ReadForwarded,
  ): AcceptedCredential | Promise<AcceptedCredential | null> {
    const { types, cache } = this.#options;
    const known = cache.recall(sha256Base64url(presented.text));
    if (known === undefined) return this.#decide(presented, { request, readBody, readForwarded });
    const { principal } = known;
    if (principal === null) return this.#reject(presented, request);
    const type = types.of(principal.kind);
    // A kind may be presented in some places only, also if it is cached.
    if (!type.carriers.includes(presented.carrier)) return this.#reject(presented, request);
    const accepted = known as AcceptedCredential;
    if (this.#isElsewhere(principal, request)) return this.#reject(presented, request);
    if (!type.prove && !principal.mustBeSigned) return this.#accept(accepted, request);
    return this.#prove(accepted, presented, { request, readBody, readForwarded });
  }

  async #decide(presented: PresentedCredential, asked: Asked): Promise<AcceptedCredential | null> {
    const found = await this.#find(presented, asked.request);
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

  /**
   * A request with a header of a signature, and maybe with a secret beside it. The signature is checked last: a request
   * that is rejected for another reason does not use its nonce up.
   */
  async #authenticateSigned(presented: PresentedCredential, asked: Asked): Promise<AcceptedCredential | null> {
    const { types, runtime } = this.#options;
    const { request, readBody, readForwarded } = asked;
    let proved: RequestToProve;
    let signature: PresentedCredential | null;
    try {
      proved = toProve(asked);
      signature = types.signerOf(proved);
      // Before the credentials are read: a body that arrives slowly must not delay the decision about them.
      if (signature) await proved.bodyDigest?.();
    } catch (error) {
      return this.#reject(presented, request, refusalOf(error));
    }
    if (signature === null) {
      const unsigned = withoutSignature(presented, request);
      return unsigned && this.#authenticateUnsigned(unsigned, request, readBody, readForwarded);
    }
    const isAlone = presented.carrier === 'signature';
    const secret = isAlone ? null : await this.#find(presented, request);
    if (!isAlone && !secret) return this.#reject(presented, request);
    const signer = await this.#find(signature, request);
    try {
      if (secret) await types.of(secret.principal.kind).prove?.(proved, secret.principal, runtime);
      await types.ofPresented(signature)?.prove?.(proved, signer?.principal ?? null, runtime);
    } catch (error) {
      return this.#reject(signature, request, refusalOf(error));
    }
    if (!signer) return this.#reject(signature, request);
    return this.#accept(secret ? signedBy(secret, signer) : signer, request);
  }

  async #reject(
    presented: PresentedCredential,
    request: AuthenticatedRequest,
    refusal = credentialRefused(),
  ): Promise<null> {
    if (refusal.code !== 'UNAUTHENTICATED') throw refusal;
    const { types, failures, addressOf } = this.#options;
    const address = addressOf(request);
    this.counts[types.kindOf(presented.text)]!.refused++;
    const isCookie = presented.carrier === 'cookie';
    if (!isCookie) failures.check(address);
    failures.count(address);
    // A browser always sends its cookies, also with a login or a refresh. So an invalid cookie counts as no credential.
    if (isCookie) return null;
    throw refusal;
  }

  #accept(accepted: AcceptedCredential, request: AuthenticatedRequest): AcceptedCredential {
    const { kind, credentialId, signedBy: signer } = accepted.principal;
    this.counts[kind]!.accepted++;
    this.#options.lastUsed.note(credentialId, kind, request);
    if (signer) {
      this.counts[signer.kind]!.accepted++;
      this.#options.lastUsed.note(signer.credentialId);
    }
    return accepted;
  }

  /**
   * Whether a valid credential is not accepted from the address of this request. Then it is rejected like an unknown one,
   * before anything else about it is checked. A credential without a list of addresses pays for one comparison.
   */
  #isElsewhere(principal: Principal, request: AuthenticatedRequest): boolean {
    if (principal.allowedAddresses === undefined) return false;
    const { addressOf, addressRefused } = this.#options;
    const address = addressOf(request);
    if (isAllowedFrom(principal, address)) return false;
    addressRefused(principal, address);
    return true;
  }

  /** What is valid of this, from this address. Only failures are limited. */
  async #find(presented: PresentedCredential, request: AuthenticatedRequest): Promise<AcceptedCredential | null> {
    const { cache, failures, addressOf } = this.#options;
    const lookUp = this.#lookUpOf(presented);
    if (!lookUp) return null;
    const known = cache.recall(sha256Base64url(presented.text));
    const found = known ?? (await failures.lookUp(addressOf(request), lookUp));
    if (!found?.principal || this.#isElsewhere(found.principal, request)) return null;
    return found as AcceptedCredential;
  }

  /** The lookup for this text; null if it has the form of no credential, which needs no lookup. */
  #lookUpOf(presented: PresentedCredential): LookUp | null {
    const { types, cache, runtime, mayBeImported } = this.#options;
    const ours = types.ofPresented(presented);
    const type = ours ?? (mayBeImported() ? types.ofImported(presented) : null);
    if (!type) return null;
    const { load } = ours ?? type.imported!;
    return async () => {
      const proof = await identify(type, presented.text, runtime);
      return proof === null ? null : cache.resolve(sha256Base64url(presented.text), () => load(proof, runtime));
    };
  }
}

/** The error to throw for a check that failed. Any other error than a refusal proves nothing about the credential. */
function refusalOf(error: unknown): AccessError {
  return error instanceof AccessError ? error : unavailable(error);
}

/**
 * @throws AccessError `AUTHENTICATION_UNAVAILABLE` if our own keys cannot be read, which proves nothing about the text
 */
async function identify(type: CredentialType, text: string, runtime: CredentialRuntime): Promise<unknown> {
  try {
    return await type.identify(text, runtime);
  } catch (error) {
    throw unavailable(error);
  }
}
