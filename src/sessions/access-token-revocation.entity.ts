import { defineEntity, p } from '@mikro-orm/core';
import type { RevocationReason } from '../identity/revocation-reason.ts';

/** One access token that was revoked before its expiry: an entry of the ledger. */
export class AccessTokenRevocation {
  id!: string;
  jti!: string;
  sessionId!: string;
  userId!: string;
  revokedAt!: Date;
  /** No token with this id is valid for longer. After this, the entry can be deleted. */
  expiresAt!: Date;
  reason!: RevocationReason;
  revokedBy!: string | null;

  static create(fields: AccessTokenRevocation): AccessTokenRevocation {
    return Object.assign(new AccessTokenRevocation(), fields);
  }
}

export const AccessTokenRevocationSchema = defineEntity({
  class: AccessTokenRevocation,
  tableName: 'access_token_revocations',
  properties: {
    id: p.string().primary(),
    jti: p.string(),
    sessionId: p.string(),
    userId: p.string(),
    revokedAt: p.datetime(),
    expiresAt: p.datetime(),
    reason: p.string().$type<RevocationReason>(),
    revokedBy: p.string().nullable(),
  },
});
