// What the SQL of other features may read of users. No other feature names the table or its columns.
//
// `user` is always the alias of a user: `left join ${usersAs('u')} on u.id = k.user_id`.

/** The table, to select from or to join. */
export function usersAs(user: string): string {
  return `users ${user}`;
}

/** Whether the user exists and is not disabled. False, and not null, for a row of a left join without a user. */
export function isActiveUser(user: string): string {
  return `(${user}.id is not null and ${user}.disabled_at is null)`;
}

/**
 * Whether the user is active and has accepted the invitation. An invited user owns no credential, so whether a credential
 * is valid does not depend on this.
 */
export function canLogIn(user: string): string {
  return `(${isActiveUser(user)} and ${user}.invited_at is null)`;
}

/** The columns `role` and `userPermissions`: what bounds the credentials of the user. */
export function userBounds(user: string): string {
  return `${user}.role, ${user}.permissions as "userPermissions"`;
}

/** The same, and `disabled`. A user that does not exist is disabled. */
export function userStanding(user: string): string {
  return `${userBounds(user)}, not ${isActiveUser(user)} as disabled`;
}

/**
 * Whether the user has revoked all sessions of this generation, except the one that was kept.
 *
 * @param session SQL for the generation and the id of one session: columns, or parameters in this order
 */
export function hasRevokedSession(user: string, session: { generation: string; id: string }): string {
  return `(${session.generation} < ${user}.session_generation and ${user}.session_kept is distinct from ${session.id})`;
}

/** When all sessions of the user were last revoked, and why. */
export function revocationOfSessions(user: string): { at: string; reason: string } {
  return { at: `${user}.sessions_revoked_at`, reason: `${user}.sessions_revocation_reason` };
}
