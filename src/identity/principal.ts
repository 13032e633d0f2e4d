import type { Scope } from './scope.ts';

/** The kind of a credential that authenticates requests, as its credential type names it: `apiKey`, `session`. */
export type CredentialKind = string;

/**
 * Who a request comes from: what its credential stands for. Plain data, for it travels through the caches.
 * It says nothing about how long it is good; that is the cache entry's to know.
 */
export interface Principal {
  readonly kind: CredentialKind;
  readonly credentialId: string;
  /**
   * Which of the credential's proofs was presented: the SHA-256 (base64url) of an opaque secret, the `kid` and the `jti`
   * of an access token. A rotated key is the same credential, but its old secret is not the same proof.
   */
  readonly proof: string;
  readonly userId: string | null;
  /** Set where the credential only works for one workspace. */
  readonly workspaceId: string | null;
  readonly scopes: readonly Scope[];
  readonly permissions: readonly string[];
  /** When the proof (not the cache entry) ends by itself at the latest, in milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
}

/** Whether this principal may see and change what belongs to other people. */
export function isAdministrator(principal: Principal): boolean {
  return principal.scopes.includes('ADMIN');
}

/** The scopes asked for that the principal does not hold, in the order they were asked for. */
export function scopesNotHeld(principal: Principal, asked: readonly Scope[]): Scope[] {
  return asked.filter((scope) => !principal.scopes.includes(scope));
}

/** The permissions asked for that the principal cannot hand on. An administrator may hand on any. */
export function permissionsNotHeld(principal: Principal, asked: readonly string[]): string[] {
  if (isAdministrator(principal)) return [];
  return asked.filter((permission) => !principal.permissions.includes(permission));
}
