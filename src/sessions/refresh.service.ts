import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { hasEndedSession, isActiveUser, usersAs } from '../accounts/user.sql.ts';
import type { Audit } from '../audit/audit.ts';
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

/** Why a presented token is good for nothing. */
export interface Rejected {
  kind: 'rejected';
  reason: 'UNKNOWN' | 'EXPIRED' | 'REVOKED' | 'REUSED';
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
  limits: Pick<Limits, 'checkRefresh' | 'checkRepeatedRefresh' | 'failures'>;
}

/** A token and its session, which is neither revoked nor expired and is locked until the commit. */
interface TokenUse {
  kind: 'usable';
  token: RefreshToken;
  session: Session;
  now: Date;
  /** Where not, the token was used before, and its session must end. */
  isExchangeable: boolean;
}

/** Why nothing can be done with a token, as decided in its transaction. */
type Refusal =
  | { kind: 'gone' }
  | { kind: 'expired' }
  | { kind: 'revoked'; session: Session; reason: 'REVOKED' | 'REUSED' };

/**
 * What refresh tokens are good for: being exchanged (RFC 9700 §4.14.2), and ending the session that they are of. Each
 * works once; presenting a dead one ends its whole session, for either its owner or a thief has a copy, and nobody can
 * tell which.
 *
 * The one exception is the direct parent of the newest token within the grace period: a lost answer, not a theft. It
 * gets the *same* successor again, which is derived from the parent, so that nothing forks and nothing secret is kept.
 */
export class RefreshService {
  readonly #options: RefreshServiceOptions;

  constructor(options: RefreshServiceOptions) {
    this.#options = options;
  }

  /**
   * Exchanges a token for the tokens that come next.
   * @param presented null where none was presented, which is rejected and counted as one that is not known
   * @throws AccessError `RATE_LIMITED`
   */
  async refresh(unitOfWork: UnitOfWork, presented: string | null): Promise<RefreshOutcome> {
    const text = presented ?? '';
    const { em } = unitOfWork;
    const { limits, accessTokens, idleSeconds } = this.#options;
    const { found, at } = await this.#lookUp(unitOfWork, text);
    if (!found) return this.#reject(unitOfWork, { kind: 'gone' }, at);
    const exchange = async (): Promise<Refreshed | Refusal> => {
      const use = await this.#loadForUse(em, found);
      if (use.kind !== 'usable') return use;
      const { token, session, now } = use;
      // Counted before the user's row is locked: refreshes of one user wait for each other here. They share that lock, and
      // were they to hold it while they wait, a change that ends all sessions would never get the row.
      if (use.isExchangeable) {
        const owner = { sessionId: session.id, userId: session.userId };
        // Of many at once with the same token, one makes the next one, and the others get the same.
        await (token.usedAt ? limits.checkRepeatedRefresh(em, owner) : limits.checkRefresh(em, owner));
      }
      const standing = await this.#confirm(unitOfWork, use);
      if (standing.kind !== 'confirmed') return standing;
      const refreshToken = token.usedAt
        ? await this.#knownSuccessor(em, token, text)
        : await this.#newSuccessor(em, token, text, now);
      session.refresh(now, idleSeconds);
      // Before the commit: where it cannot be signed, the token that was presented is not used up.
      const access = await accessTokens.issue(session, effectiveScopes(session.scopes, standing.role));
      const tokens = { ...access, refreshToken, refreshTokenExpiresAt: session.idleExpiresAt, session };
      return { kind: 'refreshed', tokens };
    };
    // It is the token that asks. A caller's own credential would be locked before it, and its user with it.
    const outcome = await unitOfWork.withoutCaller().transaction(exchange, found.sessionId);
    return outcome.kind === 'refreshed' ? outcome : this.#reject(unitOfWork, outcome, at);
  }

  /**
   * Ends the session of a token that can still be exchanged.
   * @throws AccessError `RATE_LIMITED`
   */
  async logout(unitOfWork: UnitOfWork, presented: string): Promise<TokenLogoutOutcome> {
    const { found, at } = await this.#lookUp(unitOfWork, presented);
    if (!found) return this.#reject(unitOfWork, { kind: 'gone' }, at);
    const end = async (): Promise<{ kind: 'ended'; session: Session } | Refusal> => {
      const use = await this.#loadForUse(unitOfWork.em, found);
      if (use.kind !== 'usable') return use;
      const standing = await this.#confirm(unitOfWork, use);
      if (standing.kind !== 'confirmed') return standing;
      this.#end(unitOfWork, use.session, use.now, 'SIGNED_OUT');
      return { kind: 'ended', session: use.session };
    };
    // It is the token that asks, as in `refresh`.
    const outcome = await unitOfWork.withoutCaller().transaction(end, found.sessionId);
    if (outcome.kind !== 'ended') return this.#reject(unitOfWork, outcome, at);
    const { session } = outcome;
    const receipt = await this.#options.barrier.waitUntilPropagated(sessionTag(session.id), session.endedAt!);
    return { kind: 'loggedOut', session, receipt };
  }

  /** The token that was presented, null where it is none of ours, and when it was looked up. Nothing is locked yet. */
  async #lookUp(unitOfWork: UnitOfWork, presented: string): Promise<{ found: RefreshToken | null; at: Date }> {
    const { em, origin } = unitOfWork;
    const { limits, clock } = this.#options;
    const isWellFormed = parseSecret(presented)?.prefix === 'rkr';
    const lookUp = () => unitOfWork.inTurn(() => find(em, presented));
    const found = isWellFormed ? await limits.failures.lookUp(origin.ipAddress, lookUp) : null;
    const at = clock.now();
    // Asking about what is not there is limited. As long as a session goes on, a theft must never be too fast to be noticed.
    const session = found?.session;
    if (!session || session.endedAt || session.isExpired(at)) limits.failures.check(origin.ipAddress);
    return { found: found?.token ?? null, at };
  }

  /** Locks the session, so that what is decided on it and its tokens is true until the commit. One use at a time. */
  async #loadForUse(em: EntityManager, { id, sessionId }: RefreshToken): Promise<TokenUse | Refusal> {
    const session = await em.findOne(Session, { id: sessionId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const token = session && (await em.findOne(RefreshToken, { id }));
    if (!token) return { kind: 'gone' };
    const now = this.#options.clock.now();
    if (session.endedAt) return { kind: 'revoked', session, reason: 'REVOKED' };
    if (session.isExpired(now)) return { kind: 'expired' };
    return { kind: 'usable', token, session, now, isExchangeable: await this.#isExchangeable(em, token, now) };
  }

  /** Locks the user, and ends the session of a token that is reused. What is returned, not thrown, is committed. */
  async #confirm(
    unitOfWork: UnitOfWork,
    { token, session, now, isExchangeable }: TokenUse,
  ): Promise<{ kind: 'confirmed'; role: UserRole } | Refusal> {
    const owner = await ownerOf(unitOfWork.em, session);
    if (owner.ended) return { kind: 'revoked', session, reason: 'REVOKED' };
    if (isExchangeable) return { kind: 'confirmed', role: owner.role };
    this.#options.audit.record(unitOfWork, {
      type: 'session.reuse-detected',
      subjectId: session.id,
      actorUserId: session.userId,
      data: { refreshTokenId: token.id, usedAt: token.usedAt!.toISOString() },
    });
    this.#end(unitOfWork, session, now, 'REUSED');
    return { kind: 'revoked', session, reason: 'REUSED' };
  }

  /** Counts a failure, and waits until no replica accepts anything of a session that is over. */
  async #reject({ origin }: UnitOfWork, refusal: Refusal, at: Date): Promise<Rejected> {
    const { limits, barrier } = this.#options;
    limits.failures.count(origin.ipAddress);
    switch (refusal.kind) {
      case 'gone':
        return { kind: 'rejected', reason: 'UNKNOWN' };
      case 'expired':
        return { kind: 'rejected', reason: 'EXPIRED' };
      case 'revoked':
        // By this call, or by another one that may still be on its way to the other replicas.
        await barrier.waitUntilPropagated(sessionTag(refusal.session.id), refusal.session.endedAt ?? at);
        return { kind: 'rejected', reason: refusal.reason };
    }
  }

  /** Whether this token is unused, or else the parent of the newest one and used only just now: a lost answer. */
  async #isExchangeable(em: EntityManager, token: RefreshToken, now: Date): Promise<boolean> {
    if (!token.usedAt) return true;
    const { graceSeconds } = this.#options;
    // Used in the future, since replicas do not agree on the time to the millisecond, or the clock was set back: it was
    // used, and its grace period begins now, or it would last until that moment has come.
    if (token.usedAt > now) token.usedAt = now;
    const sinceUse = now.getTime() - token.usedAt.getTime();
    if (graceSeconds === 0 || sinceUse >= graceSeconds * 1000) return false;
    const successor = await em.findOne(RefreshToken, { parentId: token.id });
    return successor !== null && successor.usedAt === null;
  }

  async #newSuccessor(em: EntityManager, token: RefreshToken, presented: string, now: Date): Promise<string> {
    const refreshToken = successorOf(presented, this.#options.keyring.current);
    // Single use, by one conditional statement: not even without the lock could a token be exchanged twice.
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

  /** The successor that was made before; under whichever master key it was made. */
  async #knownSuccessor(em: EntityManager, token: RefreshToken, presented: string): Promise<string> {
    const { tokenHash } = await em.findOneOrFail(RefreshToken, { parentId: token.id });
    for (const key of this.#options.keyring.all) {
      const candidate = successorOf(presented, key);
      if (sha256Base64url(candidate) === tokenHash) return candidate;
    }
    throw new Error(`The successor of ${token.id} was derived with a master key that is no longer configured.`);
  }

  #end(unitOfWork: UnitOfWork, session: Session, now: Date, reason: RevocationReason): void {
    session.revoke(now, reason);
    this.#options.audit.record(unitOfWork, {
      type: 'session.revoked',
      subjectId: session.id,
      actorUserId: session.userId,
      data: { reason },
    });
  }
}

/** A token that we made, and its session; null for any other text. */
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
  ended: boolean;
}

/**
 * What of the account matters here; locked, so that it stays so until the commit. Whether it was disabled, or all of its
 * sessions were ended, is asked again: the session was read before the wait for this lock.
 */
async function ownerOf(em: EntityManager, session: Session): Promise<Owner> {
  const [row] = await em.execute<Owner[]>(
    `select u.role, not ${isActiveUser('u')} or ${hasEndedSession('u', { generation: '?', id: '?' })} as ended
      from ${usersAs('u')} where u.id = ? for share`,
    [session.generation, session.id, session.userId],
  );
  return row ?? { role: 'MEMBER', ended: true }; // Deleted meanwhile, and all of its sessions with it.
}
