import { isAdministrator, type Principal } from '../access/principal.ts';
import type { RevocationReason } from '../access/revocation-reason.ts';
import { scopesOfRole, type UserRole } from '../access/scope.ts';
import type { UnitOfWork } from '../access/unit-of-work.ts';
import type { Audit } from '../audit/audit.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { makeSecret } from '../crypto/secret-text.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { Receipt, Revocations } from '../revocation/revocations.ts';
import type { AccessTokens } from './access-token.ts';
import { RefreshToken } from './refresh-token.entity.ts';
import { sessionTag } from './session.credential.ts';
import { Session } from './session.entity.ts';

export interface SessionServiceOptions {
  accessTokens: AccessTokens;
  audit: Audit;
  revocations: Revocations;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  idleSeconds: number;
  absoluteSeconds: number;
}

/** A session that was just started, and the only copy of its refresh token. */
export interface StartedSession {
  session: Session;
  role: UserRole;
  refreshToken: string;
  refreshTokenExpiresAt: Date;
}

/** What a session hands to its owner. */
export interface SessionTokens {
  accessToken: string;
  accessTokenExpiresAt: Date;
  refreshToken: string;
  refreshTokenExpiresAt: Date;
  session: Session;
}

/** Starts and ends sessions. */
export class SessionService {
  readonly #options: SessionServiceOptions;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
  }

  /** Adds a session to the transaction under way. */
  start(unitOfWork: UnitOfWork, user: { id: string; role: UserRole }): StartedSession {
    const { clock, audit, idleSeconds, absoluteSeconds } = this.#options;
    const now = clock.now();
    const expiresAt = new Date(now.getTime() + absoluteSeconds * 1000);
    const idleEnd = new Date(now.getTime() + idleSeconds * 1000);
    const session = Session.create({
      id: newId('ses'),
      userId: user.id,
      createdAt: now,
      // Sliding, but never past the absolute end.
      idleExpiresAt: idleEnd < expiresAt ? idleEnd : expiresAt,
      expiresAt,
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
    audit.record(unitOfWork, { type: 'session.started', subjectId: session.id, actorUserId: user.id });
    return { session, role: user.role, refreshToken, refreshTokenExpiresAt: session.idleExpiresAt };
  }

  /** The tokens of a session whose start was committed. */
  async tokensOf({ session, role, ...refresh }: StartedSession): Promise<SessionTokens> {
    const access = await this.#options.accessTokens.issue(session, scopesOfRole(role));
    return { ...access, ...refresh, session };
  }

  /** Ends the session that the caller was authenticated by. */
  async logout(
    unitOfWork: UnitOfWork,
  ): Promise<{ kind: 'notASession' } | { kind: 'loggedOut'; session: Session; receipt: Receipt }> {
    const { caller, em } = unitOfWork;
    if (caller.kind !== 'session') return { kind: 'notASession' };
    const session = await unitOfWork.transaction(async () => {
      const current = await em.findOneOrFail(Session, { id: caller.credentialId });
      this.#revoke(unitOfWork, current, 'SIGNED_OUT');
      return current;
    }, caller.credentialId);
    return { kind: 'loggedOut', session, receipt: await this.#settle(session) };
  }

  #revoke(unitOfWork: UnitOfWork, session: Session, reason: RevocationReason): void {
    if (session.revokedAt) return;
    session.revoke(this.#options.clock.now(), reason);
    this.#options.audit.record(unitOfWork, { type: 'session.revoked', subjectId: session.id });
  }

  #settle(session: Session): Promise<Receipt> {
    return this.#options.revocations.settle(sessionTag(session.id), session.revokedAt!);
  }
}

/** The sessions that this principal may see. */
export function sessionsVisibleTo(principal: Principal): { userId?: string } {
  return isAdministrator(principal) ? {} : { userId: principal.userId ?? '' };
}
