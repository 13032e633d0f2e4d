import { LockMode } from '@mikro-orm/core';
import type { Audit } from '../audit/audit.ts';
import type { RevokedByPossession } from '../credentials/possession.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { parseSecret } from '../crypto/secret-text.ts';
import type { Clock } from '../kernel/clock.ts';
import type { PropagationBarrier } from '../revocation/propagation-barrier.ts';
import { daemonTag, daemonTokenTag } from './daemon-token.credential.ts';
import { DaemonToken } from './daemon-token.entity.ts';
import type { daemonTokenEvents } from './daemon-token.events.ts';

export interface DaemonTokenPossessionOptions {
  audit: Audit<typeof daemonTokenEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

/** Revokes the daemon token of a presented secret. Other tokens of the daemon stay valid. */
export function daemonTokenPossession({ audit, barrier, clock }: DaemonTokenPossessionOptions): RevokedByPossession {
  return {
    isWellFormed: (text) => parseSecret(text)?.prefix === 'rkd',
    isKnown: async (em, text) => (await em.count(DaemonToken, { secretHash: sha256Base64url(text) })) > 0,
    async revoke(unitOfWork, text) {
      const revoked = await unitOfWork.transaction(async () => {
        const lock = { lockMode: LockMode.PESSIMISTIC_WRITE } as const;
        const found = await unitOfWork.em.findOne(DaemonToken, { secretHash: sha256Base64url(text) }, lock);
        const now = clock.now();
        if (!found || found.revokedAt) return found;
        if (found.isExpired(now)) return null;
        const reason = 'UNSPECIFIED';
        found.revoke(now, reason);
        const { id: subjectId, workspaceId } = found;
        audit.record(unitOfWork, { type: 'daemon-token.revoked', subjectId, workspaceId, data: { reason } });
        return found;
      });
      return revoked && barrier.waitUntilPropagated(tagOfEnd(revoked), revoked.revokedAt!);
    },
  };
}

/** The tag by which a token was revoked: its own, or that of its daemon. */
export function tagOfEnd(token: DaemonToken): string {
  return token.revokedAloneAt || !token.revokedWithDaemonAt ? daemonTokenTag(token.id) : daemonTag(token);
}
