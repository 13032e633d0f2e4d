import type { EntityManager } from '@mikro-orm/sql';
import type { Audit, AuditScope } from '../audit/audit.ts';
import type { Clock } from '../kernel/clock.ts';
import { Workspace, WorkspaceMember } from './workspace.entity.ts';
import type { workspaceEvents } from './workspace.events.ts';
import { hasOtherOwner } from './workspace.queries.ts';
import { LOCK_WORKSPACE } from './workspace.sql.ts';

export interface MembershipsOptions {
  audit: Audit<typeof workspaceEvents>;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

/** The memberships of one user, for an account that joins or leaves workspaces as a whole. */
export class Memberships {
  readonly #options: MembershipsOptions;

  constructor(options: MembershipsOptions) {
    this.#options = options;
  }

  /** Whether all of these workspaces exist. */
  async exist(em: EntityManager, workspaceIds: readonly string[]): Promise<boolean> {
    const ids = [...new Set(workspaceIds)];
    return (await em.count(Workspace, { id: { $in: ids } })) === ids.length;
  }

  /** Locks the workspaces in which the user is a member. */
  async lockWorkspacesOf(em: EntityManager, userId: string): Promise<void> {
    const memberships = await em.find(WorkspaceMember, { userId });
    await this.lockWorkspaces(
      em,
      memberships.map(({ workspaceId }) => workspaceId),
    );
  }

  /** Locks workspaces in the order of their ids, as every transaction that locks several. Returns those that exist. */
  async lockWorkspaces(em: EntityManager, workspaceIds: readonly string[]): Promise<string[]> {
    const existing: string[] = [];
    for (const id of [...new Set(workspaceIds)].toSorted())
      if ((await em.execute(LOCK_WORKSPACE, [id])).length > 0) existing.push(id);
    return existing;
  }

  /** Adds the user to these locked workspaces. In one of which the user is a member, nothing changes. */
  async join(
    scope: AuditScope,
    { userId, workspaceIds }: { userId: string; workspaceIds: readonly string[] },
  ): Promise<void> {
    const { audit, clock } = this.#options;
    const role = 'MEMBER';
    const present = await scope.em.find(WorkspaceMember, { userId });
    for (const workspaceId of workspaceIds) {
      if (present.some((member) => member.workspaceId === workspaceId)) continue;
      scope.em.persist(WorkspaceMember.create({ workspaceId, userId, role, createdAt: clock.now() }));
      audit.record(scope, {
        type: 'workspace.member-added',
        subjectId: workspaceId,
        workspaceId,
        actorUserId: userId,
        data: { userId, role },
      });
    }
  }

  /**
   * Records that a user who is about to be deleted leaves all workspaces; the deletion ends the memberships. If the user
   * is the last owner of some of them, nothing is recorded, and their ids are returned.
   */
  async leaveAll(scope: AuditScope, userId: string): Promise<string[]> {
    const { em } = scope;
    // The user is locked now, so there are no more memberships than these.
    await this.lockWorkspacesOf(em, userId);
    const memberships = await em.find(WorkspaceMember, { userId }, { refresh: true });
    const ownedAlone: string[] = [];
    for (const member of memberships)
      if (member.role === 'OWNER' && !(await hasOtherOwner(em, member))) ownedAlone.push(member.workspaceId);
    if (ownedAlone.length > 0) return ownedAlone.toSorted();
    for (const { workspaceId, role } of memberships)
      this.#options.audit.record(scope, {
        type: 'workspace.member-removed',
        subjectId: workspaceId,
        workspaceId,
        data: { userId, role },
      });
    return [];
  }
}
