import { sha256, sha256Base64url } from '../crypto/hash.ts';
import { AccessError, credentialRefused, unavailable } from '../identity/access-error.ts';
import type { CredentialKind, Principal } from '../identity/principal.ts';
import { isAllowedFrom } from './allowed-addresses.ts';
import type { AuthCache } from './cache/auth-cache.ts';
import type { AcceptedCredential, CachedCredential } from './cached-credential.ts';
import type { CredentialRuntime, CredentialType } from './credential-type.ts';
import type { CredentialTypes } from './credential-types.ts';
import type { LastUsed } from './last-used.ts';
import { type PresentedCredential, presentedCredential, type RequestHeaders } from './presented-credential.ts';

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

/** The parts of a request that authentication reads. Node's `IncomingMessage` has them. */
export interface AuthenticatedRequest extends RequestHeaders {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined };
}

/** Reads the raw body of a request. It is called only if a proof covers the body. */
export type ReadBody = () => Promise<Uint8Array>;

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
   * @throws AccessError `UNAUTHENTICATED` if the credential is not valid, `RATE_LIMITED` after too many failures from
   *   this address, `AUTHENTICATION_UNAVAILABLE` if its validity cannot be determined
   */
  authenticate(
    request: AuthenticatedRequest,
    readBody: ReadBody = noBody,
  ): AcceptedCredential | null | Promise<AcceptedCredential | null> {
    const { types, cache } = this.#options;
    const presented = presentedCredential(request, types.isOurs);
    if (presented === null) return null;
    const known = cache.recall(sha256Base64url(presented.text));
    if (known === undefined) return this.#decide(presented, request, readBody);
    if (known.principal === null) return this.#reject(presented, request);
    const type = types.of(known.principal.kind);
    // A kind may be presented in some places only, also if it is cached.
    if (!type.carriers.includes(presented.carrier)) return this.#reject(presented, request);
    const accepted = known as AcceptedCredential;
    return type.prove
      ? this.#prove(accepted, presented, request, readBody)
      : this.#accept(accepted, presented, request);
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
    const lookUp = presented && this.#lookUpOf(presented);
    const found = lookUp && (await lookUp());
    if (!found?.principal || !isAllowedFrom(found.principal, this.#options.addressOf(request))) return null;
    return found as AcceptedCredential;
  }

  /** Only failures are limited. */
  async #decide(
    presented: PresentedCredential,
    request: AuthenticatedRequest,
    readBody: ReadBody,
  ): Promise<AcceptedCredential | null> {
    const { types, failures, addressOf } = this.#options;
    const lookUp = this.#lookUpOf(presented);
    const found = lookUp && (await failures.lookUp(addressOf(request), lookUp));
    if (!found?.principal) return this.#reject(presented, request);
    const accepted = found as AcceptedCredential;
    const { prove } = types.of(found.principal.kind);
    return prove ? this.#prove(accepted, presented, request, readBody) : this.#accept(accepted, presented, request);
  }

  async #prove(
    accepted: AcceptedCredential,
    presented: PresentedCredential,
    request: AuthenticatedRequest,
    readBody: ReadBody,
  ): Promise<AcceptedCredential | null> {
    const { types, runtime } = this.#options;
    const { principal } = accepted;
    const parts = {
      method: request.method ?? '',
      target: request.url ?? '',
      rawHeaders: request.rawHeaders,
      bodyDigest: async () => sha256(await readBody()),
    };
    try {
      await types.of(principal.kind).prove?.(parts, principal, runtime);
    } catch (error) {
      if (!(error instanceof AccessError)) throw unavailable(error);
      if (error.code === 'UNAUTHENTICATED') return this.#reject(presented, request);
      throw error;
    }
    return this.#accept(accepted, presented, request);
  }

  async #reject(presented: PresentedCredential, request: AuthenticatedRequest): Promise<null> {
    const { types, failures, addressOf } = this.#options;
    const address = addressOf(request);
    this.counts[types.kindOf(presented.text)]!.refused++;
    const isCookie = presented.carrier === 'cookie';
    if (!isCookie) failures.check(address);
    failures.count(address);
    // A browser always sends its cookies, also with a login or a refresh. So an invalid cookie counts as no credential.
    if (isCookie) return null;
    throw credentialRefused();
  }

  /** A credential without a list of addresses pays for one comparison. */
  #accept(
    accepted: AcceptedCredential,
    presented: PresentedCredential,
    request: AuthenticatedRequest,
  ): AcceptedCredential | Promise<null> {
    const { principal } = accepted;
    if (principal.allowedAddresses !== undefined) {
      const { addressOf, addressRefused } = this.#options;
      const address = addressOf(request);
      if (!isAllowedFrom(principal, address)) {
        addressRefused(principal, address);
        return this.#reject(presented, request);
      }
    }
    const { kind, credentialId } = principal;
    this.counts[kind]!.accepted++;
    this.#options.lastUsed.note(credentialId, kind, request);
    return accepted;
  }

  /** The lookup for this text; null if it has the form of no credential, which needs no lookup. */
  #lookUpOf(presented: PresentedCredential): LookUp | null {
    const { types, cache, runtime } = this.#options;
    const type = types.ofPresented(presented);
    if (!type) return null;
    return async () => {
      const proof = await identify(type, presented.text, runtime);
      return proof === null ? null : cache.resolve(sha256Base64url(presented.text), () => type.load(proof, runtime));
    };
  }
}

const noBody: ReadBody = async () => new Uint8Array();

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
