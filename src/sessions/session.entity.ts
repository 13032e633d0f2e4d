import { defineEntity, p } from '@mikro-orm/core';
import type { RevocationReason } from '../access/revocation-reason.ts';

/** What a new session is made of. */
export interface NewSession {
  id: string;
  userId: string;
  createdAt: Date;
  idleExpiresAt: Date;
  expiresAt: Date;
  ipAddress: string | null;
  userAgent: string | null;
}

/** One login: a family of refresh tokens and the access tokens they were exchanged for. */
export class Session {
  id!: string;
  userId!: string;
  createdAt!: Date;
  refreshedAt!: Date;
  idleExpiresAt!: Date;
  /** The absolute end, however busy the session is. */
  expiresAt!: Date;
  ipAddress!: string | null;
  userAgent!: string | null;
  revokedAt!: Date | null;
  revocationReason!: RevocationReason | null;

  static create(fields: NewSession): Session {
    return Object.assign(new Session(), {
      ...fields,
      refreshedAt: fields.createdAt,
      revokedAt: null,
      revocationReason: null,
    });
  }

  isExpired(now: Date): boolean {
    return this.expiresAt <= now || this.idleExpiresAt <= now;
  }

  /** Ends the session for good. Revoking twice changes nothing: the first moment and reason stay. */
  revoke(now: Date, reason: RevocationReason): void {
    if (this.revokedAt) return;
    this.revokedAt = now;
    this.revocationReason = reason;
  }
}

export const SessionSchema = defineEntity({
  class: Session,
  tableName: 'sessions',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    createdAt: p.datetime(),
    refreshedAt: p.datetime(),
    idleExpiresAt: p.datetime(),
    expiresAt: p.datetime(),
    ipAddress: p.string().nullable(),
    userAgent: p.string().nullable(),
    revokedAt: p.datetime().nullable(),
    revocationReason: p.string().$type<RevocationReason>().nullable(),
  },
});
