import type { FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { eraseRefused } from '../audit/erase-addresses.ts';
import { governed, hasEnded } from '../credential-policies/credential-policy.sql.ts';
import { KNOWN_POLICIES, type KnownPolicies } from '../credential-policies/known-policies.sql.ts';
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
 * Each list is a few scans of an index: of all keys, of the keys of one user, or of the keys of each workspace that the
 * user owns. So a page costs the same among a thousand keys and among a million.
 */
export function apiKeysMatching({ em, caller }: QueryContext, filter: ApiKeyFilter | null | undefined): IdList<ApiKey> {
  const scans = scansFor(caller(), filter?.owner ?? null);
  const conditions = async (after: string | null) =>
    conditionsOf(filter ?? {}, await knownPolicies(em(), filter), after);
  return {
    prefix: 'key',
    async ids({ after, limit }) {
      if (scans.length === 0) return [];
      const { joins, text, values, alternatives } = await conditions(after);
      const page = `order by id desc limit ${limit}`;
      const parts = scans.flatMap((scan) =>
        alternatives.map((alternative) => {
          const from = `from api_keys k ${joins} where ${scan.where} and ${alternative.where} ${text}`;
          const found = scan.inEach(alternative.inEach(`select k.id ${from} ${page}`));
          return `(select found.id from (${found}) found ${page})`;
        }),
      );
      const all = scans.flatMap((scan) => alternatives.flatMap(() => [...scan.values, ...values]));
      const rows = await em().execute<{ id: string }[]>(parts.join(' union all '), all as never[]);
      // A key may fulfil several of the alternatives.
      const ids = [...new Set(rows.map(({ id }) => id))].toSorted();
      return ids.toReversed().slice(0, limit);
    },
    rows: (ids) => em().find(ApiKey, { id: { $in: ids } }),
    async count() {
      if (scans.length === 0) return 0;
      const { joins, text, values } = await conditions(null);
      const counts = scans.map(({ where, inEach }) => {
        const found = inEach(`select k.id from api_keys k ${joins} where ${where} ${text}`);
        return `(select count(*) from (${found}) counted)`;
      });
      const all = scans.flatMap((scan) => [...scan.values, ...values]);
      const [row] = await em().execute<{ count: number }[]>(
        `select (${counts.join(' + ')})::int as count`,
        all as never[],
      );
      return row!.count;
    },
  };
}

/** Null if the filter does not depend on policies, or there is none. */
async function knownPolicies(
  em: EntityManager,
  filter: ApiKeyFilter | null | undefined,
): Promise<KnownPolicies | null> {
  if (!filter || !dependsOnPolicies(filter)) return null;
  const [row] = await em.execute<{ known: string }[]>(KNOWN_POLICIES);
  const known: KnownPolicies = JSON.parse(row!.known);
  return known.installation.length > 0 || known.ofWorkspaces || known.formerOfWorkspaces ? known : null;
}

/** Keys that are next to each other in an index, in the order of their ids. */
interface Scan {
  where: string;
  values: unknown[];
  /** Repeats a selection for each workspace of the scan. */
  inEach: (selection: string) => string;
}

const once = (selection: string) => selection;
const inOwned = (selection: string) => `select s.id from (${OWNED}) w cross join lateral (${selection}) s`;

function scansFor(principal: Principal, owner: ApiKeyFilter['owner'] | null): Scan[] {
  const { userId, workspaceId } = principal;
  const ownWorkspace = owningWorkspace(principal);
  if (isAdministrator(principal)) return [{ where: 'true', values: [], inEach: once }];
  if (ownWorkspace !== null)
    return [{ where: 'k.user_id is null and k.workspace_id = ?', values: [ownWorkspace], inEach: once }];
  if (userId === null) return [];
  const ofUser = {
    where: `k.user_id = ? ${workspaceId === null ? '' : 'and k.workspace_id = ?'}`,
    values: workspaceId === null ? [userId] : [userId, workspaceId],
    inEach: once,
  };
  const ofWorkspaces = {
    where: 'k.user_id is null and k.workspace_id = w.id',
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
      where k.user_id in (${userIds.map(() => '?').join(', ')}) and n.last_used_at is not null group by k.user_id`,
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
