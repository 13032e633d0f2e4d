import type { FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { usageAs } from '../credentials/last-used.sql.ts';
import type { List, QueryContext } from '../database/query.ts';
import { isAdministrator, type Principal } from '../identity/principal.ts';
import { ApiKey } from './api-key.entity.ts';

export interface ApiKeyFilter {
  userId?: string | null;
  workspaceId?: string | null;
  status?: 'ACTIVE' | 'EXPIRED' | 'REVOKED' | null;
}

/** The API keys that this principal may see and change, as a condition on `ApiKey`. */
export function apiKeysVisibleTo(principal: Principal): { userId?: string; workspaceId?: string } {
  return {
    ...(isAdministrator(principal) ? {} : { userId: principal.userId ?? '' }),
    ...(principal.workspaceId ? { workspaceId: principal.workspaceId } : {}),
  };
}

/** The API keys that are neither revoked nor expired, as a condition on `ApiKey`. */
export function activeApiKeys(now: Date): FilterQuery<ApiKey> {
  return { revokedAt: null, $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] };
}

/** The API key with this id, among those that the caller may see. */
export function findApiKey({ em, caller }: QueryContext, id: string): Promise<ApiKey | null> {
  return em().findOne(ApiKey, { id, ...apiKeysVisibleTo(caller()) });
}

/** The API keys that match a filter, among those that the caller may see. */
export function apiKeysMatching(context: QueryContext, filter: ApiKeyFilter | null | undefined): List<ApiKey> {
  const { userId, workspaceId, status } = filter ?? {};
  const conditions: FilterQuery<ApiKey>[] = [apiKeysVisibleTo(context.caller())];
  if (userId != null) conditions.push({ userId });
  if (workspaceId != null) conditions.push({ workspaceId });
  if (status === 'REVOKED') conditions.push({ revokedAt: { $ne: null } });
  if (status === 'EXPIRED') conditions.push({ revokedAt: null, expiresAt: { $lte: context.now() } });
  if (status === 'ACTIVE') conditions.push(activeApiKeys(context.now()));
  return { entity: ApiKey, prefix: 'key', where: { $and: conditions } };
}

/** Locks all keys of a user until the commit, before the user is locked: in the order in which their requests do. */
export async function lockApiKeysOf(em: EntityManager, userId: string): Promise<void> {
  await em.execute('select from api_keys where user_id = ? order by id for update', [userId]);
}

/** When each of these users last used a key. A user who never did is left out. */
export async function lastApiKeyUses(em: EntityManager, userIds: readonly string[]): Promise<[id: string, at: Date][]> {
  const rows = await em.execute<{ user_id: string; at: string | Date }[]>(
    `select k.user_id, max(n.last_used_at) as at from api_keys k join ${usageAs('n')} on n.credential_id = k.id
      where k.user_id in (${userIds.map(() => '?').join(', ')}) group by k.user_id`,
    [...userIds],
  );
  return rows.map((row) => [row.user_id, new Date(row.at)]);
}

/** How many keys of each of these users are active. A user without one is left out. */
export async function activeApiKeyCounts(
  em: EntityManager,
  { userIds, now }: { userIds: readonly string[]; now: Date },
): Promise<[id: string, count: number][]> {
  const rows = await em.execute<{ user_id: string; count: number }[]>(
    `select user_id, count(*)::int as count from api_keys
      where user_id in (${userIds.map(() => '?').join(', ')})
        and revoked_at is null and (expires_at is null or expires_at > ?)
      group by user_id`,
    [...userIds, now],
  );
  return rows.map((row) => [row.user_id, row.count]);
}
