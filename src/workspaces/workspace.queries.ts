import { type FilterQuery, LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { canLogIn, usersAs } from '../accounts/user.sql.ts';
import type { List, QueryContext } from '../database/query.ts';
import { isAdministrator, owningWorkspace, type Principal } from '../identity/principal.ts';
import { Workspace, WorkspaceMember, type WorkspaceRole } from './workspace.entity.ts';

/** The workspace with this id, among those that the caller may see. */
export async function findWorkspace(context: QueryContext, id: string): Promise<Workspace | null> {
  return context.em().findOne(Workspace, { $and: [{ id }, await visibleTo(context.em(), context.caller())] });
}

/** The workspaces that the caller may see. */
export async function visibleWorkspaces(context: QueryContext): Promise<List<Workspace>> {
  return { entity: Workspace, prefix: 'wsp', where: await visibleTo(context.em(), context.caller()) };
}

/** The members of this workspace, those who joined last first; none if the caller may not see the workspace. */
export function membersOf(workspaceId: string, { isVisible }: { isVisible: boolean }): List<WorkspaceMember> {
  const where = isVisible ? { workspaceId } : { workspaceId: { $in: [] } };
  return { entity: WorkspaceMember, prefix: 'usr', orderBy: ['createdAt', 'userId'], where };
}

/** Whether this user is a member of this workspace. Locks the membership until the end of the transaction. */
export async function lockMembership(
  em: EntityManager,
  member: { workspaceId: string; userId: string },
): Promise<boolean> {
  return (await em.findOne(WorkspaceMember, member, { lockMode: LockMode.PESSIMISTIC_READ })) !== null;
}

/**
 * What a principal may do with what belongs to a workspace: as an owner, if it is an administrator or a key of the
 * workspace. Null if it may not see the workspace. The membership that decides it is locked until the end of the
 * transaction, so that its end or a demotion waits for what the principal does.
 */
export async function lockRole(
  em: EntityManager,
  principal: Principal,
  workspaceId: string,
): Promise<WorkspaceRole | null> {
  const { userId } = principal;
  if (principal.workspaceId !== null && principal.workspaceId !== workspaceId) return null;
  if (isAdministrator(principal) || owningWorkspace(principal) !== null)
    return (await em.count(Workspace, { id: workspaceId })) > 0 ? 'OWNER' : null;
  if (userId === null) return null;
  const lockMode = LockMode.PESSIMISTIC_READ;
  return (await em.findOne(WorkspaceMember, { workspaceId, userId }, { lockMode }))?.role ?? null;
}

/**
 * Whether a principal may see this workspace. A membership that decides it is locked until the end of the transaction, so
 * that its removal waits for what the principal creates.
 */
export async function lockAccess(em: EntityManager, principal: Principal, workspaceId: string): Promise<boolean> {
  const { userId } = principal;
  if (principal.workspaceId === null && !isAdministrator(principal))
    return userId !== null && lockMembership(em, { workspaceId, userId });
  return (await em.count(Workspace, { $and: [{ id: workspaceId }, await visibleTo(em, principal)] })) > 0;
}

/** Which of these workspaces this user is a member of. */
export async function membershipsOf(em: EntityManager, userId: string | null, ids: string[]): Promise<string[]> {
  if (userId === null) return [];
  const rows = await em.execute<{ workspace_id: string }[]>(
    `select workspace_id from workspace_members where user_id = ?
      and workspace_id in (${ids.map(() => '?').join(', ')})`,
    [userId, ...ids],
  );
  return rows.map((row) => row.workspace_id);
}

/** Whether the workspace has an owner besides this user who is not disabled and has accepted the invitation. */
export async function hasOtherOwner(
  em: EntityManager,
  { workspaceId, userId }: { workspaceId: string; userId: string },
): Promise<boolean> {
  const owners = await em.execute(
    `select 1 from workspace_members m join ${usersAs('u')} on u.id = m.user_id
      where m.workspace_id = ? and m.user_id <> ? and m.role = 'OWNER' and ${canLogIn('u')} limit 1`,
    [workspaceId, userId],
  );
  return owners.length > 0;
}

/** Which of these users share a workspace with this principal. If it is bound to one, only that one counts. */
export async function coMembers(
  em: EntityManager,
  { userId, workspaceId }: Pick<Principal, 'userId' | 'workspaceId'>,
  userIds: string[],
): Promise<string[]> {
  if (userIds.length === 0) return [];
  const rows = await em.execute<{ user_id: string }[]>(
    `select distinct user_id from workspace_members where user_id in (${userIds.map(() => '?').join(', ')})
      and workspace_id in (select workspace_id from workspace_members where user_id = ?)
      and workspace_id = coalesce(?, workspace_id)`,
    [...userIds, userId, workspaceId],
  );
  return rows.map((row) => row.user_id);
}

/** The ids of the workspaces whose audit events the caller may read; null for those of the whole installation. */
export async function auditedWorkspaces({ em, caller }: QueryContext): Promise<string[] | null> {
  const principal = caller();
  if (principal.workspaceId) return [principal.workspaceId];
  if (isAdministrator(principal)) return null;
  const memberships = await em().find(WorkspaceMember, { userId: principal.userId ?? '' });
  return memberships.map(({ workspaceId }) => workspaceId);
}

async function visibleTo(em: EntityManager, principal: Principal): Promise<FilterQuery<Workspace>> {
  if (principal.workspaceId) return { id: principal.workspaceId };
  if (isAdministrator(principal)) return {};
  const memberships = await em.find(WorkspaceMember, { userId: principal.userId ?? '' });
  return { id: { $in: memberships.map((membership) => membership.workspaceId) } };
}
