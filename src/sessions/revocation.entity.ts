import { defineEntity, p } from '@mikro-orm/core';
import type { RevocationReason } from '../access/revocation-reason.ts';

/** One access token that was revoked before its time: an entry of the ledger. */
export class Revocation {
  id!: string;
  jti!: string;
  sessionId!: string;
  userId!: string;
  revokedAt!: Date;
  /** No token with this id can live longer; after it, the entry has nothing left to say. */
  expiresAt!: Date;
  reason!: RevocationReason;
  revokedBy!: string | null;

  static create(fields: Revocation): Revocation {
    return Object.assign(new Revocation(), fields);
  }
}

export const RevocationSchema = defineEntity({
  class: Revocation,
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
