// What the SQL of other features may read of workspaces and their members. No other feature names the tables.

/**
 * Whether a user is a member of a workspace that exists.
 *
 * @param of SQL for both ids: columns or parameters
 */
export function isMemberOf({ workspaceId, userId }: { workspaceId: string; userId: string }): string {
  return `exists (select from workspace_members wm join workspaces w on w.id = wm.workspace_id
    where wm.workspace_id = ${workspaceId} and wm.user_id = ${userId})`;
}

/** Whether a workspace exists. @param workspaceId SQL for the id: a column or a parameter */
export function workspaceExists(workspaceId: string): string {
  return `exists (select from workspaces w where w.id = ${workspaceId})`;
}

/** A subquery with the ids of the workspaces that a user owns, in its column `id`. @param userId SQL for the id */
export function workspacesOwnedBy(userId: string): string {
  return `(select wm.workspace_id as id from workspace_members wm where wm.user_id = ${userId} and wm.role = 'OWNER')`;
}

/**
 * Whether a request with a credential of a workspace must be signed. False if there is no such workspace.
 *
 * @param workspaceId SQL for the id: a column or a parameter
 */
export function mustSignIn(workspaceId: string): string {
  return `coalesce((select w.requires_signed_requests from workspaces w where w.id = ${workspaceId}), false)`;
}

/** A join with one membership, so that it can be locked: `… for share of m`. */
export function joinMember(member: string, { workspaceId, userId }: { workspaceId: string; userId: string }): string {
  return `join workspace_members ${member} on ${member}.workspace_id = ${workspaceId} and ${member}.user_id = ${userId}`;
}

/**
 * Locks a workspace for a change of it or its members: one at a time. Writes that only refer to the workspace, such as a
 * new key, do not wait. A transaction takes this lock before it locks a membership or a key of the workspace.
 * Parameter: the id. Returns `mustBeSigned`, as in `mustSignIn`.
 */
export const LOCK_WORKSPACE = lockWorkspace('no key update');

/** Keeps a workspace as it is until the commit, for a caller that belongs to it. The rest is as in `LOCK_WORKSPACE`. */
export const KEEP_WORKSPACE = lockWorkspace('share');

function lockWorkspace(strength: string): string {
  return `select requires_signed_requests as "mustBeSigned" from workspaces where id = ? for ${strength}`;
}
