import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { hasRevokedSession, isActiveUser, usersAs } from '../accounts/user.sql.ts';
import type { Audit } from '../audit/audit.ts';
import type { Rejections } from '../audit/rejections.ts';
import type { SessionTokens } from '../credentials/session-issuer.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import type { Keyring, MasterKey } from '../crypto/keyring.ts';
import { deriveSecret, parseSecret } from '../crypto/secret-text.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import { effectiveScopes, type UserRole } from '../identity/scope.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { Limits } from '../limits/limits.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { sessionTag } from '../revocation/tags.ts';
import type { AccessTokens } from './access-token.ts';
import { RefreshToken } from './refresh-token.entity.ts';
import { Session } from './session.entity.ts';
import type { sessionEvents } from './session.events.ts';

const SUCCESSOR_PURPOSE = 'refresh-successor';

/** Why a presented token is rejected. */
export interface Rejected {
  kind: 'rejected';
  reason: 'UNKNOWN' | 'EXPIRED' | 'REVOKED' | 'REUSED';
  /** Proof that no replica accepts a token of the session; undefined if it was not revoked. */
  receipt?: Receipt;
}

interface Refreshed {
  kind: 'refreshed';
  tokens: SessionTokens;
}

export type RefreshOutcome = Refreshed | Rejected;

export type TokenLogoutOutcome = { kind: 'loggedOut'; session: Session; receipt: Receipt } | Rejected;

export interface RefreshServiceOptions {
  accessTokens: AccessTokens;
  audit: Audit<typeof sessionEvents>;
  barrier: PropagationBarrier;
  keyring: Keyring;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  idleSeconds: number;
  graceSeconds: number;
  rejections: Pick<Rejections, 'note'>;
  limits: Pick<Limits, 'checkRefresh' | 'checkRepeatedRefresh' | 'failures'>;
}

/** A token and its session, which is neither revoked nor expired and is locked until the commit. */
interface TokenUse {
  kind: 'usable';
  token: RefreshToken;
  session: Session;
  now: Date;
  /** If false, the token was reused, and its session must be revoked. */
  isExchangeable: boolean;
}

/** Why a token cannot be used, as decided in its transaction. */
type Refusal =
  | { kind: 'unknown' }
  | { kind: 'expired'; session: Session }
  | { kind: 'revoked'; session: Session; reason: 'REVOKED' | 'REUSED' };

/**
 * Uses refresh tokens: exchanges them (RFC 9700 §4.14.2), or revokes their session. Each token works once. Presenting a
 * used one revokes the whole session, because either the user or a thief has a copy, and the service cannot tell which.
 *
 * The only exception is the direct parent of the newest token within the grace period: a lost response, not
 * a theft. It returns the *same* successor again, which is derived from the parent, so the chain does not
 * fork and no secret is stored.
 */
export class RefreshService {
  readonly #options: RefreshServiceOptions;

  constructor(options: RefreshServiceOptions) {
    this.#options = options;
  }

  /**
   * Exchanges a token for the next tokens.
   *
   * @param presented null if none was presented, which is rejected and counted like an unknown token
   * @throws AccessError `RATE_LIMITED`
   */
  async refresh(unitOfWork: UnitOfWork, presented: string | null): Promise<RefreshOutcome> {
    const text = presented ?? '';
    const { em } = unitOfWork;
    const { limits, accessTokens, idleSeconds } = this.#options;
    const { found, at } = await this.#lookUp(unitOfWork, text);
    if (!found) return this.#reject(unitOfWork, { kind: 'unknown' }, at);
    const exchange = async (): Promise<Refreshed | Refusal> => {
      const use = await this.#loadForUse(em, found);
      if (use.kind !== 'usable') return use;
      const { token, session, now } = use;
      // Counted before the user's row is locked: refreshes of one user wait for each other here. They share the lock on
      // that row. If they held it during the wait, a change that revokes all sessions would never get the row.
      if (use.isExchangeable) {
        const address = unitOfWork.origin.ipAddress;
        const owner = { sessionId: session.id, userId: session.userId, address };
        // Of many concurrent calls with the same token, one creates the successor, and the others return the same one.
        await (token.usedAt ? limits.checkRepeatedRefresh(em, owner) : limits.checkRefresh(em, owner));
      }
      const standing = await this.#confirm(unitOfWork, use);
      if (standing.kind !== 'confirmed') return standing;
      const refreshToken = token.usedAt
        ? await this.#knownSuccessor(em, token, text)
        : await this.#newSuccessor(em, token, text, now);
      session.refresh(now, idleSeconds);
      // Before the commit: if signing fails, the presented token is not used up.
      const access = await accessTokens.issue(session, effectiveScopes(session.scopes, standing.role));
      const tokens = { ...access, refreshToken, refreshTokenExpiresAt: session.idleExpiresAt, session };
      return { kind: 'refreshed', tokens };
    };
    // The token authorizes this. The caller's own credential, and with it the user, would be locked too early.
    const outcome = await unitOfWork.withoutCaller().transaction(exchange, found.sessionId);
    return outcome.kind === 'refreshed' ? outcome : this.#reject(unitOfWork, outcome, at);
  }

  /**
   * Revokes the session of a token that can still be exchanged.
   *
   * @throws AccessError `RATE_LIMITED`
   */
  async logout(unitOfWork: UnitOfWork, presented: string): Promise<TokenLogoutOutcome> {
    const { found, at } = await this.#lookUp(unitOfWork, presented);
    if (!found) return this.#reject(unitOfWork, { kind: 'unknown' }, at);
    const revoke = async (): Promise<{ kind: 'loggedOut'; session: Session } | Refusal> => {
      const use = await this.#loadForUse(unitOfWork.em, found);
      if (use.kind !== 'usable') return use;
      const standing = await this.#confirm(unitOfWork, use);
      if (standing.kind !== 'confirmed') return standing;
      this.#revoke(unitOfWork, use.session, use.now, 'SIGNED_OUT');
      return { kind: 'loggedOut', session: use.session };
    };
    // The token authorizes this, as in `refresh`.
    const outcome = await unitOfWork.withoutCaller().transaction(revoke, found.sessionId);
    if (outcome.kind !== 'loggedOut') return this.#reject(unitOfWork, outcome, at);
    const { session } = outcome;
    const receipt = await this.#options.barrier.waitUntilPropagated(sessionTag(session.id), session.revokedAt!);
    return { kind: 'loggedOut', session, receipt };
  }

  /** The presented token, null if it is not ours, and the time of the lookup. Nothing is locked yet. */
  async #lookUp(unitOfWork: UnitOfWork, presented: string): Promise<{ found: RefreshToken | null; at: Date }> {
    const { em, origin } = unitOfWork;
    const { limits, clock } = this.#options;
    const isWellFormed = parseSecret(presented)?.prefix === 'rkr';
    const lookUp = () => unitOfWork.inTurn(() => find(em, presented));
    const found = isWellFormed ? await limits.failures.lookUp(origin.ipAddress, lookUp) : null;
    const at = clock.now();
    // Only unknown, revoked and expired tokens are limited, so that reuse in an active session is always detected.
    const session = found?.session;
    if (!session || session.revokedAt || session.isExpired(at)) limits.failures.check(origin.ipAddress);
    return { found: found?.token ?? null, at };
  }

  /** Locks the session, so that its state and that of its tokens stay true until the commit. One use at a time. */
  async #loadForUse(em: EntityManager, { id, sessionId }: RefreshToken): Promise<TokenUse | Refusal> {
    const session = await em.findOne(Session, { id: sessionId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const token = session && (await em.findOne(RefreshToken, { id }));
    if (!token) return { kind: 'unknown' };
    const now = this.#options.clock.now();
    if (session.revokedAt) return { kind: 'revoked', session, reason: 'REVOKED' };
    if (session.isExpired(now)) return { kind: 'expired', session };
    return { kind: 'usable', token, session, now, isExchangeable: await this.#isExchangeable(em, token, now) };
  }

  /** Locks the user, and revokes the session of a reused token. The outcome is returned, not thrown, so it commits. */
  async #confirm(
    unitOfWork: UnitOfWork,
    { token, session, now, isExchangeable }: TokenUse,
  ): Promise<{ kind: 'confirmed'; role: UserRole } | Refusal> {
    const owner = await ownerOf(unitOfWork.em, session);
    if (owner.sessionRevoked) return { kind: 'revoked', session, reason: 'REVOKED' };
    if (isExchangeable) return { kind: 'confirmed', role: owner.role };
    this.#options.audit.record(unitOfWork, {
      type: 'session.reuse-detected',
      subjectId: session.id,
      actorUserId: session.userId,
      data: { refreshTokenId: token.id, usedAt: token.usedAt!.toISOString() },
    });
    this.#revoke(unitOfWork, session, now, 'REUSED');
    return { kind: 'revoked', session, reason: 'REUSED' };
  }

  /** Counts a failure, and waits until no replica accepts any token of a revoked session. */
  async #reject({ origin }: UnitOfWork, refusal: Refusal, at: Date): Promise<Rejected> {
    const { limits, barrier } = this.#options;
    limits.failures.count(origin.ipAddress);
    this.#note(refusal, origin.ipAddress);
    switch (refusal.kind) {
      case 'unknown':
        return { kind: 'rejected', reason: 'UNKNOWN' };
      case 'expired':
        return { kind: 'rejected', reason: 'EXPIRED' };
      case 'revoked':
        // Revoked by this call, or by another one whose revocation may still be propagating.
        return {
          kind: 'rejected',
          reason: refusal.reason,
          receipt: await barrier.waitUntilPropagated(sessionTag(refusal.session.id), refusal.session.revokedAt ?? at),
        };
    }
  }

  /** A reuse has an event of its own, in the transaction that revokes the session. */
  #note(refusal: Refusal, ipAddress: string | null): void {
    const session = refusal.kind === 'unknown' ? null : refusal.session;
    const reason = refusal.kind === 'revoked' ? refusal.reason : refusal.kind.toUpperCase();
    if (reason === 'REUSED') return;
    const subject = { subjectId: session?.id ?? null, actorUserId: session?.userId ?? null };
    this.#options.rejections.note({ type: 'session.refresh-rejected', ...subject, reason, ipAddress });
  }

  /** Whether this token is unused, or is the parent of the newest one and was used only just now: a lost response. */
  async #isExchangeable(em: EntityManager, token: RefreshToken, now: Date): Promise<boolean> {
    if (!token.usedAt) return true;
    const { graceSeconds } = this.#options;
    // A use in the future occurs because replicas differ by milliseconds, or because the clock was set back. The grace
    // period then starts now. Otherwise it would last until that time.
    if (token.usedAt > now) token.usedAt = now;
    const sinceUse = now.getTime() - token.usedAt.getTime();
    if (graceSeconds === 0 || sinceUse >= graceSeconds * 1000) return false;
    const successor = await em.findOne(RefreshToken, { parentId: token.id });
    return successor !== null && successor.usedAt === null;
  }

  async #newSuccessor(em: EntityManager, token: RefreshToken, presented: string, now: Date): Promise<string> {
    const refreshToken = successorOf(presented, this.#options.keyring.current);
    // One conditional statement ensures single use: even without the lock, a token could not be exchanged twice.
    const used = await em.execute(
      'update refresh_tokens set used_at = ? where id = ? and used_at is null returning 1',
      [now, token.id],
    );
    if (used.length === 0) throw new Error(`${token.id} was exchanged without a lock on its session.`);
    em.persist(
      RefreshToken.create({
        id: newId('rft'),
        sessionId: token.sessionId,
        tokenHash: sha256Base64url(refreshToken),
        parentId: token.id,
        createdAt: now,
      }),
    );
    return refreshToken;
  }

  /** The successor that was created before, under whichever master key. */
  async #knownSuccessor(em: EntityManager, token: RefreshToken, presented: string): Promise<string> {
    const { tokenHash } = await em.findOneOrFail(RefreshToken, { parentId: token.id });
    for (const key of this.#options.keyring.all) {
      const candidate = successorOf(presented, key);
      if (sha256Base64url(candidate) === tokenHash) return candidate;
    }
    throw new Error(`The successor of ${token.id} was derived with a master key that is no longer configured.`);
  }

  #revoke(unitOfWork: UnitOfWork, session: Session, now: Date, reason: RevocationReason): void {
    session.revoke(now, reason);
    this.#options.audit.record(unitOfWork, {
      type: 'session.revoked',
      subjectId: session.id,
      actorUserId: session.userId,
      data: { reason },
    });
  }
}

/** A token of ours and its session; null for any other text. */
async function find(
  em: EntityManager,
  presented: string,
): Promise<{ token: RefreshToken; session: Session | null } | null> {
  const token = await em.findOne(RefreshToken, { tokenHash: sha256Base64url(presented) });
  return token && { token, session: await em.findOne(Session, { id: token.sessionId }) };
}

function successorOf(parent: string, key: MasterKey): string {
  return deriveSecret('rkr', key.derive(SUCCESSOR_PURPOSE), parent);
}

interface Owner {
  role: UserRole;
  sessionRevoked: boolean;
}

/**
 * The state of the user, locked until the commit. Whether the user was disabled or all sessions were revoked is read
 * again, because the session was read before the wait for this lock.
 */
async function ownerOf(em: EntityManager, session: Session): Promise<Owner> {
  const [row] = await em.execute<Owner[]>(
    `select u.role, not ${isActiveUser('u')} or ${hasRevokedSession('u', { generation: '?', id: '?' })} as "sessionRevoked"
      from ${usersAs('u')} where u.id = ? for share`,
    [session.generation, session.id, session.userId],
  );
  return row ?? { role: 'MEMBER', sessionRevoked: true }; // The user was deleted meanwhile, with all sessions.
}
