import { LockMode } from '@mikro-orm/core';
import type { Audit } from '../audit/audit.ts';
import type { Rejections } from '../audit/rejections.ts';
import type { SessionIssuer, SessionTokens } from '../credentials/session-issuer.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { credentialRefused } from '../identity/access-error.ts';
import { isAdministrator } from '../identity/principal.ts';
import type { UserRole } from '../identity/scope.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import type { Limits } from '../limits/limits.ts';
import type { Receipt } from '../revocation/propagation-barrier.ts';
import type { accountEvents } from './account.events.ts';
import { type AccountInput, checkNewAccount, wordsAbout } from './account.input.ts';
import { findUserByEmail, hasImportedPasswords, lockEmail, lockUser } from './account.queries.ts';
import type { AccountTokens } from './account-tokens.ts';
import { type EmailIndex, trimEmail } from './email.ts';
import type { LoginTime } from './login-time.ts';
import type { LoginMetrics } from './metrics.ts';
import type { Passwords } from './password.ts';
import { isBootstrapped, type SetupToken } from './setup-token.ts';
import { User } from './user.entity.ts';
import type { UserSessions } from './user-sessions.ts';

export interface AccountServiceOptions {
  sessions: SessionIssuer;
  passwords: Passwords;
  loginTime: LoginTime;
  logins: LoginMetrics;
  limits: Pick<Limits, 'checkLogin' | 'checkRegistration' | 'checkPassword'>;
  /** Logins and passwords that were rejected. */
  rejections: Pick<Rejections, 'note'>;
  emails: EmailIndex;
  setupToken: SetupToken;
  userSessions: UserSessions;
  /** The tokens with which users set a new password. */
  resetTokens: AccountTokens;
  audit: Audit<typeof accountEvents>;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  registration: 'open' | 'closed';
}

export type BootstrapOutcome =
  | { kind: 'bootstrapped'; user: User; tokens: SessionTokens }
  | { kind: 'setupTokenRejected' }
  | { kind: 'alreadyBootstrapped' }
  | InvalidInput;

export type RegisterOutcome =
  | { kind: 'registered'; user: User; tokens: SessionTokens }
  | { kind: 'emailTaken' }
  | { kind: 'registrationClosed' }
  | InvalidInput;

export type LoginOutcome = { kind: 'loggedIn'; user: User; tokens: SessionTokens } | { kind: 'invalidCredentials' };

export type RevokeSessionsOutcome =
  | { kind: 'revoked'; revokedCount: number; receipt: Receipt }
  | { kind: 'userNotFound' };

export type ChangePasswordOutcome =
  | { kind: 'changed'; user: User; revokedCount: number; receipt: Receipt }
  | { kind: 'invalidCredentials' }
  | { kind: 'notASession' }
  | InvalidInput;

/** Creates accounts, logs users in, revokes their sessions, and changes their passwords. */
export class AccountService {
  readonly #options: AccountServiceOptions;

  constructor(options: AccountServiceOptions) {
    this.#options = options;
  }

  /** Creates the first administrator. Of two at once, one succeeds: `bootstrapped` has room for one row. */
  async bootstrap(unitOfWork: UnitOfWork, input: AccountInput & { setupToken: string }): Promise<BootstrapOutcome> {
    const { em, origin } = unitOfWork;
    const { limits, setupToken, passwords, emails, audit } = this.#options;
    await limits.checkRegistration(em, origin.ipAddress);
    if (await isBootstrapped(em)) return { kind: 'alreadyBootstrapped' };
    if (!(await setupToken.matches(em, input.setupToken))) return { kind: 'setupTokenRejected' };
    const invalid = checkNewAccount(input, passwords);
    if (invalid) return invalid;

    const passwordHash = await passwords.hash(input.password);
    const outcome = await unitOfWork.transaction(async () => {
      // If another call has just created the administrator, perhaps with this address, that is the outcome.
      if ((await lockEmail(em, emails, input.email)) && !(await isBootstrapped(em))) return 'emailTaken';
      const user = this.#newUser(input, passwordHash, 'ADMIN');
      const won = await em.execute(
        'insert into bootstrapped (user_id) values (?) on conflict (one) do nothing returning 1',
        [user.id],
      );
      if (won.length === 0) return null;
      await em.execute('delete from setup_token');
      em.persist(user);
      const data = { role: user.role };
      audit.record(unitOfWork, { type: 'account.bootstrapped', subjectId: user.id, actorUserId: user.id, data });
      return { user, started: this.#options.sessions.start(unitOfWork, user) };
    });
    if (!outcome) return { kind: 'alreadyBootstrapped' };
    if (outcome === 'emailTaken') {
      const message = 'An account with this email address already exists. Use another address.';
      return { kind: 'invalidInput', fields: [{ path: 'input.email', message }] };
    }
    return { kind: 'bootstrapped', user: outcome.user, tokens: await this.#options.sessions.tokensOf(outcome.started) };
  }

  /** Registers a new user, if registration is open. */
  async register(unitOfWork: UnitOfWork, input: AccountInput): Promise<RegisterOutcome> {
    const { em, origin } = unitOfWork;
    const { limits, registration, passwords, emails, audit } = this.#options;
    await limits.checkRegistration(em, origin.ipAddress);
    if (registration === 'closed') return { kind: 'registrationClosed' };
    const invalid = checkNewAccount(input, passwords);
    if (invalid) return invalid;

    const passwordHash = await passwords.hash(input.password);
    const outcome = await unitOfWork.transaction(async () => {
      if (await lockEmail(em, emails, input.email)) return null;
      const user = this.#newUser(input, passwordHash, 'MEMBER');
      em.persist(user);
      const data = { role: user.role };
      audit.record(unitOfWork, { type: 'account.registered', subjectId: user.id, actorUserId: user.id, data });
      return { user, started: this.#options.sessions.start(unitOfWork, user) };
    });
    if (!outcome) return { kind: 'emailTaken' };
    return { kind: 'registered', user: outcome.user, tokens: await this.#options.sessions.tokensOf(outcome.started) };
  }

  /**
   * Starts a session, and revokes the active one of the refresh token `replaces`: a browser holds one session. Wrong
   * password, unknown address and disabled account get the same response in the same time, and revoke nothing. The first
   * login with an imported password replaces its hash.
   */
  async login(
    unitOfWork: UnitOfWork,
    input: { email: string; password: string },
    replaces: string | null = null,
  ): Promise<LoginOutcome> {
    return this.#options.logins.count(async () => {
      const { em, origin } = unitOfWork;
      await this.#options.limits.checkLogin(em, origin.ipAddress, input.email);
      const outcome = await this.#logIn(unitOfWork, input, replaces);
      if (outcome) return outcome;
      // Another login may have replaced the imported hash of this user meanwhile.
      return (await this.#logIn(unitOfWork, input, replaces)) ?? { kind: 'invalidCredentials' };
    });
  }

  /** Null if the user was changed while the password was checked. */
  async #logIn(
    unitOfWork: UnitOfWork,
    input: { email: string; password: string },
    replaces: string | null,
  ): Promise<LoginOutcome | null> {
    const { em } = unitOfWork;
    const { emails, passwords, loginTime } = this.#options;
    const endOfStep = loginTime.begin();
    em.clear();
    const found = await findUserByEmail(em, emails.indexes(input.email));
    const imported = found?.passwordImported ?? false;
    const matches = await passwords.verify(found?.passwordHash ?? null, input.password, { imported });
    // All of this comes before the first difference that could be measured: the transaction below.
    if (!found || !matches || found.disabledAt) {
      if (await hasImportedPasswords(em)) await endOfStep();
      return this.#rejectLogin(unitOfWork.origin.ipAddress, found, matches);
    }
    const replacement = imported ? await passwords.hash(input.password) : null;
    // The replaced session may be the caller's own, and then the next attempt could not confirm the caller.
    const work = replaces === null ? unitOfWork : unitOfWork.withoutCaller();
    const outcome = await work.transaction(async () => {
      // The session before its user: every operation that revokes sessions locks them in this order.
      const replaced = replaces === null ? null : await this.#options.sessions.lock(em, replaces);
      // Locked until the commit: no session starts after the account was disabled or its password changed.
      const user = await em.findOne(
        User,
        { id: found.id, passwordHash: found.passwordHash, disabledAt: null },
        { lockMode: replacement === null ? LockMode.PESSIMISTIC_READ : LockMode.PESSIMISTIC_WRITE },
      );
      if (replacement !== null) user?.changePassword(replacement);
      return user && { user, started: this.#options.sessions.start(unitOfWork, user, replaced) };
    });
    if (!outcome) return null;
    return { kind: 'loggedIn', user: outcome.user, tokens: await this.#options.sessions.tokensOf(outcome.started) };
  }

  /**
   * Revokes all sessions of a user: of the caller, or of the user that an administrator names. It changes one number in
   * one row, however many sessions there are.
   */
  async revokeSessions(
    unitOfWork: UnitOfWork,
    input: { userId: string | null; exceptCurrent: boolean },
  ): Promise<RevokeSessionsOutcome> {
    const { caller, em } = unitOfWork;
    const userId = input.userId ?? caller.userId;
    if (!userId || (userId !== caller.userId && !isAdministrator(caller))) return { kind: 'userNotFound' };
    const kept = input.exceptCurrent && caller.kind === 'session' ? caller.credentialId : null;
    const revoked = await unitOfWork.transaction(async () => {
      const user = await lockUser(em, userId);
      const reason = userId === caller.userId ? 'SIGNED_OUT' : 'ADMINISTRATIVE';
      return user && this.#options.userSessions.revoke(unitOfWork, user, { kept, reason });
    }, userId);
    if (!revoked) return { kind: 'userNotFound' };
    return { kind: 'revoked', ...(await this.#options.userSessions.propagated(revoked)) };
  }

  /** Changes the caller's password and revokes the user's other sessions, which may come from the old one. */
  async changePassword(
    unitOfWork: UnitOfWork,
    input: { currentPassword: string; newPassword: string },
  ): Promise<ChangePasswordOutcome> {
    const { caller, em } = unitOfWork;
    const { passwords, userSessions, resetTokens, audit } = this.#options;
    // Not for API keys: a leaked key must not be able to lock its user out.
    if (caller.kind !== 'session' || !caller.userId) return { kind: 'notASession' };
    const address = unitOfWork.origin.ipAddress;
    const owner = { sessionId: caller.credentialId, userId: caller.userId, address };
    const known = await unitOfWork.inTurn(async () => {
      await this.#options.limits.checkPassword(em, owner);
      return em.findOne(User, { id: owner.userId });
    });
    if (!known) throw credentialRefused(); // Deleted since the request began.
    const { passwordHash: knownHash, passwordImported: imported } = known;
    if (!(await passwords.verify(knownHash, input.currentPassword, { imported }))) {
      const by = { subjectId: known.id, actorUserId: known.id, ipAddress: address };
      this.#options.rejections.note({ type: 'account.password-rejected', reason: 'WRONG_PASSWORD', ...by });
      return { kind: 'invalidCredentials' };
    }
    const check = new InputCheck();
    const about = wordsAbout(known);
    passwords.check(check, { password: input.newPassword, path: 'input.newPassword', about });
    if (check.outcome) return check.outcome;

    const passwordHash = await passwords.hash(input.newPassword);
    const changed = await unitOfWork.transaction(async () => {
      const user = await lockUser(em, known.id);
      if (user?.passwordHash !== known.passwordHash) return null; // Another request has changed the password.
      user.changePassword(passwordHash);
      await resetTokens.withdraw(em, user.id);
      audit.record(unitOfWork, { type: 'account.password-changed', subjectId: user.id, data: {} });
      return userSessions.revoke(unitOfWork, user, { kept: caller.credentialId, reason: 'SIGNED_OUT' });
    }, known.id);
    if (!changed) return { kind: 'invalidCredentials' };
    return { kind: 'changed', user: changed.user, ...(await userSessions.propagated(changed)) };
  }

  /** Recorded after the answer, with the same work for every reason: an unknown address must not answer faster. */
  #rejectLogin(ipAddress: string | null, found: User | null, matches: boolean): { kind: 'invalidCredentials' } {
    const wrong = found ? 'WRONG_PASSWORD' : 'UNKNOWN_ACCOUNT';
    const reason = found && matches ? 'ACCOUNT_DISABLED' : wrong;
    this.#options.rejections.note({ type: 'account.login-rejected', subjectId: found?.id ?? null, reason, ipAddress });
    return { kind: 'invalidCredentials' };
  }

  #newUser(input: AccountInput, passwordHash: string, role: UserRole): User {
    const id = newId('usr');
    return User.create({
      id,
      email: trimEmail(input.email),
      displayName: input.displayName.trim(),
      role,
      passwordHash,
      createdAt: this.#options.clock.now(),
    });
  }
}
