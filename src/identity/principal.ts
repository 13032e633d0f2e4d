import type { RateLimit } from './rate-limit.ts';
import type { Scope } from './scope.ts';

/** The kind of a credential that authenticates requests, as its credential type names it: `apiKey`, `session`. */
export type CredentialKind = string;

/**
 * What a credential stands for: the caller of a request. Plain data, because the caches store it. How long it may be
 * used is a property of the cache entry.
 */
export interface Principal {
  readonly kind: CredentialKind;
  readonly credentialId: string;
  /**
   * Which proof of the credential was presented: the SHA-256 (base64url) of an opaque secret, the `kid` and `jti` of an
   * access token, or the sealed secret of a signing key. A rotated API key is the same credential, but its old secret is
   * another proof.
   */
  readonly proof: string;
  readonly userId: string | null;
  /** Set if the credential is bound to one workspace. */
  readonly workspaceId: string | null;
  readonly scopes: readonly Scope[];
  readonly permissions: readonly string[];
  /** When the proof (not the cache entry) expires at the latest, in milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
  /**
   * When what was presented was issued, in milliseconds since the epoch: the current secret, or the access token. Left out if
   * it is not known.
   */
  readonly issuedAt?: number;
  /** The `jti` of an access token. Left out for every other proof. */
  readonly tokenId?: string;
  /** Whether a request with this credential is accepted only if it is signed. Left out if it is not. */
  readonly mustBeSigned?: boolean;
  /** The signing key that has signed the request, beside this credential. Then this principal holds what both hold. */
  readonly signedBy?: Principal;
  /** When the credential ends if it is not used until then, in milliseconds since the epoch. Left out if it does not. */
  readonly idleExpiresAt?: number;
  /** The addresses and networks from which the credential is accepted. Left out if it is accepted from all. */
  readonly allowedAddresses?: readonly string[];
  /** Whether the credential carries data of the operator. Left out if it does not. */
  readonly hasMetadata?: boolean;
  /** How many requests the credential may make. Left out if there is no limit. */
  readonly rateLimit?: RateLimit;
}

/** When the principal ends at the latest, in milliseconds since the epoch, as far as is known now; null: never. */
export function endOf({ expiresAt, idleExpiresAt }: Principal): number | null {
  if (idleExpiresAt === undefined || (expiresAt !== null && expiresAt <= idleExpiresAt)) return expiresAt;
  return idleExpiresAt;
}

/** The workspace that this credential belongs to, if it is an API key of a workspace and of no user. */
export function owningWorkspace({ kind, userId, workspaceId }: Principal): string | null {
  return kind === 'apiKey' && userId === null ? workspaceId : null;
}

/** Whether this principal may see and change the objects of other users. */
export function isAdministrator(principal: Principal): boolean {
  return principal.scopes.includes('ADMIN');
}

/** The requested scopes that the principal does not hold, in the order of the request. */
export function scopesNotHeld(principal: Principal, asked: readonly Scope[]): Scope[] {
  return asked.filter((scope) => !principal.scopes.includes(scope));
}

/** The requested permissions that the principal cannot grant. An administrator may grant any. */
export function permissionsNotHeld(principal: Principal, asked: readonly string[]): string[] {
  if (isAdministrator(principal)) return [];
  return asked.filter((permission) => !principal.permissions.includes(permission));
}
