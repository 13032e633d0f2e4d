import type { EntityManager } from '@mikro-orm/sql';
import type { Audit, AuditScope } from '../audit/audit.ts';
import { eraseActor } from '../audit/erase-addresses.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { AccessError, credentialRefused } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { userTag } from '../revocation/tags.ts';
import type { accountEvents } from './account.events.ts';
import { checkDisplayName, checkUserUpdate, type UserUpdate } from './account.input.ts';
import { isLastAdministrator, lockEmail, lockUser } from './account.queries.ts';
import { type EmailIndex, trimEmail } from './email.ts';
import type { User, UserChanges } from './user.entity.ts';

/** What a user holds in other features, as the deletion of the user needs it. */
export interface Holdings {
  /**
   * Locks the workspaces, sessions and keys of a user until the commit, in the order in which other transactions lock
   * them. Call it before the user is locked.
   */
  lock(em: EntityManager, userId: string): Promise<void>;
  /**
   * Records that a user who is locked leaves all workspaces. If the user is the last owner of some of them, it records
   * nothing and returns their ids.
   */
  leaveWorkspaces(scope: AuditScope, userId: string): Promise<string[]>;
  /** Erases the addresses that are recorded for the keys of a user. */
  eraseAddresses(em: EntityManager, userId: string): Promise<void>;
}

export interface UserServiceOptions {
  emails: EmailIndex;
  holdings: Holdings;
  audit: Audit<typeof accountEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

type UserNotFound = { kind: 'userNotFound' };
type LastAdministrator = { kind: 'lastAdministrator' };

export type UpdateUserOutcome =
  | { kind: 'updated'; user: User; receipt: Receipt | null }
  | UserNotFound
  | { kind: 'emailTaken' }
  | LastAdministrator
  | InvalidInput;

export type UpdateProfileOutcome = { kind: 'updated'; user: User } | InvalidInput;

export type DisableUserOutcome = { kind: 'disabled'; user: User; receipt: Receipt } | UserNotFound | LastAdministrator;

export type EnableUserOutcome = { kind: 'enabled'; user: User } | UserNotFound;

export type DeleteUserOutcome =
  | { kind: 'deleted'; userId: string; receipt: Receipt }
  | UserNotFound
  | LastAdministrator
  | { kind: 'lastOwner'; workspaceIds: string[] };

/** Changes, disables and deletes users. The caller is an administrator or the operator. */
export class UserService {
  readonly #options: UserServiceOptions;

  constructor(options: UserServiceOptions) {
    this.#options = options;
  }

  /** Changes a user. One row of the log narrows all sessions and keys of the user. */
  async update(
    unitOfWork: UnitOfWork,
    { userId, ...input }: UserUpdate & { userId: string },
  ): Promise<UpdateUserOutcome> {
    const checked = checkUserUpdate(input);
    if ('kind' in checked) return checked;
    const { emails, clock, barrier } = this.#options;
    const { email, ...others } = checked;
    const outcome = await unitOfWork.transaction(async () => {
      const owner = email === undefined ? null : await lockEmail(unitOfWork.em, emails, email);
      const user = await lockUser(unitOfWork.em, userId);
      if (!user) return { kind: 'userNotFound' } as const;
      if (owner && owner.id !== userId) return { kind: 'emailTaken' } as const;
      const isDemotion = others.role === 'MEMBER' && user.role === 'ADMIN';
      if (isDemotion && (await isLastAdministrator(unitOfWork.em, user))) return { kind: 'lastAdministrator' } as const;
      const { permissions } = user;
      this.#change(unitOfWork, user, { ...others, email: email === undefined ? undefined : trimEmail(email) });
      return { kind: 'updated', user, mayNarrow: mayNarrow(checked, permissions), at: clock.now() } as const;
    }, userId);
    if (outcome.kind !== 'updated') return outcome;
    const { user, at } = outcome;
    const receipt = outcome.mayNarrow ? await barrier.waitUntilPropagated(userTag(userId), at) : null;
    return { kind: 'updated', user, receipt };
  }

  /** Changes the display name of the caller. @throws AccessError `FORBIDDEN` for a caller that is not only its user */
  async updateProfile(unitOfWork: UnitOfWork, input: { displayName: string }): Promise<UpdateProfileOutcome> {
    const { userId, workspaceId } = unitOfWork.caller;
    if (!userId) throw new AccessError('FORBIDDEN', 'The calling credential has no user, and so no profile.');
    if (workspaceId)
      throw new AccessError('FORBIDDEN', 'A credential that is bound to a workspace cannot change a profile.');
    const check = new InputCheck();
    const displayName = checkDisplayName(check, input.displayName);
    if (check.outcome) return check.outcome;
    const user = await unitOfWork.transaction(async () => {
      const found = await lockUser(unitOfWork.em, userId);
      if (!found) throw credentialRefused(); // Deleted since the request began.
      this.#change(unitOfWork, found, { displayName });
      return found;
    }, userId);
    return { kind: 'updated', user };
  }

  /** Disables a user: all credentials of the user are rejected, and the sessions revoked for good. Changes one row. */
  async disable(unitOfWork: UnitOfWork, userId: string): Promise<DisableUserOutcome> {
    const { clock, audit, barrier } = this.#options;
    const outcome = await unitOfWork.transaction(async () => {
      const user = await lockUser(unitOfWork.em, userId);
      if (!user) return { kind: 'userNotFound' } as const;
      if (await isLastAdministrator(unitOfWork.em, user)) return { kind: 'lastAdministrator' } as const;
      if (!user.disabledAt) {
        user.disable(clock.now());
        const data = { reason: user.sessionsRevocationReason! };
        audit.record(unitOfWork, { type: 'account.disabled', subjectId: userId, data });
      }
      return { kind: 'disabled', user } as const;
    }, userId);
    if (outcome.kind !== 'disabled') return outcome;
    const receipt = await barrier.waitUntilPropagated(userTag(userId), outcome.user.disabledAt!);
    return { ...outcome, receipt };
  }

  /** Enables a disabled user. */
  async enable(unitOfWork: UnitOfWork, userId: string): Promise<EnableUserOutcome> {
    const user = await unitOfWork.transaction(async () => {
      const found = await lockUser(unitOfWork.em, userId);
      if (found?.disabledAt) {
        found.enable();
        this.#options.audit.record(unitOfWork, { type: 'account.enabled', subjectId: userId, data: {} });
      }
      return found;
    }, userId);
    return user ? { kind: 'enabled', user } : { kind: 'userNotFound' };
  }

  /** Deletes a user with everything that belongs to the user alone. One row of the log ends all of it. */
  async delete(unitOfWork: UnitOfWork, userId: string): Promise<DeleteUserOutcome> {
    const { holdings, audit, clock, barrier } = this.#options;
    const { em } = unitOfWork;
    const scope = withoutAddressOf(userId, unitOfWork);
    const outcome = await unitOfWork.transaction(async () => {
      await holdings.lock(em, userId);
      const user = await lockUser(em, userId);
      if (!user) return { kind: 'userNotFound' } as const;
      if (await isLastAdministrator(em, user)) return { kind: 'lastAdministrator' } as const;
      const workspaceIds = await holdings.leaveWorkspaces(scope, userId);
      if (workspaceIds.length > 0) return { kind: 'lastOwner', workspaceIds } as const;
      await holdings.eraseAddresses(em, userId);
      em.remove(user);
      audit.record(scope, { type: 'account.deleted', subjectId: userId, data: { role: user.role } });
      await eraseActor(em, userId);
      return { kind: 'deleted', at: clock.now() } as const;
    }, userId);
    if (outcome.kind !== 'deleted') return outcome;
    const receipt = await barrier.waitUntilPropagated(userTag(userId), outcome.at);
    return { kind: 'deleted', userId, receipt };
  }

  #change(unitOfWork: UnitOfWork, user: User, changes: UserChanges): void {
    const { role: previousRole, permissions: previousPermissions } = user;
    const changed = user.change(changes);
    if (changed.length === 0) return;
    const { id: subjectId, role, permissions } = user;
    const data = { changed, role, previousRole, permissions, previousPermissions };
    this.#options.audit.record(unitOfWork, { type: 'account.updated', subjectId, data });
  }
}

/** For the events of a deletion: users who delete their own account leave no address and no user agent behind. */
function withoutAddressOf(userId: string, { em, principal, origin }: UnitOfWork): AuditScope {
  return {
    em,
    principal,
    origin: principal?.userId === userId ? { ...origin, ipAddress: null, userAgent: null } : origin,
  };
}

/**
 * Whether an input can take something away: also if nothing changes, because an earlier call may still be propagating.
 * An input that only adds permissions cannot.
 */
function mayNarrow({ role, permissions }: Omit<UserChanges, 'email'>, previous: readonly string[]): boolean {
  if (role === 'MEMBER') return true;
  if (!permissions) return false;
  return !(previous.every((each) => permissions.includes(each)) && permissions.length > previous.length);
}
