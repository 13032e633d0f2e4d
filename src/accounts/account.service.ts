import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import type { SessionIssuer, SessionTokens } from '../credentials/session-issuer.ts';
import { lockText } from '../database/advisory-lock.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { credentialRefused } from '../identity/access-error.ts';
import { isAdministrator } from '../identity/principal.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { UserRole } from '../identity/scope.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import type { Limits } from '../limits/limits.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { userTag } from '../revocation/tags.ts';
import type { accountEvents } from './account.events.ts';
import { findUserByEmail } from './account.queries.ts';
import { type EmailVault, isEmail, isReserved } from './email.ts';
import type { Passwords } from './password.ts';
import { isBootstrapped, type SetupToken } from './setup-token.ts';
import { User } from './user.entity.ts';

/** The input for a new account. */
export interface AccountInput {
  email: string;
  password: string;
  displayName: string;
}

export interface AccountServiceOptions {
  sessions: SessionIssuer;
  passwords: Passwords;
  limits: Pick<Limits, 'checkLogin' | 'checkRegistration' | 'checkPassword'>;
  emails: EmailVault;
  setupToken: SetupToken;
  audit: Audit<typeof accountEvents>;
  barrier: PropagationBarrier;
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

export type DisableUserOutcome = { kind: 'disabled'; user: User; receipt: Receipt } | { kind: 'userNotFound' };

export type EnableUserOutcome = { kind: 'enabled'; user: User } | { kind: 'userNotFound' };

/** Creates, disables and enables users, logs them in, and changes their passwords. */
export class AccountService {
  readonly #options: AccountServiceOptions;

  constructor(options: AccountServiceOptions) {
    this.#options = options;
  }

  /** Creates the first administrator. Of two at once, one succeeds: `bootstrapped` has room for one row. */
  async bootstrap(unitOfWork: UnitOfWork, input: AccountInput & { setupToken: string }): Promise<BootstrapOutcome> {
    const { em, origin } = unitOfWork;
    const { limits, setupToken, passwords, audit } = this.#options;
    await limits.checkRegistration(em, origin.ipAddress);
    if (await isBootstrapped(em)) return { kind: 'alreadyBootstrapped' };
    if (!(await setupToken.matches(em, input.setupToken))) return { kind: 'setupTokenRejected' };
    const invalid = this.#check(input);
    if (invalid) return invalid;

    const passwordHash = await passwords.hash(input.password);
    const outcome = await unitOfWork.transaction(async () => {
      // If another call has just created the administrator, perhaps with this address, that is the outcome.
      if ((await this.#isTaken(em, input.email)) && !(await isBootstrapped(em))) return 'emailTaken';
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
    const { limits, registration, passwords, audit } = this.#options;
    await limits.checkRegistration(em, origin.ipAddress);
    if (registration === 'closed') return { kind: 'registrationClosed' };
    const invalid = this.#check(input);
    if (invalid) return invalid;

    const passwordHash = await passwords.hash(input.password);
    const outcome = await unitOfWork.transaction(async () => {
      if (await this.#isTaken(em, input.email)) return null;
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
   * password, unknown address and disabled account get the same response in the same time, and revoke nothing.
   */
  async login(
    unitOfWork: UnitOfWork,
    input: { email: string; password: string },
    replaces: string | null = null,
  ): Promise<LoginOutcome> {
    const { em, origin } = unitOfWork;
    await this.#options.limits.checkLogin(em, origin.ipAddress, input.email);
    const found = await findUserByEmail(em, this.#options.emails.indexes(input.email));
    const matches = await this.#options.passwords.verify(found?.passwordHash ?? null, input.password);
    // All of this comes before the first difference that could be measured: the transaction below.
    if (!found || !matches || found.disabledAt) return { kind: 'invalidCredentials' };
    // The replaced session may be the caller's own, and then the next attempt could not confirm the caller.
    const work = replaces === null ? unitOfWork : unitOfWork.withoutCaller();
    const outcome = await work.transaction(async () => {
      // The session before its user: every operation that revokes sessions locks them in this order.
      const replaced = replaces === null ? null : await this.#options.sessions.lock(em, replaces);
      // Locked until the commit: no session starts after the account was disabled or its password changed.
      const user = await em.findOne(
        User,
        { id: found.id, passwordHash: found.passwordHash, disabledAt: null },
        { lockMode: LockMode.PESSIMISTIC_READ },
      );
      return user && { user, started: this.#options.sessions.start(unitOfWork, user, replaced) };
    });
    if (!outcome) return { kind: 'invalidCredentials' };
    return { kind: 'loggedIn', user: outcome.user, tokens: await this.#options.sessions.tokensOf(outcome.started) };
  }

  /**
   * Revokes all sessions of a user: of the caller, or of the user whom an administrator names. It changes one number in
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
      const user = await em.findOne(User, { id: userId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      return (
        user && this.#revokeSessions(unitOfWork, user, kept, userId === caller.userId ? 'SIGNED_OUT' : 'ADMINISTRATIVE')
      );
    }, userId);
    if (!revoked) return { kind: 'userNotFound' };
    return { kind: 'revoked', ...(await this.#propagated(revoked)) };
  }

  /** Changes the caller's password and revokes the user's other sessions, which may come from the old one. */
  async changePassword(
    unitOfWork: UnitOfWork,
    input: { currentPassword: string; newPassword: string },
  ): Promise<ChangePasswordOutcome> {
    const { caller, em } = unitOfWork;
    const { passwords, emails, audit } = this.#options;
    // Not for API keys: a leaked key must not be able to lock its user out.
    if (caller.kind !== 'session' || !caller.userId) return { kind: 'notASession' };
    const owner = { sessionId: caller.credentialId, userId: caller.userId };
    const known = await unitOfWork.inTurn(async () => {
      await this.#options.limits.checkPassword(em, owner);
      return em.findOne(User, { id: owner.userId });
    });
    if (!known) throw credentialRefused(); // Deleted since the request began.
    if (!(await passwords.verify(known.passwordHash, input.currentPassword))) return { kind: 'invalidCredentials' };
    const check = new InputCheck();
    const email = emails.open(known);
    const about = [email, ...email.split('@'), known.displayName];
    passwords.check(check, { password: input.newPassword, path: 'input.newPassword', about });
    if (check.outcome) return check.outcome;

    const passwordHash = await passwords.hash(input.newPassword);
    const changed = await unitOfWork.transaction(async () => {
      const user = await em.findOne(User, { id: known.id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (user?.passwordHash !== known.passwordHash) return null; // Another request has changed the password.
      user.changePassword(passwordHash);
      audit.record(unitOfWork, { type: 'account.password-changed', subjectId: user.id, data: {} });
      return this.#revokeSessions(unitOfWork, user, caller.credentialId, 'SIGNED_OUT');
    }, known.id);
    if (!changed) return { kind: 'invalidCredentials' };
    return { kind: 'changed', user: changed.user, ...(await this.#propagated(changed)) };
  }

  async #revokeSessions(unitOfWork: UnitOfWork, user: User, kept: string | null, reason: RevocationReason) {
    const revokedCount = await this.#options.sessions.countActive(unitOfWork.em, { userId: user.id, except: kept });
    user.revokeSessions(kept, this.#options.clock.now(), reason);
    const data = { reason, exceptSessionId: kept, revokedCount };
    this.#options.audit.record(unitOfWork, { type: 'account.sessions-revoked', subjectId: user.id, data });
    return { user, revokedCount };
  }

  async #propagated({ user, revokedCount }: { user: User; revokedCount: number }) {
    const receipt = await this.#options.barrier.waitUntilPropagated(userTag(user.id), user.sessionsRevokedAt!);
    return { revokedCount, receipt };
  }

  /** Disables a user: all credentials of the user are rejected, and the sessions revoked for good. Changes one row. */
  async disable(unitOfWork: UnitOfWork, userId: string): Promise<DisableUserOutcome> {
    const { clock, audit, barrier } = this.#options;
    const user = await unitOfWork.transaction(async () => {
      const found = await this.#findForChange(unitOfWork.em, userId);
      if (!found) return null;
      if (!found.disabledAt) {
        found.disable(clock.now());
        const data = { reason: found.sessionsRevocationReason! };
        audit.record(unitOfWork, { type: 'account.disabled', subjectId: userId, data });
      }
      return found;
    }, userId);
    if (!user) return { kind: 'userNotFound' };
    return { kind: 'disabled', user, receipt: await barrier.waitUntilPropagated(userTag(userId), user.disabledAt!) };
  }

  /** Enables a disabled user. */
  async enable(unitOfWork: UnitOfWork, userId: string): Promise<EnableUserOutcome> {
    const user = await unitOfWork.transaction(async () => {
      const found = await this.#findForChange(unitOfWork.em, userId);
      if (found?.disabledAt) {
        found.enable();
        this.#options.audit.record(unitOfWork, { type: 'account.enabled', subjectId: userId, data: {} });
      }
      return found;
    }, userId);
    return user ? { kind: 'enabled', user } : { kind: 'userNotFound' };
  }

  #check(input: AccountInput): InvalidInput | null {
    const check = new InputCheck();
    check.require(isEmail(input.email), 'input.email', 'Must be an email address.');
    check.require(!isReserved(input.email), 'input.email', 'Must not be in the domain .invalid, which is reserved.');
    check.text(input.displayName, 'input.displayName', 100);
    const about = [input.email, ...input.email.split('@'), input.displayName];
    this.#options.passwords.check(check, { password: input.password, path: 'input.password', about });
    return check.outcome;
  }

  #newUser(input: AccountInput, passwordHash: string, role: UserRole): User {
    const id = newId('usr');
    return User.create({
      id,
      ...this.#options.emails.seal(id, input.email),
      displayName: input.displayName.trim(),
      role,
      passwordHash,
      createdAt: this.#options.clock.now(),
    });
  }

  /** Locked until the commit: of several concurrent changes, the later ones see the result of the first. */
  #findForChange(em: EntityManager, id: string): Promise<User | null> {
    return em.findOne(User, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  }

  /** Whether the address has an account. Until the commit, no other request can create one for it. */
  async #isTaken(em: EntityManager, email: string): Promise<boolean> {
    // One at a time per address, because the unique index alone does not cover a row under a retired key.
    const name = this.#options.emails.nameOf(email);
    await lockText(em, `email:${name}`);
    return (await findUserByEmail(em, this.#options.emails.indexes(email))) !== null;
  }
}
