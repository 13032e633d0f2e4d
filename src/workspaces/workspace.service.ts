import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import type { DataKeys } from '../database/data-keys.ts';
import { FOREIGN_KEY_VIOLATION, sqlStateOf } from '../database/sql-errors.ts';
import { sqlIn } from '../database/sql-in.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { AccessError } from '../identity/access-error.ts';
import { isAdministrator, owningWorkspace } from '../identity/principal.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { memberTag, workspaceTag } from '../revocation/tags.ts';
import { Workspace, WorkspaceMember, type WorkspaceRole } from './workspace.entity.ts';
import type { workspaceEvents } from './workspace.events.ts';
import { checkChanges, type WorkspaceChanges } from './workspace.input.ts';
import { hasOtherOwner } from './workspace.queries.ts';
import { isMemberOf, LOCK_WORKSPACE } from './workspace.sql.ts';

export interface WorkspaceServiceOptions {
  audit: Audit<typeof workspaceEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  dataKeys: Pick<DataKeys, 'newest'>;
  findUserByEmail: (em: EntityManager, email: string) => Promise<{ id: string } | null>;
}

export type CreateWorkspaceOutcome = { kind: 'created'; workspace: Workspace } | InvalidInput;

export type UpdateWorkspaceOutcome =
  | { kind: 'updated'; workspace: Workspace; receipt: Receipt | null }
  | { kind: 'workspaceNotFound' }
  | InvalidInput;

/** The membership that a change leaves. */
interface Member {
  workspace: Workspace;
  userId: string;
  role: WorkspaceRole;
}

type NoSuchMember = { kind: 'workspaceNotFound' } | { kind: 'userNotFound' };
type LastOwner = { kind: 'lastOwner'; workspaces: Workspace[] };

export type AddMemberOutcome = ({ kind: 'added' } & Member) | NoSuchMember;

export type RemoveMemberOutcome =
  | { kind: 'removed'; workspace: Workspace; receipt: Receipt }
  | NoSuchMember
  | LastOwner;

export type SetMemberRoleOutcome = ({ kind: 'set'; receipt: Receipt | null } & Member) | NoSuchMember | LastOwner;

export type DeleteWorkspaceOutcome =
  | { kind: 'deleted'; workspaceId: string; receipt: Receipt }
  | { kind: 'workspaceNotFound' };

/** Creates, changes and deletes workspaces, and manages their members. */
export class WorkspaceService {
  readonly #options: WorkspaceServiceOptions;

  constructor(options: WorkspaceServiceOptions) {
    this.#options = options;
  }

  /** Creates a workspace with the caller as its owner. */
  async create(unitOfWork: UnitOfWork, input: { name: string }): Promise<CreateWorkspaceOutcome> {
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
      await this.#options.dataKeys.newest(made.id, sqlIn(em));
      em.persist(WorkspaceMember.create({ workspaceId: made.id, userId, role: 'OWNER', createdAt }));
      this.#record(unitOfWork, made, { type: 'workspace.created', data: { ownerId: userId } });
      return made;
    });
    return { kind: 'created', workspace };
  }

  /**
   * Changes a workspace. An update that changes nothing succeeds. To require signed requests narrows what the credentials of
   * the workspace may do. It always waits: another request may have required them a moment before.
   */
  async update(
    unitOfWork: UnitOfWork,
    { workspaceId, ...changes }: WorkspaceChanges & { workspaceId: string },
  ): Promise<UpdateWorkspaceOutcome> {
    const checked = checkChanges(changes);
    if ('kind' in checked) return checked;
    const { name, requiresSignedRequests } = checked;
    const updated = await unitOfWork.transaction(async () => {
      const workspace = await this.#lockManaged(unitOfWork, workspaceId);
      if (!workspace) return null;
      const changed: ('name' | 'requiresSignedRequests')[] = [];
      if (name !== undefined && workspace.rename(name)) changed.push('name');
      if (requiresSignedRequests !== undefined && workspace.requireSignedRequests(requiresSignedRequests))
        changed.push('requiresSignedRequests');
      const data = { changed, requiresSignedRequests: workspace.requiresSignedRequests };
      if (changed.length > 0) this.#record(unitOfWork, workspace, { type: 'workspace.updated', data });
      return { workspace, updatedAt: this.#options.clock.now() };
    }, workspaceId);
    if (!updated) return { kind: 'workspaceNotFound' };
    const { workspace, updatedAt } = updated;
    const wait = () => this.#options.barrier.waitUntilPropagated(workspaceTag(workspaceId), updatedAt);
    return { kind: 'updated', workspace, receipt: requiresSignedRequests === true ? await wait() : null };
  }

  /** Adds the user with this email address. A member keeps the role that they have. */
  async addMember(
    unitOfWork: UnitOfWork,
    { workspaceId, email, role }: { workspaceId: string; email: string; role: WorkspaceRole },
  ): Promise<AddMemberOutcome> {
    const { em } = unitOfWork;
    const { clock, findUserByEmail } = this.#options;
    const add = async (): Promise<AddMemberOutcome> => {
      const workspace = await this.#lockManaged(unitOfWork, workspaceId);
      if (!workspace) return { kind: 'workspaceNotFound' };
      const user = await findUserByEmail(em, email);
      if (!user) return { kind: 'userNotFound' };
      const userId = user.id;
      const present = await em.findOne(WorkspaceMember, { workspaceId, userId });
      if (present) return { kind: 'added', workspace, userId, role: present.role };
      em.persist(WorkspaceMember.create({ workspaceId, userId, role, createdAt: clock.now() }));
      this.#record(unitOfWork, workspace, { type: 'workspace.member-added', data: { userId, role } });
      return { kind: 'added', workspace, userId, role };
    };
    try {
      return await unitOfWork.transaction(add, workspaceId);
    } catch (error) {
      // The user was deleted meanwhile. The workspace cannot be: it is locked.
      if (sqlStateOf(error) === FOREIGN_KEY_VIOLATION) return { kind: 'userNotFound' };
      throw error;
    }
  }

  /** Removes a member. A trigger revokes the API keys of this user that are bound to the workspace. */
  async removeMember(
    unitOfWork: UnitOfWork,
    { workspaceId, userId }: { workspaceId: string; userId: string },
  ): Promise<RemoveMemberOutcome> {
    const { caller, em } = unitOfWork;
    const outcome = await unitOfWork.transaction(async () => {
      const found = await this.#lockVisible(unitOfWork, workspaceId);
      if (!found) return { kind: 'workspaceNotFound' } as const;
      if (userId !== caller.userId) requireManager(found);
      const { workspace } = found;
      const member = await this.#lockMember(em, { workspaceId, userId });
      if (!member) return { kind: 'userNotFound' } as const;
      if (await isLastOwner(em, member)) return { kind: 'lastOwner' as const, workspaces: [workspace] };
      em.remove(member);
      const { role } = member;
      this.#record(unitOfWork, workspace, { type: 'workspace.member-removed', data: { userId, role } });
      return { kind: 'removed', workspace, removedAt: this.#options.clock.now() } as const;
    }, workspaceId);
    if (outcome.kind !== 'removed') return outcome;
    const { workspace, removedAt } = outcome;
    const receipt = await this.#options.barrier.waitUntilPropagated(memberTag(workspaceId, userId), removedAt);
    return { kind: 'removed', workspace, receipt };
  }

  /** Changes the role of a member. The role `MEMBER` always waits: an earlier demotion may still be propagating. */
  async setMemberRole(
    unitOfWork: UnitOfWork,
    { workspaceId, userId, role }: { workspaceId: string; userId: string; role: WorkspaceRole },
  ): Promise<SetMemberRoleOutcome> {
    const { em } = unitOfWork;
    const outcome = await unitOfWork.transaction(async () => {
      const workspace = await this.#lockManaged(unitOfWork, workspaceId);
      if (!workspace) return { kind: 'workspaceNotFound' } as const;
      const member = await this.#lockMember(em, { workspaceId, userId });
      if (!member) return { kind: 'userNotFound' } as const;
      if (role === 'MEMBER' && (await isLastOwner(em, member)))
        return { kind: 'lastOwner' as const, workspaces: [workspace] };
      const previousRole = member.changeRole(role);
      const data = { userId, role, previousRole };
      if (role !== previousRole) this.#record(unitOfWork, workspace, { type: 'workspace.member-role-changed', data });
      return { kind: 'set', workspace, setAt: this.#options.clock.now() } as const;
    }, workspaceId);
    if (outcome.kind !== 'set') return outcome;
    const { workspace, setAt } = outcome;
    const wait = () => this.#options.barrier.waitUntilPropagated(memberTag(workspaceId, userId), setAt);
    return { kind: 'set', workspace, userId, role, receipt: role === 'MEMBER' ? await wait() : null };
  }

  /** Deletes a workspace with its members and every credential that is bound to it: one row of the log. */
  async delete(unitOfWork: UnitOfWork, workspaceId: string): Promise<DeleteWorkspaceOutcome> {
    const { em } = unitOfWork;
    const { clock, barrier } = this.#options;
    const deletedAt = await unitOfWork.transaction(async () => {
      const workspace = await this.#lockManaged(unitOfWork, workspaceId);
      if (!workspace) return null;
      // Before the workspace: a new key locks the membership of its user, and at its commit the workspace.
      const lock = { lockMode: LockMode.PESSIMISTIC_WRITE } as const;
      const { length: memberCount } = await em.find(WorkspaceMember, { workspaceId }, lock);
      em.remove(workspace);
      this.#record(unitOfWork, workspace, { type: 'workspace.deleted', data: { memberCount } });
      return clock.now();
    }, workspaceId);
    if (!deletedAt) return { kind: 'workspaceNotFound' };
    const receipt = await barrier.waitUntilPropagated(workspaceTag(workspaceId), deletedAt);
    return { kind: 'deleted', workspaceId, receipt };
  }

  /**
   * Whether the caller may see this workspace, which is locked until the commit: for changes of what belongs to it.
   *
   * @throws AccessError `FORBIDDEN` if the caller is neither an owner nor an administrator
   */
  async lockForChange(unitOfWork: UnitOfWork, workspaceId: string): Promise<boolean> {
    return (await this.#lockManaged(unitOfWork, workspaceId)) !== null;
  }

  /**
   * The workspace, if the caller may see it, locked until the commit: of several changes of one workspace and its
   * members, each sees what the one before it did. A workspace that the caller may not see is not locked.
   */
  async #lockVisible({ caller, em }: UnitOfWork, workspaceId: string): Promise<Visible | null> {
    if (caller.workspaceId !== null && caller.workspaceId !== workspaceId) return null;
    const userId = caller.userId ?? '';
    // Only owners create the keys of a workspace. Such a key acts for the workspace itself.
    const isManager = isAdministrator(caller) || owningWorkspace(caller) === workspaceId;
    const mayLock = isManager || (await em.execute(IS_MEMBER, [workspaceId, userId])).length > 0;
    if (!mayLock || (await em.execute(LOCK_WORKSPACE, [workspaceId])).length === 0) return null;
    const workspace = await em.findOne(Workspace, { id: workspaceId });
    if (!workspace || isManager) return workspace && { workspace, isManager: true };
    // Locked, so that the role lasts until the commit, also if it is changed in plain SQL.
    const lock = { lockMode: LockMode.PESSIMISTIC_READ } as const;
    const own = await em.findOne(WorkspaceMember, { workspaceId, userId }, lock);
    return own && { workspace, isManager: own.role === 'OWNER' };
  }

  /** The same for a change that only an owner or an administrator may make. @throws AccessError `FORBIDDEN` */
  async #lockManaged(unitOfWork: UnitOfWork, workspaceId: string): Promise<Workspace | null> {
    const found = await this.#lockVisible(unitOfWork, workspaceId);
    if (found) requireManager(found);
    return found?.workspace ?? null;
  }

  #lockMember(em: EntityManager, member: { workspaceId: string; userId: string }): Promise<WorkspaceMember | null> {
    return em.findOne(WorkspaceMember, member, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  }

  #record(unitOfWork: UnitOfWork, { id }: Workspace, event: Recorded): void {
    this.#options.audit.record(unitOfWork, { subjectId: id, workspaceId: id, ...event });
  }
}

/** An event of a workspace, without its subject. */
type Recorded = WithoutSubject<Parameters<Audit<typeof workspaceEvents>['record']>[1]>;
type WithoutSubject<Event> = Event extends unknown ? Omit<Event, 'subjectId' | 'workspaceId' | 'actorUserId'> : never;

interface Visible {
  workspace: Workspace;
  /** Whether the caller may change the workspace and its members. */
  isManager: boolean;
}

const IS_MEMBER = `select 1 where ${isMemberOf({ workspaceId: '?', userId: '?' })}`;

function requireManager({ isManager }: Visible): void {
  if (!isManager) throw new AccessError('FORBIDDEN', 'Only an owner of the workspace or an administrator can do this.');
}

async function isLastOwner(em: EntityManager, member: WorkspaceMember): Promise<boolean> {
  return member.role === 'OWNER' && !(await hasOtherOwner(em, member));
}
