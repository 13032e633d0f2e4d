import type { FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { usersAs } from '../accounts/user.sql.ts';
import { usageAs } from '../credentials/last-used.sql.ts';
import type { List, QueryContext } from '../database/query.ts';
import { isAdministrator, type Principal } from '../identity/principal.ts';
import { AccessTokenRevocation } from './access-token-revocation.entity.ts';
import { Session } from './session.entity.ts';
import { isRevokedSession } from './session.sql.ts';

export interface SessionFilter {
  userId?: string | null;
  status?: 'ACTIVE' | 'EXPIRED' | 'REVOKED' | null;
}

const NOT_REVOKED: FilterQuery<Session> = { revokedAloneAt: null, revokedWithAllAt: null };

/** The condition on the user id for rows of users whose sessions this principal may see and change. */
export function sessionsVisibleTo(principal: Principal): { userId?: string } {
  if (isAdministrator(principal)) return {};
  // Sessions belong to no workspace.
  return { userId: principal.workspaceId === null ? (principal.userId ?? '') : '' };
}

/** The sessions that match a filter, among those that the caller may see. */
export function sessionsMatching(context: QueryContext, filter: SessionFilter | null | undefined): List<Session> {
  const { userId, status } = filter ?? {};
  const now = context.now();
  const conditions: FilterQuery<Session>[] = [sessionsVisibleTo(context.caller())];
  if (userId != null) conditions.push({ userId });
  if (status === 'REVOKED')
    conditions.push({ $or: [{ revokedAloneAt: { $ne: null } }, { revokedWithAllAt: { $ne: null } }] });
  if (status === 'EXPIRED') {
    conditions.push(NOT_REVOKED, { $or: [{ expiresAt: { $lte: now } }, { idleExpiresAt: { $lte: now } }] });
  }
  if (status === 'ACTIVE') conditions.push(activeSessions(now));
  return { entity: Session, prefix: 'ses', where: { $and: conditions } };
}

/** The session with this id, among those that the caller may see. */
export function findSession({ em, caller }: QueryContext, id: string): Promise<Session | null> {
  return em().findOne(Session, { $and: [{ id }, sessionsVisibleTo(caller())] });
}

/** The ledger entry with this id, if it is still needed and the caller may see it. */
export function findRevocation({ em, caller, now }: QueryContext, id: string): Promise<AccessTokenRevocation | null> {
  return em().findOne(AccessTokenRevocation, { id, ...sessionsVisibleTo(caller()), expiresAt: { $gt: now() } });
}

/** Locks all sessions of a user until the commit, before the user is locked: in the order in which refreshes do. */
export async function lockSessionsOf(em: EntityManager, userId: string): Promise<void> {
  await em.execute('select from sessions where user_id = ? order by id for update', [userId]);
}

/** When each of these users last used or refreshed a session. A user without a session is left out. */
export async function lastSessionUses(
  em: EntityManager,
  userIds: readonly string[],
): Promise<[id: string, at: Date][]> {
  const rows = await em.execute<{ user_id: string; at: string | Date }[]>(
    `select s.user_id, max(greatest(s.refreshed_at, n.last_used_at)) as at
      from sessions s left join ${usageAs('n')} on n.credential_id = s.id
      where s.user_id in (${userIds.map(() => '?').join(', ')}) group by s.user_id`,
    [...userIds],
  );
  return rows.map((row) => [row.user_id, new Date(row.at)]);
}

/** How many sessions of each of these users are active. A user without one is left out. */
export async function activeSessionCounts(
  em: EntityManager,
  { userIds, now }: { userIds: readonly string[]; now: Date },
): Promise<[id: string, count: number][]> {
  const rows = await em.execute<{ user_id: string; count: number }[]>(
    `select s.user_id, count(*)::int as count from sessions s join ${usersAs('u')} on u.id = s.user_id
      where s.user_id in (${userIds.map(() => '?').join(', ')})
        and not ${isRevokedSession({ session: 's', user: 'u' })} and s.expires_at > ? and s.idle_expires_at > ?
      group by s.user_id`,
    [...userIds, now, now],
  );
  return rows.map((row) => [row.user_id, row.count]);
}

/** How many sessions of this user are active, without the session `except`. */
export async function countActiveSessions(
  em: EntityManager,
  { userId, except, now }: { userId: string; except: string | null; now: Date },
): Promise<number> {
  const others = except === null ? {} : { id: { $ne: except } };
  return em.count(Session, { $and: [{ userId }, activeSessions(now), others] });
}

/** The ledger entries that are still needed and that the caller may see; of one user if one is named. */
export function revocationsMatching(
  context: QueryContext,
  filter: { userId?: string | null } | null | undefined,
): List<AccessTokenRevocation> {
  const userId = filter?.userId;
  const named = userId == null ? {} : { userId };
  const where = { $and: [sessionsVisibleTo(context.caller()), named, { expiresAt: { $gt: context.now() } }] };
  return { entity: AccessTokenRevocation, prefix: 'rev', where };
}

function activeSessions(now: Date): FilterQuery<Session> {
  return { $and: [NOT_REVOKED, { expiresAt: { $gt: now }, idleExpiresAt: { $gt: now } }] };
}
