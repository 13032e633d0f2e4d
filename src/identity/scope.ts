/** What a credential may ask of Rekey itself: the `Scope` enum of the schema. */
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

// What concerns other people's credentials is an administrator's to hold and to hand to services.
const MEMBER_SCOPES: readonly Scope[] = SCOPES.filter((scope) => scope !== 'ADMIN' && scope !== 'INTROSPECT');

/** Every scope that a person of this role can hold; a session holds them all. */
export function scopesOfRole(role: UserRole): readonly Scope[] {
  return role === 'ADMIN' ? SCOPES : MEMBER_SCOPES;
}

const BEYOND_WORKSPACES: readonly Scope[] = ['ADMIN', 'INTROSPECT', 'SESSIONS_READ', 'SESSIONS_WRITE'];

/** Whether a credential that only works for one workspace can hold this. People's sessions are of no workspace. */
export function staysInWorkspace(scope: Scope): boolean {
  return !BEYOND_WORKSPACES.includes(scope);
}

/** The scopes that count: what was granted and what the owner's role still allows. A demotion narrows every key. */
export function effectiveScopes(granted: readonly string[], role: UserRole): Scope[] {
  return scopesOfRole(role).filter((scope) => granted.includes(scope));
}
