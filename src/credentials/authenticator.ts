import { sha256Base64url } from '../crypto/hash.ts';
import { parseSecret } from '../crypto/secret-text.ts';
import { credentialRefused, unavailable } from '../identity/access-error.ts';
import type { CredentialKind, Principal } from '../identity/principal.ts';
import type { AuthCache } from './cache/auth-cache.ts';
import type { CredentialRule } from './credential-type.ts';
import type { LastUsed } from './last-used.ts';
import { type PresentedCredential, presentedCredential, type RequestHeaders } from './presented-credential.ts';

/** How access tokens are verified before anybody is asked about them. */
export interface TokenVerifier<Claims> {
  verify(token: string): Promise<Claims | null>;
}

/** Counts failures by address, and says when there were too many. */
export interface FailureLimit {
  /** @throws AccessError `RATE_LIMITED` where this address has failed too often lately */
  check(address: string): void;
  count(address: string): void;
  /**
   * Runs a look-up; for an address that failed too often, in a lane with few places.
   * @throws AccessError `RATE_LIMITED` where that lane is full
   */
  lookUp<T>(address: string, work: () => Promise<T>): Promise<T>;
}

export interface AuthenticatorOptions<Claims> {
  cache: AuthCache;
  apiKeys: CredentialRule<string>;
  sessions: CredentialRule<Claims>;
  accessTokens: TokenVerifier<Claims>;
  lastUsed: LastUsed;
  failures: FailureLimit;
}

/** Asks the caches, then the database, about a text that may be a credential. */
type LookUp = () => Promise<Principal | null>;

/**
 * Says who a request comes from. One resolver for every door: GraphQL, forward auth, introspection and sockets.
 *
 * An opaque secret shows its kind by its prefix and its typing errors by its checksum, so that garbage costs nothing.
 * Anything else can only be an access token.
 */
export class Authenticator<Claims> {
  readonly #options: AuthenticatorOptions<Claims>;
  /** Outcomes by kind of credential, for the metrics. */
  readonly counts: Record<CredentialKind | 'unknown', { accepted: number; refused: number }> = {
    apiKey: { accepted: 0, refused: 0 },
    session: { accepted: 0, refused: 0 },
    unknown: { accepted: 0, refused: 0 },
  };

  constructor(options: AuthenticatorOptions<Claims>) {
    this.#options = options;
  }

  /**
   * The principal behind this request, null where it carries no credential.
   *
   * Answers at once, without a promise, where this process's memory knows: the path that nearly every request takes.
   *
   * @param address whom a failure is counted against; only asked where it is needed
   * @throws AccessError `UNAUTHENTICATED` where the credential is not good, `RATE_LIMITED` after too many of those from
   *   this address, `AUTHENTICATION_UNAVAILABLE` where it cannot be known
   */
  authenticate(request: RequestHeaders, address: () => string): Principal | null | Promise<Principal | null> {
    const presented = presentedCredential(request);
    if (presented === null) return null;
    const known = this.#options.cache.recall(sha256Base64url(presented.text));
    // A token may only come as Bearer, whatever the cache remembers of it.
    if (known && !(known.kind === 'session' && presented.carrier === 'apiKeyHeader')) return this.#accept(known);
    if (known !== undefined) return this.#refuse(presented, address);
    return this.#decide(presented, address);
  }

  /** What this text stands for right now; null where it would authenticate nobody. It is not counted as a use. */
  async introspect(text: string): Promise<Principal | null> {
    const lookUp = this.#lookUpOf({ carrier: 'bearer', text });
    return lookUp ? lookUp() : null;
  }

  /** A good credential works from every address. Only what turns out to be bad is limited. */
  async #decide(presented: PresentedCredential, address: () => string): Promise<Principal | null> {
    const lookUp = this.#lookUpOf(presented);
    const principal = lookUp && (await this.#options.failures.lookUp(address(), lookUp));
    return principal ? this.#accept(principal) : this.#refuse(presented, address);
  }

  async #refuse(presented: PresentedCredential, address: () => string): Promise<null> {
    this.counts[kindOf(presented.text)].refused++;
    const isCookie = presented.carrier === 'cookie';
    if (!isCookie) this.#options.failures.check(address());
    this.#options.failures.count(address());
    // A browser sends its cookies along unasked, also when it is about to refresh or to log in: a bad one is none.
    if (isCookie) return null;
    throw credentialRefused();
  }

  #accept(principal: Principal): Principal {
    this.counts[principal.kind].accepted++;
    this.#options.lastUsed.note(principal.credentialId);
    return principal;
  }

  /** How to look this text up; null where it cannot be a credential, which costs no look-up. */
  #lookUpOf({ carrier, text }: PresentedCredential): LookUp | null {
    const { cache, apiKeys, sessions } = this.#options;
    const secret = parseSecret(text);
    if (secret?.prefix === 'rka') {
      const fingerprint = sha256Base64url(text);
      return () => cache.resolve(fingerprint, () => apiKeys.load(fingerprint));
    }
    // Refresh tokens and signing secrets are no credentials of a request, and a JWT has two dots.
    if (secret || carrier === 'apiKeyHeader' || text.split('.', 4).length !== 3) return null;
    return async () => {
      const claims = await this.#verify(text);
      return claims && cache.resolve(sha256Base64url(text), () => sessions.load(claims));
    };
  }

  async #verify(token: string): Promise<Claims | null> {
    try {
      return await this.#options.accessTokens.verify(token);
    } catch (error) {
      throw unavailable(error); // Our own keys could not be read: that says nothing about the token.
    }
  }
}

function kindOf(text: string): CredentialKind | 'unknown' {
  if (text.startsWith('rka_')) return 'apiKey';
  return text.startsWith('eyJ') ? 'session' : 'unknown';
}
