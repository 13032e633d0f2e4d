import { LockMode } from '@mikro-orm/core';
import type { Audit } from '../audit/audit.ts';
import type { RevokedByPossession } from '../credentials/possession.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { databaseMoment } from '../database/database-moment.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { PropagationBarrier } from '../revocation/propagation-barrier.ts';
import { apiKeyTag } from '../revocation/tags.ts';
import { ApiKey } from './api-key.entity.ts';
import type { apiKeyEvents } from './api-key.events.ts';

export interface ApiKeyPossessionOptions {
  /** Whether a text has the form of a secret of the keys that are revoked: ours, or one that may be imported. */
  isWellFormed: (text: string) => boolean;
  audit: Audit<typeof apiKeyEvents>;
  barrier: PropagationBarrier;
}

/**
 * Revokes the API key of a presented secret. The secret from before a rotation ends only the overlap: its owner has
 * replaced it, and the new secret was not presented.
 */
export function apiKeyPossession({ isWellFormed, audit, barrier }: ApiKeyPossessionOptions): RevokedByPossession {
  const end = (
    unitOfWork: UnitOfWork,
    found: ApiKey,
    { secretHash, now }: { secretHash: string; now: Date },
  ): Date | null => {
    const of = { subjectId: found.id, workspaceId: found.workspaceId };
    if (found.revokedAt) return found.revokedAt;
    if (found.isExpired(now)) return null;
    if (found.secretHash === secretHash) {
      const reason = 'UNSPECIFIED';
      found.revoke(now, reason);
      audit.record(unitOfWork, { type: 'api-key.revoked', ...of, data: { reason } });
      return now;
    }
    if (found.cutOverlap(now)) audit.record(unitOfWork, { type: 'api-key.overlap-ended', ...of, data: {} });
    return found.previousSecretExpiresAt;
  };
  return {
    isWellFormed,
    isKnown: async (em, text) => (await em.count(ApiKey, bySecret(sha256Base64url(text)))) > 0,
    async revoke(unitOfWork, text) {
      const secretHash = sha256Base64url(text);
      const ended = await unitOfWork.transaction(async () => {
        const lock = { lockMode: LockMode.PESSIMISTIC_WRITE } as const;
        const found = await unitOfWork.em.findOne(ApiKey, bySecret(secretHash), lock);
        const now = await databaseMoment(unitOfWork.em);
        const at = found && end(unitOfWork, found, { secretHash, now });
        return found && at && { id: found.id, at };
      });
      return ended && barrier.waitUntilPropagated(apiKeyTag(ended.id), ended.at);
    },
  };
}

const bySecret = (hash: string) => ({ $or: [{ secretHash: hash }, { previousSecretHash: hash }] });
