import type { FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { List, QueryContext } from '../database/query.ts';
import { isAdministrator, type Principal } from '../identity/principal.ts';
import { Workspace, WorkspaceMember } from './workspace.entity.ts';

/** The workspace with this id, among those that the caller may see. */
export async function findWorkspace(context: QueryContext, id: string): Promise<Workspace | null> {
  return context.em().findOne(Workspace, { $and: [{ id }, await visibleTo(context.em(), context.caller())] });
}

/** The workspaces that the caller may see. */
export async function visibleWorkspaces(context: QueryContext): Promise<List<Workspace>> {
  return { entity: Workspace, prefix: 'wsp', where: await visibleTo(context.em(), context.caller()) };
}

/** Whether this user belongs to this workspace. */
export async function isMember(em: EntityManager, member: { workspaceId: string; userId: string }): Promise<boolean> {
  return (await em.count(WorkspaceMember, member)) > 0;
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

async function visibleTo(em: EntityManager, principal: Principal): Promise<FilterQuery<Workspace>> {
  if (principal.workspaceId) return { id: principal.workspaceId };
  if (isAdministrator(principal)) return {};
  const memberships = await em.find(WorkspaceMember, { userId: principal.userId ?? '' });
  return { id: { $in: memberships.map((membership) => membership.workspaceId) } };
}
