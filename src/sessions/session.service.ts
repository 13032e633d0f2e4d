import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import type { AccessTokenClaims } from '../credentials/credential-type.ts';
import type { SessionIssuer, SessionTokens, StartedSession } from '../credentials/session-issuer.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { makeSecret, parseSecret } from '../crypto/secret-text.ts';
import { lockText } from '../database/advisory-lock.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { credentialRefused } from '../identity/access-error.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import { scopesOfRole, type UserRole } from '../identity/scope.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { Limits } from '../limits/limits.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { jtiTag, sessionTag, userTag } from '../revocation/tags.ts';
import { type AccessTokens, sessionOfJti } from './access-token.ts';
import { AccessTokenRevocation } from './access-token-revocation.entity.ts';
import { LONGEST_ACCESS_TOKEN_MS } from './lifetimes.ts';
import type { RefreshService, Rejected } from './refresh.service.ts';
import { RefreshToken } from './refresh-token.entity.ts';
import { Session } from './session.entity.ts';
import type { sessionEvents } from './session.events.ts';
import { countActiveSessions, sessionsVisibleTo } from './session.queries.ts';

export interface SessionServiceOptions {
  accessTokens: AccessTokens;
  audit: Audit<typeof sessionEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  idleSeconds: number;
  absoluteSeconds: number;
  limits: Pick<Limits, 'checkLedgerEntry'>;
  refresh: Pick<RefreshService, 'logout'>;
}

/** A session and the only copy of its refresh token. */
interface Started extends StartedSession {
  readonly session: Session;
  refreshToken: string;
  /** The session that was revoked because this one started. */
  replaced?: Session | undefined;
}

export type LogoutOutcome =
  | { kind: 'loggedOut'; session: Session; receipt: Receipt }
  | { kind: 'notASession' }
  | Rejected;

export type RevokeSessionOutcome = { kind: 'revoked'; session: Session; receipt: Receipt } | { kind: 'notFound' };

export type RevokeAccessTokenOutcome =
  | { kind: 'revoked'; revocation: AccessTokenRevocation; receipt: Receipt }
  | { kind: 'notFound' };

/** Starts and revokes sessions. */
export class SessionService implements SessionIssuer {
  readonly #options: SessionServiceOptions;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
  }

  /** Adds a session to the current transaction, and revokes the one that it replaces. */
  start(
    unitOfWork: UnitOfWork,
    user: { id: string; role: UserRole; sessionGeneration: number },
    replaced: Started | null = null,
  ): Started {
    const { clock, audit, idleSeconds, absoluteSeconds } = this.#options;
    const now = clock.now();
    const session = Session.create({
      id: newId('ses'),
      userId: user.id,
      generation: user.sessionGeneration,
      scopes: scopesOfRole(user.role),
      createdAt: now,
      expiresAt: new Date(now.getTime() + absoluteSeconds * 1000),
      idleSeconds,
      ipAddress: unitOfWork.origin.ipAddress,
      userAgent: unitOfWork.origin.userAgent,
    });
    const refreshToken = makeSecret('rkr');
    const first = RefreshToken.create({
      id: newId('rft'),
      sessionId: session.id,
      tokenHash: sha256Base64url(refreshToken),
      parentId: null,
      createdAt: now,
    });
    unitOfWork.em.persist([session, first]);
    audit.record(unitOfWork, {
      type: 'session.started',
      subjectId: session.id,
      actorUserId: user.id,
      data: {
        scopes: session.scopes,
        expiresAt: session.expiresAt.toISOString(),
        replacedSessionId: replaced?.session.id ?? null,
      },
    });
    if (replaced) {
      const { id, userId } = replaced.session;
      const reason = 'SIGNED_OUT';
      replaced.session.revoke(now, reason);
      audit.record(unitOfWork, { type: 'session.revoked', subjectId: id, actorUserId: userId, data: { reason } });
    }
    return { session, refreshToken, replaced: replaced?.session };
  }

  /** The active session of a refresh token, used or not, locked until the commit; null if there is none. */
  async lock(em: EntityManager, refreshToken: string): Promise<Started | null> {
    if (parseSecret(refreshToken)?.prefix !== 'rkr') return null;
    const token = await em.findOne(RefreshToken, { tokenHash: sha256Base64url(refreshToken) });
    const session =
      token && (await em.findOne(Session, { id: token.sessionId }, { lockMode: LockMode.PESSIMISTIC_WRITE }));
    const isActive = session && !session.revokedAt && !session.isExpired(this.#options.clock.now());
    return isActive ? { session, refreshToken } : null;
  }

  /** The tokens of a session whose start was committed, once every replica rejects the session that it replaced. */
  async tokensOf({ session, refreshToken, replaced }: Started): Promise<SessionTokens> {
    if (replaced) await this.#propagated(replaced);
    const access = await this.#options.accessTokens.issue(session, session.scopes);
    return { ...access, refreshToken, refreshTokenExpiresAt: session.idleExpiresAt, session };
  }

  /**
   * Revokes the session of the request: that of the caller, or without a caller that of the refresh token. The access
   * token in a browser's cookie expires after minutes, and its user must be able to log out after that, too.
   */
  async logout(unitOfWork: UnitOfWork, refreshToken: string | null): Promise<LogoutOutcome> {
    if (!unitOfWork.principal && refreshToken !== null) return this.#options.refresh.logout(unitOfWork, refreshToken);
    const { caller } = unitOfWork;
    if (caller.kind !== 'session') return { kind: 'notASession' };
    const session = await this.#revoke(unitOfWork, { id: caller.credentialId }, 'SIGNED_OUT');
    if (!session) throw credentialRefused();
    return { kind: 'loggedOut', session, receipt: await this.#propagated(session) };
  }

  /** Revokes one session of the caller, or of any user for an administrator. */
  async revoke(
    unitOfWork: UnitOfWork,
    { sessionId, reason }: { sessionId: string; reason: RevocationReason },
  ): Promise<RevokeSessionOutcome> {
    const session = await this.#revoke(unitOfWork, { id: sessionId, ...sessionsVisibleTo(unitOfWork.caller) }, reason);
    if (!session) return { kind: 'notFound' };
    return { kind: 'revoked', session, receipt: await this.#propagated(session) };
  }

  #revoke(unitOfWork: UnitOfWork, where: { id: string; userId?: string }, reason: RevocationReason) {
    return unitOfWork.transaction(async () => {
      // Waits for a concurrent revocation of the same session: the first reason stays.
      const found = await unitOfWork.em.findOne(Session, where, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (found && !found.revokedAt) {
        found.revoke(this.#options.clock.now(), reason);
        this.#options.audit.record(unitOfWork, { type: 'session.revoked', subjectId: found.id, data: { reason } });
      }
      return found;
    }, where.id);
  }

  /** Waits for the tag by which the session was revoked: its own, or that of the user if all sessions were revoked. */
  #propagated(session: Session): Promise<Receipt> {
    const tag = session.revokedAloneAt ? sessionTag(session.id) : userTag(session.userId);
    return this.#options.barrier.waitUntilPropagated(tag, session.revokedAt!);
  }

  /**
   * Revokes one access token before its expiry, by an entry in the ledger. Issued tokens are not stored. The id names
   * the session that the token would belong to, and this session is checked. A second revocation keeps the first entry.
   */
  async revokeAccessToken(
    unitOfWork: UnitOfWork,
    { jti, reason }: { jti: string; reason: RevocationReason },
  ): Promise<RevokeAccessTokenOutcome> {
    const { caller, em } = unitOfWork;
    const sessionId = sessionOfJti(jti);
    if (!sessionId) return { kind: 'notFound' };
    const where = { id: sessionId, ...sessionsVisibleTo(caller) };
    const revocation = await unitOfWork.inTurn(async () => {
      await this.#options.limits.checkLedgerEntry(em, {
        ...{ credentialId: caller.credentialId, userId: caller.userId },
        address: unitOfWork.origin.ipAddress,
      });
      return unitOfWork.transaction(() => this.#addToLedger(unitOfWork, { jti, where, reason }), sessionId);
    });
    if (!revocation) return { kind: 'notFound' };
    const receipt = await this.#options.barrier.waitUntilPropagated(jtiTag(jti), revocation.revokedAt);
    return { kind: 'revoked', revocation, receipt };
  }

  /** Revokes an access token that was presented. It authorizes this, and its session counts for the limit. */
  async revokePresented(unitOfWork: UnitOfWork, { jti, sid, sub }: AccessTokenClaims): Promise<Receipt | null> {
    const entry = { jti, where: { id: sid }, reason: 'UNSPECIFIED' } as const;
    const revocation = await unitOfWork.inTurn(async () => {
      await this.#options.limits.checkLedgerEntry(unitOfWork.em, {
        ...{ credentialId: sid, userId: sub },
        address: unitOfWork.origin.ipAddress,
      });
      return unitOfWork.transaction(() => this.#addToLedger(unitOfWork, entry));
    });
    return revocation && this.#options.barrier.waitUntilPropagated(jtiTag(jti), revocation.revokedAt);
  }

  /** The entry for this token; the existing one if the token was already revoked. */
  async #addToLedger(
    unitOfWork: UnitOfWork,
    { jti, where, reason }: { jti: string; where: { id: string; userId?: string }; reason: RevocationReason },
  ): Promise<AccessTokenRevocation | null> {
    const { principal, em } = unitOfWork;
    const session = await em.findOne(Session, where);
    if (!session) return null;
    const sessionId = session.id;
    // Of two concurrent calls, the second waits here for the first, and then finds its entry.
    await lockText(em, jtiTag(jti));
    const known = await em.findOne(AccessTokenRevocation, { jti });
    if (known) return known;
    const now = this.#options.clock.now();
    const latest = new Date(now.getTime() + LONGEST_ACCESS_TOKEN_MS);
    const made = AccessTokenRevocation.create({
      id: newId('rev'),
      jti,
      sessionId,
      userId: session.userId,
      revokedAt: now,
      expiresAt: session.expiresAt < latest ? session.expiresAt : latest,
      reason,
      revokedBy: principal?.userId ?? null,
    });
    em.persist(made);
    const data = { jti, sessionId, reason };
    this.#options.audit.record(unitOfWork, { type: 'access-token.revoked', subjectId: made.id, data });
    return made;
  }

  countActive(em: EntityManager, { userId, except }: { userId: string; except: string | null }): Promise<number> {
    return countActiveSessions(em, { userId, except, now: this.#options.clock.now() });
  }
}
