import type { EntityManager } from '@mikro-orm/sql';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { UserRole } from '../identity/scope.ts';

/** The read-only view of a session, for GraphQL and for features other than `sessions`. */
export interface IssuedSession {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: Date;
  readonly refreshedAt: Date;
  readonly idleExpiresAt: Date;
  readonly expiresAt: Date;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly revokedAt: Date | null;
  readonly revocationReason: RevocationReason | null;
  isExpired(now: Date): boolean;
}

/** The tokens of a session; returned once. */
export interface SessionTokens {
  accessToken: string;
  accessTokenExpiresAt: Date;
  refreshToken: string;
  refreshTokenExpiresAt: Date;
  session: IssuedSession;
}

/** A session that a transaction has started or locked. Only the issuer reads more of it. */
export interface StartedSession {
  readonly session: IssuedSession;
}

/** Issues sessions to authenticated users. `accounts` uses it, and `sessions` implements it. */
export interface SessionIssuer {
  /** Starts a session inside the current transaction, and revokes the session that it replaces. */
  start(
    unitOfWork: UnitOfWork,
    user: { id: string; role: UserRole; sessionGeneration: number },
    replaced?: StartedSession | null,
  ): StartedSession;
  /** The active session that a refresh token belongs to, locked until the commit. */
  lock(em: EntityManager, refreshToken: string): Promise<StartedSession | null>;
  /** How many sessions of this user are active, without the session `except`. */
  countActive(em: EntityManager, of: { userId: string; except: string | null }): Promise<number>;
  /** The tokens of a session whose start was committed. Waits until no replica accepts the session that it replaced. */
  tokensOf(started: StartedSession): Promise<SessionTokens>;
}
