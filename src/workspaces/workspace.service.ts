import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { AccessError } from '../identity/access-error.ts';
import { isAdministrator, type Principal } from '../identity/principal.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import { Workspace, WorkspaceMember } from './workspace.entity.ts';
import type { workspaceEvents } from './workspace.events.ts';

export interface WorkspaceServiceOptions {
  audit: Audit<typeof workspaceEvents>;
  clock: Pick<Clock, 'now'>;
}

/** Makes workspaces and knows who belongs to them. */
export class WorkspaceService {
  readonly #options: WorkspaceServiceOptions;

  constructor(options: WorkspaceServiceOptions) {
    this.#options = options;
  }

  async create(
    unitOfWork: UnitOfWork,
    input: { name: string },
  ): Promise<{ kind: 'created'; workspace: Workspace } | InvalidInput> {
    const { caller, em } = unitOfWork;
    const { userId } = caller;
    if (!userId || caller.workspaceId) {
      throw new AccessError('FORBIDDEN', 'A credential that is bound to a workspace cannot create a workspace.');
    }
    const check = new InputCheck();
    const name = check.text(input.name, 'input.name', 100);
    if (check.outcome) return check.outcome;
    const createdAt = this.#options.clock.now();
    const workspace = await unitOfWork.transaction(async () => {
      const made = Workspace.create({ id: newId('wsp'), name, createdAt });
      em.persist(made);
      em.persist(WorkspaceMember.create({ workspaceId: made.id, userId, role: 'OWNER', createdAt }));
      this.#options.audit.record(unitOfWork, {
        type: 'workspace.created',
        subjectId: made.id,
        workspaceId: made.id,
        data: { ownerId: userId },
      });
      return made;
    });
    return { kind: 'created', workspace };
  }

  /** Whether this person belongs to this workspace. */
  async isMember(em: EntityManager, workspaceId: string, userId: string): Promise<boolean> {
    return (await em.count(WorkspaceMember, { workspaceId, userId })) > 0;
  }

  /** Which of these people share a workspace with this principal; with one that is bound to a workspace, that one. */
  async coMembers(
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

  /** The workspaces that this principal may see, as a condition on `Workspace`. */
  async visibleTo(em: EntityManager, principal: Principal): Promise<{ id?: string | { $in: string[] } }> {
    if (principal.workspaceId) return { id: principal.workspaceId };
    if (isAdministrator(principal)) return {};
    const memberships = await em.find(WorkspaceMember, { userId: principal.userId ?? '' });
    return { id: { $in: memberships.map((membership) => membership.workspaceId) } };
  }
}
