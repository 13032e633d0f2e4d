import type { Audit } from '../audit/audit.ts';
import type { SessionIssuer } from '../credentials/session-issuer.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Clock } from '../kernel/clock.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { userTag } from '../revocation/tags.ts';
import type { accountEvents } from './account.events.ts';
import type { User } from './user.entity.ts';

export interface UserSessionsOptions {
  sessions: Pick<SessionIssuer, 'countActive'>;
  audit: Audit<typeof accountEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

/** Sessions that a transaction has revoked together. */
export interface RevokedSessions {
  user: User;
  /** How many were active. */
  revokedCount: number;
}

/** Revokes all sessions of a user, by one number in one row. */
export class UserSessions {
  readonly #options: UserSessionsOptions;

  constructor(options: UserSessionsOptions) {
    this.#options = options;
  }

  /**
   * Part of the current transaction, which has locked the user.
   *
   * @param kept the id of a session that is kept
   * @param actorUserId the acting user, if it is not the caller
   */
  async revoke(
    unitOfWork: UnitOfWork,
    user: User,
    { kept, reason, ...actor }: { kept: string | null; reason: RevocationReason; actorUserId?: string },
  ): Promise<RevokedSessions> {
    const { sessions, audit, clock } = this.#options;
    const revokedCount = await sessions.countActive(unitOfWork.em, { userId: user.id, except: kept });
    user.revokeSessions(kept, clock.now(), reason);
    const data = { reason, exceptSessionId: kept, revokedCount };
    audit.record(unitOfWork, { type: 'account.sessions-revoked', subjectId: user.id, ...actor, data });
    return { user, revokedCount };
  }

  /** Waits, after the commit, until no replica accepts the revoked sessions. */
  async propagated({ user, revokedCount }: RevokedSessions): Promise<{ revokedCount: number; receipt: Receipt }> {
    const receipt = await this.#options.barrier.waitUntilPropagated(userTag(user.id), user.sessionsRevokedAt!);
    return { revokedCount, receipt };
  }
}
