import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import type { RevokedByPossession } from '../credentials/possession.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { parseSecret } from '../crypto/secret-text.ts';
import type { Clock } from '../kernel/clock.ts';
import type { PropagationBarrier } from '../revocation/propagation-barrier.ts';
import { signingKeyTag } from './signing-key.credential.ts';
import { SigningKey } from './signing-key.entity.ts';
import type { signingKeyEvents } from './signing-key.events.ts';

export interface SigningKeyPossessionOptions {
  audit: Audit<typeof signingKeyEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

/** Revokes the signing key of a presented secret. The key that it replaces, or that replaces it, stays valid. */
export function signingKeyPossession({ audit, barrier, clock }: SigningKeyPossessionOptions): RevokedByPossession {
  const find = (em: EntityManager, secret: string, lockMode?: LockMode.PESSIMISTIC_WRITE) =>
    em.findOne(SigningKey, { secretHash: sha256Base64url(secret) }, lockMode && { lockMode });
  return {
    isWellFormed: (text) => parseSecret(text)?.prefix === 'rks',
    isKnown: async (em, text) => (await find(em, text)) !== null,
    async revoke(unitOfWork, text) {
      const revoked = await unitOfWork.transaction(async () => {
        const found = await find(unitOfWork.em, text, LockMode.PESSIMISTIC_WRITE);
        const now = clock.now();
        if (!found || found.revokedAt) return found;
        if (found.isExpired(now)) return null;
        const reason = 'UNSPECIFIED';
        found.revoke(now, reason);
        const { id: subjectId, workspaceId } = found;
        audit.record(unitOfWork, { type: 'signing-key.revoked', subjectId, workspaceId, data: { reason } });
        return found;
      });
      return revoked && barrier.waitUntilPropagated(signingKeyTag(revoked.id), revoked.revokedAt!);
    },
  };
}
