import type { FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { eraseRefused } from '../audit/erase-addresses.ts';
import { ARE_POLICIES, governed, hasEnded } from '../credential-policies/credential-policy.sql.ts';
import { eraseUsesOf, usageAs } from '../credentials/last-used.sql.ts';
import type { IdList, QueryContext } from '../database/query.ts';
import { isAdministrator, owningWorkspace, type Principal } from '../identity/principal.ts';
import { workspacesOwnedBy } from '../workspaces/workspace.sql.ts';
import { ApiKey } from './api-key.entity.ts';
import { type ApiKeyFilter, conditionsOf, dependsOnPolicies } from './api-key.filter.ts';

/** The API keys that this principal may see and change, as a condition on `ApiKey`. */
export async function apiKeysVisibleTo(em: EntityManager, principal: Principal): Promise<FilterQuery<ApiKey>> {
  if (isAdministrator(principal)) return {};
  const { userId, workspaceId } = principal;
  const ownWorkspace = owningWorkspace(principal);
  if (ownWorkspace !== null) return { userId: null, workspaceId: ownWorkspace };
  const owned = await em.execute<{ id: string }[]>(OWNED, [userId, workspaceId]);
  const bound = workspaceId === null ? {} : { workspaceId };
  return {
    $or: [
      { userId: userId ?? '', ...bound },
      { userId: null, workspaceId: { $in: owned.map(({ id }) => id) } },
    ],
  };
}

// Only the workspace that the credential is bound to, if it is bound to one.
const OWNED = `select o.id from ${workspacesOwnedBy('?')} o where o.id = coalesce(?, o.id)`;

/** SQL: whether an API key is neither revoked nor expired, by itself or by a policy. */
export function isActive(key: string): string {
  return `(${key}.revoked_at is null and not ${hasEnded(governed(key))})`;
}

/** How many active API keys this user has. */
export async function countActiveApiKeys(em: EntityManager, userId: string): Promise<number> {
  const text = `select count(*)::int as active from api_keys k where k.user_id = ? and ${isActive('k')}`;
  const [row] = await em.execute<{ active: number }[]>(text, [userId]);
  return row?.active ?? 0;
}

/** The API key with this id, among those that the caller may see. */
export async function findApiKey({ em, caller }: QueryContext, id: string): Promise<ApiKey | null> {
  return em().findOne(ApiKey, { $and: [{ id }, await apiKeysVisibleTo(em(), caller())] });
}

/**
 * The API keys that match a filter, among those that the caller may see.
 *
 * Each list is a few scans of an index that has the order of the list: of the keys of one user, and of the keys of each
 * workspace that the user owns. So a page costs the same among a thousand keys and among a million.
 */
export function apiKeysMatching({ em, caller }: QueryContext, filter: ApiKeyFilter | null | undefined): IdList<ApiKey> {
  const scans = scansFor(caller(), filter?.owner ?? null);
  /** @param page the values of the parameters after those of the conditions */
  const run = async <Row>(select: (scan: Scan, conditions: string) => string, page: unknown[]): Promise<Row[]> => {
    if (scans.length === 0) return [];
    const { text, values } = conditionsOf(filter ?? {}, await arePolicies(em(), filter));
    const parts = scans.map((scan) => `(${select(scan, text)})`);
    const all = scans.flatMap((scan) => [...scan.values, ...values, ...page]);
    return em().execute<Row[]>(parts.join(' union all '), all as never[]);
  };
  return {
    prefix: 'key',
    async ids({ after, limit }) {
      const older = after === null ? '' : 'and k.id < ?';
      const rows = await run<{ id: string }>(
        ({ from, inEach }, conditions) =>
          inEach(`select k.id ${from} ${conditions} ${older} order by k.id desc limit ?`),
        [...(after === null ? [] : [after]), limit],
      );
      const ids = rows.map(({ id }) => id).toSorted();
      return ids.toReversed().slice(0, limit);
    },
    rows: (ids) => em().find(ApiKey, { id: { $in: ids } }),
    async count() {
      const counts = await run<{ count: number }>(
        ({ from, inEach }, conditions) =>
          `select count(*)::int as count from (${inEach(`select k.id ${from} ${conditions}`)}) counted`,
        [],
      );
      return counts.reduce((sum, { count }) => sum + count, 0);
    },
  };
}

async function arePolicies(em: EntityManager, filter: ApiKeyFilter | null | undefined): Promise<boolean> {
  if (!filter || !dependsOnPolicies(filter)) return false;
  const [row] = await em.execute<{ exist: boolean }[]>(ARE_POLICIES);
  return row?.exist ?? true;
}

/** Keys that are next to each other in an index, in the order of their ids. */
interface Scan {
  from: string;
  values: unknown[];
  /** Repeats a selection for each workspace of the scan. */
  inEach: (selection: string) => string;
}

const once = (selection: string) => selection;
const inOwned = (selection: string) => `select s.id from (${OWNED}) w cross join lateral (${selection}) s`;

function scansFor(principal: Principal, owner: ApiKeyFilter['owner'] | null): Scan[] {
  const { userId, workspaceId } = principal;
  const ownWorkspace = owningWorkspace(principal);
  if (isAdministrator(principal)) return [{ from: 'from api_keys k where true', values: [], inEach: once }];
  if (ownWorkspace !== null) {
    const from = 'from api_keys k where k.user_id is null and k.workspace_id = ?';
    return [{ from, values: [ownWorkspace], inEach: once }];
  }
  if (userId === null) return [];
  const ofUser = {
    from: `from api_keys k where k.user_id = ? ${workspaceId === null ? '' : 'and k.workspace_id = ?'}`,
    values: workspaceId === null ? [userId] : [userId, workspaceId],
    inEach: once,
  };
  const ofWorkspaces = {
    from: 'from api_keys k where k.user_id is null and k.workspace_id = w.id',
    values: [userId, workspaceId],
    inEach: inOwned,
  };
  return [...(owner === 'WORKSPACE' ? [] : [ofUser]), ...(owner === 'USER' ? [] : [ofWorkspaces])];
}

/** Locks all keys of a user until the commit, before the user is locked: in the order in which their requests do. */
export async function lockApiKeysOf(em: EntityManager, userId: string): Promise<void> {
  await em.execute('select from api_keys where user_id = ? order by id for update', [userId]);
}

const OF_USER = 'select k.id from api_keys k where k.user_id = ?';

/**
 * Erases the addresses that are recorded for the keys of a user: of their last uses, and of refused requests. A trigger
 * erases those from which the user created keys of workspaces.
 */
export async function eraseApiKeyAddresses(em: EntityManager, userId: string): Promise<void> {
  await em.execute(eraseUsesOf(OF_USER), [userId]);
  await eraseRefused(em, OF_USER, [userId]);
}

/** Which of these keys exist. They stay until the end of the transaction. */
export async function keepApiKeys(em: EntityManager, ids: readonly string[]): Promise<Set<string>> {
  const marks = ids.map(() => '?').join(', ');
  const text = `select k.id from api_keys k where k.id in (${marks}) order by k.id for key share`;
  const rows = await em.execute<{ id: string }[]>(text, [...ids]);
  return new Set(rows.map(({ id }) => id));
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
  userIds: readonly string[],
): Promise<[id: string, count: number][]> {
  const rows = await em.execute<{ user_id: string; count: number }[]>(
    `select k.user_id, count(*)::int as count from api_keys k
      where k.user_id in (${userIds.map(() => '?').join(', ')}) and ${isActive('k')} group by k.user_id`,
    [...userIds],
  );
  return rows.map((row) => [row.user_id, row.count]);
}
