import type { EntityManager } from '@mikro-orm/sql';
import DataLoader from 'dataloader';
import { User } from '../accounts/user.entity.ts';
import { activeApiKeyCounts, lastApiKeyUses } from '../api-keys/api-key.queries.ts';
import type { PersonalRead } from '../audit/personal-reads.ts';
import { policiesOf } from '../credential-policies/credential-policy.queries.ts';
import type { CredentialTypes } from '../credentials/credential-types.ts';
import { type LastUse, lastUses } from '../credentials/last-used.ts';
import { unavailable } from '../identity/access-error.ts';
import { activeSessionCounts, lastSessionUses } from '../sessions/session.queries.ts';
import { Workspace } from '../workspaces/workspace.entity.ts';

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Reads by id, batched and cached for one request, so that a list of a hundred keys reads its users once.
 *
 * @param types each kind of credential in this list gets a loader
 * @param coMembers which of these users share a workspace with the caller
 * @param memberships which of these workspaces the caller is a member of
 * @param explain returns the error that a failed read means to this request
 * @param now database time
 */
export function createLoaders(
  em: () => EntityManager,
  types: CredentialTypes,
  {
    coMembers,
    memberships,
    recordReads,
    explain,
    now,
  }: {
    coMembers: (userIds: string[]) => Promise<string[]>;
    memberships: (workspaceIds: string[]) => Promise<string[]>;
    /** Records that the caller reads personal data of other users. */
    recordReads: (reads: PersonalRead[]) => Promise<void>;
    explain: (error: unknown) => unknown;
    now: () => Date;
  },
) {
  const byId = <Value>(load: (ids: string[]) => Promise<[id: string, value: Value][]>) =>
    new DataLoader<string, Value | null>(async (ids) => {
      const found = await load([...ids]).catch((error) => {
        throw explain(error);
      });
      const values = new Map(found);
      return ids.map((id) => values.get(id) ?? null);
    });
  const rows = <Entity extends { id: string }>(load: (ids: string[]) => Promise<Entity[]>) =>
    byId(async (ids) => (await load(ids)).map((row) => [row.id, row]));
  const lastUse = byId<LastUse>((ids) => lastUses(em(), ids));
  return {
    /** Resolves when the read of a field with personal data of another user is recorded. */
    personalRead: new DataLoader<PersonalRead, true, string>(
      async (reads) => {
        await recordReads([...reads]).catch((error) => {
          throw explain(error);
        });
        return reads.map(() => true as const);
      },
      { cacheKeyFn: ({ userId, field }) => `${field} ${userId}` },
    ),
    user: rows((ids) => em().find(User, { id: { $in: ids } })),
    workspace: rows((ids) => em().find(Workspace, { id: { $in: ids } })),
    /** Credentials, by their kind and then by id. */
    credential: new Map(types.all.map((type) => [type.kind, rows((ids) => type.byIds(em(), ids))])),
    /** The error of a row that was deleted between two reads of this request. */
    deleted: (id: string) => explain(unavailable(new Error(`${id} was deleted during the request.`))),
    /** The id of a user who shares a workspace with the caller; null for any other user. */
    coMember: byId(async (ids) => (await coMembers(ids)).map((id) => [id, id])),
    /** The id of a workspace that the caller is a member of; null for any other workspace. */
    membership: byId(async (ids) => (await memberships(ids)).map((id) => [id, id])),
    /** The last request that a credential authenticated. */
    lastUse,
    /** The same, without where it came from. */
    lastUsedAt: { load: async (id: string): Promise<Date | null> => (await lastUse.load(id))?.at ?? null },
    /** The credential policy with this subject: the id of a workspace, or `*` for the installation. */
    policy: byId(async (ids) => (await policiesOf(em(), ids)).map((policy) => [policy.subject, policy])),
    /** When a session or a key of a user was last used. */
    lastUsedByUser: byId<Date>(async (ids) => {
      const uses = [...(await lastSessionUses(em(), ids)), ...(await lastApiKeyUses(em(), ids))];
      return uses.toSorted(([, one], [, other]) => one.getTime() - other.getTime());
    }),
    /** How many active sessions or keys a user has; null for none. */
    sessionCount: byId<number>((userIds) => activeSessionCounts(em(), { userIds, now: now() })),
    apiKeyCount: byId<number>((userIds) => activeApiKeyCounts(em(), userIds)),
  };
}
