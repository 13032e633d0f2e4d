/** What a credential may do in Rekey: the `Scope` enum of the schema. */
export const SCOPES = [
  'API_KEYS_READ',
  'API_KEYS_WRITE',
  'SESSIONS_READ',
  'SESSIONS_WRITE',
  'WORKSPACES_READ',
  'WORKSPACES_WRITE',
  'DAEMON_TOKENS_READ',
  'DAEMON_TOKENS_WRITE',
  'SIGNING_KEYS_READ',
  'SIGNING_KEYS_WRITE',
  'AUDIT_READ',
  'INTROSPECT',
  'ADMIN',
] as const;
export type Scope = (typeof SCOPES)[number];

export type UserRole = 'MEMBER' | 'ADMIN';

// Only administrators hold the scopes for the credentials of other users. Only they can grant these scopes to services.
const MEMBER_SCOPES: readonly Scope[] = SCOPES.filter((scope) => scope !== 'ADMIN' && scope !== 'INTROSPECT');

/** All scopes that a user with this role can hold. A session starts with all of them. */
export function scopesOfRole(role: UserRole): readonly Scope[] {
  return role === 'ADMIN' ? SCOPES : MEMBER_SCOPES;
}

const BEYOND_WORKSPACES: readonly Scope[] = ['ADMIN', 'INTROSPECT', 'SESSIONS_WRITE'];

/**
 * Whether a credential that is bound to a workspace can hold this scope. Sessions belong to no workspace: with
 * SESSIONS_READ, it follows the revocations of its workspace, and sees no session.
 */
export function staysInWorkspace(scope: Scope): boolean {
  return !BEYOND_WORKSPACES.includes(scope);
}

const OF_WORKSPACES: readonly Scope[] = [
  ...(['API_KEYS_READ', 'API_KEYS_WRITE', 'WORKSPACES_READ', 'WORKSPACES_WRITE', 'DAEMON_TOKENS_READ'] as const),
  ...(['DAEMON_TOKENS_WRITE', 'SIGNING_KEYS_READ', 'SIGNING_KEYS_WRITE', 'AUDIT_READ'] as const),
];

/** Whether a credential that belongs to a workspace, and not to a user, can hold this scope. */
export function belongsToWorkspace(scope: Scope): boolean {
  return OF_WORKSPACES.includes(scope);
}

/** The scopes that were granted and that the role of the user still allows. A demotion narrows every key. */
export function effectiveScopes(granted: readonly string[], role: UserRole): Scope[] {
  return scopesOfRole(role).filter((scope) => granted.includes(scope));
}
