import type { EntityManager } from '@mikro-orm/sql';
import type { Audit, AuditScope } from '../audit/audit.ts';
import type { SessionIssuer, SessionTokens } from '../credentials/session-issuer.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import type { accountEvents } from './account.events.ts';
import { checkInvitation, type InvitationInput, wordsAbout } from './account.input.ts';
import { lockEmail, lockUser } from './account.queries.ts';
import type { AccountTokens } from './account-tokens.ts';
import { type EmailIndex, trimEmail } from './email.ts';
import type { Passwords } from './password.ts';
import { User } from './user.entity.ts';

/** The workspaces that an invited user joins. */
export interface JoinedWorkspaces {
  exist(em: EntityManager, workspaceIds: readonly string[]): Promise<boolean>;
  /** Locks them until the commit, and returns those that exist. Call it before the user is locked. */
  lockWorkspaces(em: EntityManager, workspaceIds: readonly string[]): Promise<string[]>;
  /** Adds the user as a member. Part of the current transaction. */
  join(scope: AuditScope, of: { userId: string; workspaceIds: readonly string[] }): Promise<void>;
}

export interface InvitationServiceOptions {
  tokens: AccountTokens;
  workspaces: JoinedWorkspaces;
  sessions: Pick<SessionIssuer, 'start' | 'tokensOf'>;
  passwords: Passwords;
  emails: EmailIndex;
  audit: Audit<typeof accountEvents>;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

export type InviteOutcome =
  | { kind: 'invited'; user: User; invitationToken: string; expiresAt: Date }
  | { kind: 'emailTaken' }
  | { kind: 'workspaceNotFound' }
  | InvalidInput;

export type AcceptInvitationOutcome =
  | { kind: 'accepted'; user: User; tokens: SessionTokens }
  | { kind: 'rejected' }
  | InvalidInput;

/** Invites users, who set their first password themselves. The caller who invites is an administrator or the operator. */
export class InvitationService {
  readonly #options: InvitationServiceOptions;

  constructor(options: InvitationServiceOptions) {
    this.#options = options;
  }

  /** Creates a user without a password, or replaces the invitation of a user who has not accepted it. */
  async invite(unitOfWork: UnitOfWork, input: InvitationInput): Promise<InviteOutcome> {
    const { em } = unitOfWork;
    const { tokens, workspaces, emails, audit, clock } = this.#options;
    const checked = checkInvitation(input);
    if ('kind' in checked) return checked;
    const { email, role, permissions, workspaceIds } = checked;
    return unitOfWork.transaction(async () => {
      const owner = await lockEmail(em, emails, email);
      // Locked, because the user may accept the invitation now.
      const known = owner && (await lockUser(em, owner.id));
      if (known && !known.invitedAt) return { kind: 'emailTaken' };
      if (!(await workspaces.exist(em, workspaceIds))) return { kind: 'workspaceNotFound' };
      const now = clock.now();
      const user = known ? this.#inviteAgain(known, checked, now) : this.#newUser(checked, now);
      const of = { userId: user.id, workspaceIds, now };
      const { token: invitationToken, expiresAt } = await tokens.issue(em, of);
      em.persist(user);
      const data = { role, permissions, workspaceIds, expiresAt: expiresAt.toISOString() };
      audit.record(unitOfWork, { type: 'account.invited', subjectId: user.id, data });
      return { kind: 'invited', user, invitationToken, expiresAt };
    });
  }

  /** Sets the first password, joins the workspaces and starts a session. Of several calls at once, one succeeds. */
  async accept(
    unitOfWork: UnitOfWork,
    { invitationToken, password }: { invitationToken: string; password: string },
  ): Promise<AcceptInvitationOutcome> {
    const { tokens, passwords, sessions } = this.#options;
    const user = await tokens.lookUp(unitOfWork, invitationToken);
    if (!user?.invitedAt || user.disabledAt) return { kind: 'rejected' };
    const check = new InputCheck();
    const about = wordsAbout(user);
    passwords.check(check, { password, path: 'input.password', about });
    if (check.outcome) return check.outcome;

    const passwordHash = await passwords.hash(password);
    // The token authorizes this, not the credential of the request.
    const work = unitOfWork.withoutCaller();
    const accepted = await work.transaction(() => this.#accept(work, user.id, { invitationToken, passwordHash }));
    if (!accepted) return { kind: 'rejected' };
    return { kind: 'accepted', user: accepted.user, tokens: await sessions.tokensOf(accepted.started) };
  }

  async #accept(
    work: UnitOfWork,
    userId: string,
    { invitationToken, passwordHash }: { invitationToken: string; passwordHash: string },
  ) {
    const { em } = work;
    const { tokens, workspaces, sessions, audit } = this.#options;
    const { workspaceIds: promised = [] } = (await tokens.find(em, invitationToken)) ?? {};
    const workspaceIds = await workspaces.lockWorkspaces(em, promised);
    const user = await lockUser(em, userId);
    // Read again: the token changes only under the lock of its user.
    const token = user && (await tokens.find(em, invitationToken));
    if (!token || !user.invitedAt || user.disabledAt) return null;
    user.acceptInvitation(passwordHash);
    em.remove(token);
    audit.record(work, {
      type: 'account.invitation-accepted',
      subjectId: userId,
      actorUserId: userId,
      data: {},
    });
    await workspaces.join(work, { userId, workspaceIds });
    return { user, started: sessions.start(work, user) };
  }

  #inviteAgain(user: User, { email, displayName, role, permissions }: InvitationInput, now: Date): User {
    user.inviteAgain({ email: trimEmail(email), displayName, role, permissions }, now);
    return user;
  }

  #newUser({ email, displayName, role, permissions }: InvitationInput, now: Date): User {
    const account = { email: trimEmail(email), displayName, role, permissions, passwordHash: '' };
    return User.create({ id: newId('usr'), ...account, createdAt: now, invitedAt: now });
  }
}
