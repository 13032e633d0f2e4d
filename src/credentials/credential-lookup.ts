import { sha256Base64url } from '../crypto/hash.ts';
import { unavailable } from '../identity/access-error.ts';
import type { Principal } from '../identity/principal.ts';
import { isAllowedFrom } from './allowed-addresses.ts';
import type { AuthenticatedRequest } from './asked-request.ts';
import type { AuthCache } from './cache/auth-cache.ts';
import type { AcceptedCredential, CachedCredential } from './cached-credential.ts';
import type { CredentialRuntime, CredentialType } from './credential-type.ts';
import type { CredentialTypes } from './credential-types.ts';
import { newTrace, type Trace } from './decision.ts';
import type { PresentedCredential } from './presented-credential.ts';

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

export interface CredentialLookupOptions {
  types: CredentialTypes;
  runtime: CredentialRuntime;
  cache: AuthCache;
  failures: FailureLimit;
  /** The address that a failure counts against, and that a credential may be restricted to. */
  addressOf: (request: AuthenticatedRequest) => string;
  /** Whether secrets without our form may have been imported. */
  mayBeImported: () => boolean;
  /** A valid credential was rejected because of the address. Must not throw and must not block. */
  addressRefused: (principal: Principal, address: string) => void;
}

/** A type, and how it reads the state of a proof: imported secrets are read in their own way. */
interface Reader {
  readonly type: CredentialType;
  readonly load: CredentialType['load'];
}

/** A text that is not in memory, and the request that presents it. */
interface Load {
  readonly reader: Reader;
  readonly text: string;
  readonly fingerprint: string;
  readonly request: AuthenticatedRequest;
  readonly trace: Trace;
}

/** Finds out what a presented text stands for: in the caches, then in the database. It checks no proof of possession. */
export class CredentialLookup {
  readonly #options: CredentialLookupOptions;

  constructor(options: CredentialLookupOptions) {
    this.#options = options;
  }

  /** What is valid of this, from the address of the request. */
  async find(
    presented: PresentedCredential,
    request: AuthenticatedRequest,
    trace = newTrace(),
  ): Promise<AcceptedCredential | null> {
    const { cache } = this.#options;
    // A kind may be presented in some places only, also if it is cached.
    const reader = this.#readerOf(presented, trace);
    if (!reader) return null;
    const fingerprint = sha256Base64url(presented.text);
    const known = cache.recall(fingerprint);
    if (known !== undefined) return this.#acceptable(known, request, trace);
    return this.#load({ reader, text: presented.text, fingerprint, request, trace });
  }

  /** The same for what is not in memory. Lookups from an address with too many failures are limited. */
  async load(
    presented: PresentedCredential,
    fingerprint: string,
    request: AuthenticatedRequest,
    trace = newTrace(),
  ): Promise<AcceptedCredential | null> {
    const reader = this.#readerOf(presented, trace);
    return reader && this.#load({ reader, text: presented.text, fingerprint, request, trace });
  }

  /** The same past the limits, for what was accepted before. It notes no refusal. */
  async readAgain(
    presented: PresentedCredential,
    request: AuthenticatedRequest,
    trace = newTrace(),
  ): Promise<AcceptedCredential | null> {
    const found = await this.resolve(presented, trace);
    trace.found = found;
    if (!found?.principal || !isAllowedFrom(found.principal, this.#options.addressOf(request))) return null;
    return found as AcceptedCredential;
  }

  /** What a text stands for, from any address; null if it has the form of no credential, which needs no I/O. */
  async resolve(presented: PresentedCredential, trace = newTrace()): Promise<CachedCredential | null> {
    const reader = this.#readerOf(presented, trace);
    return reader && this.#resolve(reader, presented.text, sha256Base64url(presented.text), trace);
  }

  async #load({ reader, text, fingerprint, request, trace }: Load): Promise<AcceptedCredential | null> {
    const { failures, addressOf } = this.#options;
    const resolve = () => this.#resolve(reader, text, fingerprint, trace);
    return this.#acceptable(await failures.lookUp(addressOf(request), resolve), request, trace);
  }

  #acceptable(found: CachedCredential | null, request: AuthenticatedRequest, trace: Trace): AcceptedCredential | null {
    trace.found = found;
    if (!found?.principal) return null;
    if (this.isElsewhere(found.principal, request)) {
      trace.reason = 'ADDRESS_NOT_ALLOWED';
      return null;
    }
    return found as AcceptedCredential;
  }

  /** How a text with this form is read; null if it has the form of no credential, which needs no I/O. */
  #readerOf(presented: PresentedCredential, trace: Trace): Reader | null {
    const { types, mayBeImported } = this.#options;
    const type = types.ofPresented(presented);
    if (type) return { type, load: type.load };
    const imported = mayBeImported() ? types.ofImported(presented) : null;
    if (!imported) trace.reason = 'MALFORMED';
    return imported && { type: imported, load: imported.imported!.load };
  }

  async #resolve(
    { type, load }: Reader,
    text: string,
    fingerprint: string,
    trace: Trace,
  ): Promise<CachedCredential | null> {
    const { cache, runtime } = this.#options;
    const proof = await identify(type, text, runtime);
    if (proof !== null) return cache.resolve(fingerprint, () => load(proof, runtime), trace);
    trace.reason = 'TOKEN_INVALID';
    return null;
  }

  /**
   * Whether a valid credential is not accepted from the address of this request. Then it is rejected like an unknown one,
   * before anything else about it is checked. A credential without a list of addresses pays for one comparison.
   */
  isElsewhere(principal: Principal, request: AuthenticatedRequest): boolean {
    if (principal.allowedAddresses === undefined) return false;
    const { addressOf, addressRefused } = this.#options;
    const address = addressOf(request);
    if (isAllowedFrom(principal, address)) return false;
    addressRefused(principal, address);
    return true;
  }
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
