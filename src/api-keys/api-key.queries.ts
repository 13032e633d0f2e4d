import type { FilterQuery } from '@mikro-orm/core';
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
