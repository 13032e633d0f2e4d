import type { EntityManager } from '@mikro-orm/sql';
import { usersAs } from '../accounts/user.sql.ts';
import { areWithin } from '../credentials/allowed-addresses.ts';
import { latestEnd } from '../identity/grant.ts';
import { type Principal, permissionsNotHeld, scopesNotHeld } from '../identity/principal.ts';
import { type Scope, scopesOfRole, staysInWorkspace, type UserRole } from '../identity/scope.ts';
import type { ApiKey } from './api-key.entity.ts';

const ROLE = `select u.role from ${usersAs('u')} where u.id = ?`;

/** The caller lacks something that a key holds: these scopes, or something else if the list is empty. */
export type Beyond = { kind: 'scopeNotHeld'; scopes: Scope[] };

/**
 * What a caller lacks of the scopes and permissions of a key; null if it holds them all. The key itself does. A session of
 * the user of the key does, too, unless it is from before a promotion.
 */
export async function grantNotHeld(em: EntityManager, caller: Principal, apiKey: ApiKey): Promise<Beyond | null> {
  if (caller.credentialId === apiKey.id || (await isFullSessionOfUser(em, caller, apiKey))) return null;
  const scopes = scopesNotHeld(caller, apiKey.workspaceId ? apiKey.scopes.filter(staysInWorkspace) : apiKey.scopes);
  const isMore = scopes.length > 0 || permissionsNotHeld(caller, apiKey.permissions).length > 0;
  return isMore ? { kind: 'scopeNotHeld', scopes } : null;
}

/**
 * What a caller lacks that gets a secret of a key. The secret can do everything that the key can do, for as long and from
 * the same addresses. So the caller must hold as much.
 */
export async function beyondReach(em: EntityManager, caller: Principal, apiKey: ApiKey): Promise<Beyond | null> {
  if (caller.credentialId === apiKey.id) return null;
  const beyond = await grantNotHeld(em, caller, apiKey);
  if (beyond) return beyond;
  const longest = latestEnd(caller);
  const outlives = longest !== null && (apiKey.fixedEnd === null || apiKey.fixedEnd > longest);
  return outlives || !admitsAll(caller, apiKey.allowedAddresses) ? { kind: 'scopeNotHeld', scopes: [] } : null;
}

/** Whether the caller may be used from everywhere where the key may be used. */
function admitsAll({ allowedAddresses: own }: Principal, addresses: readonly string[]): boolean {
  return own === undefined || (addresses.length > 0 && areWithin(addresses, own));
}

/**
 * Whether the caller is a session of the user of the key and holds all scopes that the role of the user allows now. A key
 * that belongs to a workspace has no user: an administrator may have given it more than any owner holds.
 */
async function isFullSessionOfUser(em: EntityManager, caller: Principal, { userId }: ApiKey): Promise<boolean> {
  if (caller.kind !== 'session' || userId === null || caller.userId !== userId) return false;
  const [user] = await em.execute<{ role: UserRole }[]>(ROLE, [userId]);
  return user !== undefined && scopesNotHeld(caller, scopesOfRole(user.role)).length === 0;
}
