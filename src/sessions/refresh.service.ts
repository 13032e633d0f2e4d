import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import type { Keyring, MasterKey } from '../crypto/keyring.ts';
import { deriveSecret, parseSecret } from '../crypto/secret-text.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import { effectiveScopes, type UserRole } from '../identity/scope.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { sessionTag } from '../revocation/tags.ts';
import type { AccessTokens } from './access-token.ts';
import { RefreshToken } from './refresh-token.entity.ts';
import { Session } from './session.entity.ts';
import type { sessionEvents } from './session.events.ts';
import type { SessionTokens } from './session.service.ts';

const SUCCESSOR_PURPOSE = 'refresh-successor';

/** Why a presented token is good for nothing. */
export interface Rejected {
  kind: 'rejected';
  reason: 'UNKNOWN' | 'EXPIRED' | 'REVOKED' | 'REUSED';
}

export interface RefreshServiceOptions {
  accessTokens: AccessTokens;
  audit: Audit<typeof sessionEvents>;
  barrier: PropagationBarrier;
  keyring: Keyring;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  idleSeconds: number;
  graceSeconds: number;
  limits: {
    /** Counts an exchange against its session and its user; throws `RATE_LIMITED`. */
    refresh(em: EntityManager, owner: { sessionId: string; userId: string }): Promise<void>;
    /** The same for what only repeats an exchange of a moment ago. */
    repeatedRefresh(em: EntityManager, owner: { sessionId: string; userId: string }): Promise<void>;
    /** Counts rejections by address, and throws `RATE_LIMITED` where there were too many. */
    failures: {
      check(address: string | null): void;
      count(address: string | null): void;
      /** Runs a look-up; for an address with too many rejections, in a lane with few places. */
      lookUp<T>(address: string | null, work: () => Promise<T>): Promise<T>;
    };
  };
}

/** A token that may be exchanged, and its session, which is locked until the commit. */
interface Good {
  token: RefreshToken;
  session: Session;
  now: Date;
}

/** What somebody wants to do with a token that is good. */
interface Use<T> {
  /** Counts it, and throws where it is too much. Before the user's row is touched, which others may be waiting for. */
  count(good: Good): Promise<void>;
  /** Does it, in the transaction. */
  act(good: Good & { role: UserRole }): Promise<T>;
}

/** What was decided about a presented token, inside its transaction. */
type Decision<T> =
  | { kind: 'gone' }
  | { kind: 'accepted'; value: T }
  | { kind: 'expired' }
  | { kind: 'ended'; session: Session; reason: 'REVOKED' | 'REUSED' };

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
   * @throws AccessError `RATE_LIMITED`
   */
  async refresh(
    unitOfWork: UnitOfWork,
    presented: string,
  ): Promise<{ kind: 'refreshed'; tokens: SessionTokens } | Rejected> {
    const { em } = unitOfWork;
    const { limits, accessTokens, idleSeconds } = this.#options;
    const outcome = await this.#present(unitOfWork, presented, {
      // Of many at once with the same token, one makes the next one, and the others get the same.
      count: ({ token, session: { id: sessionId, userId } }) =>
        token.usedAt ? limits.repeatedRefresh(em, { sessionId, userId }) : limits.refresh(em, { sessionId, userId }),
      act: async ({ token, session, role, now }) => {
        const refreshToken = token.usedAt
          ? await this.#knownSuccessor(em, token, presented)
          : await this.#newSuccessor(em, token, presented, now);
        session.refresh(now, idleSeconds);
        // Before the commit: where it cannot be signed, the token that was presented is not used up.
        const access = await accessTokens.issue(session, effectiveScopes(session.scopes, role));
        return { ...access, refreshToken, refreshTokenExpiresAt: session.idleExpiresAt, session };
      },
    });
    return outcome.kind === 'rejected' ? outcome : { kind: 'refreshed', tokens: outcome.value };
  }

  /**
   * Ends the session of a token that can still be exchanged.
   * @throws AccessError `RATE_LIMITED`
   */
  async logout(
    unitOfWork: UnitOfWork,
    presented: string,
  ): Promise<{ kind: 'loggedOut'; session: Session; receipt: Receipt } | Rejected> {
    const outcome = await this.#present(unitOfWork, presented, {
      count: async () => undefined,
      act: async ({ session, now }) => {
        this.#end(unitOfWork, session, now, 'SIGNED_OUT');
        return session;
      },
    });
    if (outcome.kind === 'rejected') return outcome;
    const session = outcome.value;
    const receipt = await this.#options.barrier.waitUntilPropagated(sessionTag(session.id), session.endedAt!);
    return { kind: 'loggedOut', session, receipt };
  }

  /**
   * Does something with a token that is good, in one transaction. What comes of another one is returned, not thrown, so
   * that the end of a stolen session commits; when this answers, no replica accepts anything of a session that is over.
   */
  async #present<T>(
    unitOfWork: UnitOfWork,
    presented: string,
    use: Use<T>,
  ): Promise<{ kind: 'accepted'; value: T } | Rejected> {
    const { em, origin } = unitOfWork;
    const { limits, clock, barrier } = this.#options;
    const wellFormed = parseSecret(presented)?.prefix === 'rkr';
    const lookUp = () => unitOfWork.inTurn(() => find(em, presented));
    const found = wellFormed && (await limits.failures.lookUp(origin.ipAddress, lookUp));
    const { token: known = null, session = null } = found || {};
    const now = clock.now();
    // Asking about what is not there is limited. As long as a session goes on, a theft must never be too fast to be noticed.
    if (!session || session.endedAt || session.isExpired(now)) limits.failures.check(origin.ipAddress);

    // It is the token that asks. A caller's own credential would be locked before it, and its person with it.
    const work = unitOfWork.withoutCaller();
    const decision = known && (await work.transaction(() => this.#decide(unitOfWork, known, use), known.sessionId));
    if (decision && decision.kind === 'accepted') return decision;
    limits.failures.count(origin.ipAddress);
    if (!decision || decision.kind === 'gone') return { kind: 'rejected', reason: 'UNKNOWN' };
    if (decision.kind === 'expired') return { kind: 'rejected', reason: 'EXPIRED' };
    // By this call, or by another one that may still be on its way to the other replicas.
    await barrier.waitUntilPropagated(sessionTag(decision.session.id), decision.session.endedAt ?? now);
    return { kind: 'rejected', reason: decision.reason };
  }

  async #decide<T>(unitOfWork: UnitOfWork, { id, sessionId }: RefreshToken, use: Use<T>): Promise<Decision<T>> {
    const { em } = unitOfWork;
    // One at a time for each session: everything below is decided on what is true until the commit.
    const session = await em.findOne(Session, { id: sessionId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const token = session && (await em.findOne(RefreshToken, { id }));
    if (!token) return { kind: 'gone' };
    const now = this.#options.clock.now();
    if (session.endedAt) return { kind: 'ended', session, reason: 'REVOKED' };
    if (session.isExpired(now)) return { kind: 'expired' };
    const good = { token, session, now };
    const isGood = await this.#isExchangeable(em, token, now);
    // Refreshes of one user wait for each other here. Were they to hold the user's row meanwhile, which they share, there
    // would always be one of them, and whoever wants to end all sessions would never get it.
    if (isGood) await use.count(good);
    const owner = await ownerOf(em, session);
    if (owner.ended) return { kind: 'ended', session, reason: 'REVOKED' };
    if (!isGood) {
      this.#options.audit.record(unitOfWork, {
        type: 'session.reuse-detected',
        subjectId: session.id,
        actorUserId: session.userId,
        data: { refreshTokenId: token.id, usedAt: token.usedAt!.toISOString() },
      });
      this.#end(unitOfWork, session, now, 'REUSED');
      return { kind: 'ended', session, reason: 'REUSED' };
    }
    return { kind: 'accepted', value: await use.act({ ...good, role: owner.role }) };
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
    `select role, disabled_at is not null or (session_generation > ? and session_kept is distinct from ?) as ended
      from users where id = ? for share`,
    [session.generation, session.id, session.userId],
  );
  return row ?? { role: 'MEMBER', ended: true }; // Deleted meanwhile, and all of its sessions with it.
}
