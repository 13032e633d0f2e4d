import type { Audit } from '../audit/audit.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { Clock } from '../kernel/clock.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import type { Receipt } from '../revocation/propagation-barrier.ts';
import type { accountEvents } from './account.events.ts';
import { wordsAbout } from './account.input.ts';
import { lockUser } from './account.queries.ts';
import type { AccountTokens } from './account-tokens.ts';
import type { Passwords } from './password.ts';
import type { User } from './user.entity.ts';
import type { UserSessions } from './user-sessions.ts';

export interface PasswordResetServiceOptions {
  tokens: AccountTokens;
  sessions: UserSessions;
  passwords: Passwords;
  audit: Audit<typeof accountEvents>;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

export type CreatePasswordResetOutcome =
  | { kind: 'created'; user: User; resetToken: string; expiresAt: Date }
  | { kind: 'userNotFound' };

export type ResetPasswordOutcome =
  | { kind: 'reset'; user: User; revokedCount: number; receipt: Receipt }
  | { kind: 'rejected' }
  | InvalidInput;

/** Lets users set a new password without the current one. */
export class PasswordResetService {
  readonly #options: PasswordResetServiceOptions;

  constructor(options: PasswordResetServiceOptions) {
    this.#options = options;
  }

  /** Issues a token for a user who has accepted the invitation. The caller is an administrator or the operator. */
  async create(unitOfWork: UnitOfWork, userId: string): Promise<CreatePasswordResetOutcome> {
    const { tokens, audit, clock } = this.#options;
    const { em } = unitOfWork;
    return unitOfWork.transaction(async () => {
      const user = await lockUser(em, userId);
      if (!user || user.invitedAt) return { kind: 'userNotFound' };
      const { token: resetToken, expiresAt } = await tokens.issue(em, { userId, now: clock.now() });
      const data = { expiresAt: expiresAt.toISOString() };
      audit.record(unitOfWork, { type: 'account.password-reset-created', subjectId: userId, data });
      return { kind: 'created', user, resetToken, expiresAt };
    }, userId);
  }

  /** Sets a new password and revokes all sessions of the user. Of several calls at once, one succeeds. */
  async reset(
    unitOfWork: UnitOfWork,
    { resetToken, newPassword }: { resetToken: string; newPassword: string },
  ): Promise<ResetPasswordOutcome> {
    const { tokens, sessions, passwords } = this.#options;
    const known = await tokens.lookUp(unitOfWork, resetToken);
    if (!known) return { kind: 'rejected' };
    const check = new InputCheck();
    const about = wordsAbout(known);
    passwords.check(check, { password: newPassword, path: 'input.newPassword', about });
    if (check.outcome) return check.outcome;

    const passwordHash = await passwords.hash(newPassword);
    // The token authorizes this, not the credential of the request.
    const work = unitOfWork.withoutCaller();
    const revoked = await work.transaction(async () => {
      const user = await lockUser(work.em, known.id);
      // Read again: the token changes only under the lock of its user.
      const token = user && (await tokens.find(work.em, resetToken));
      if (!token) return null;
      user.changePassword(passwordHash);
      work.em.remove(token);
      const actorUserId = user.id;
      const event = { subjectId: user.id, actorUserId, data: {} };
      this.#options.audit.record(work, { type: 'account.password-reset', ...event });
      return sessions.revoke(work, user, { kept: null, reason: 'SIGNED_OUT', actorUserId });
    });
    if (!revoked) return { kind: 'rejected' };
    return { kind: 'reset', user: revoked.user, ...(await sessions.propagated(revoked)) };
  }
}
