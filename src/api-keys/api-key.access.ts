import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { isAdministrator, owningWorkspace, type Principal } from '../identity/principal.ts';
import { ApiKey } from './api-key.entity.ts';

/** See `lockRole` of the workspaces. */
export type LockRole = (
  em: EntityManager,
  principal: Principal,
  workspaceId: string,
) => Promise<'MEMBER' | 'OWNER' | null>;

/**
 * The API key with this id, among those that the caller may change, inside of a transaction: the caller's own ones, and
 * those of a workspace that the caller owns. The ownership lasts until the end of the transaction.
 *
 * @param lock whether the key is locked, too. A membership is locked before a key
 */
export async function findForChange(
  em: EntityManager,
  { caller, apiKeyId, lockRole }: { caller: Principal; apiKeyId: string; lockRole: LockRole },
  { lock }: { lock: boolean },
): Promise<ApiKey | null> {
  const options = lock ? ({ lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const) : {};
  const own = await em.findOne(ApiKey, { id: apiKeyId, ...ownKeys(caller) }, options);
  if (own || isAdministrator(caller)) return own;
  const ofWorkspace = { id: apiKeyId, userId: null };
  const seen = await em.findOne(ApiKey, ofWorkspace);
  // Asked in any case, so that a key that the caller may not see takes the same time as an unknown one.
  const role = await lockRole(em, caller, seen?.workspaceId ?? '');
  if (!seen || role !== 'OWNER') return null;
  return lock ? em.findOne(ApiKey, ofWorkspace, options) : seen;
}

function ownKeys(caller: Principal): { userId?: string | null; workspaceId?: string } {
  if (isAdministrator(caller)) return {};
  const { userId, workspaceId } = caller;
  const bound = workspaceId === null ? {} : { workspaceId };
  return { userId: owningWorkspace(caller) === null ? (userId ?? '') : null, ...bound };
}
