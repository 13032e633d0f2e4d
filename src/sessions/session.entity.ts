import { defineEntity, p } from '@mikro-orm/core';
import { endOfSessions, hasEndedSession, usersAs } from '../accounts/user.sql.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';

/** What a new session is made of. */
export interface NewSession {
  id: string;
  userId: string;
  /** The user's, at this moment: when that is counted up, the session is over. */
  generation: number;
  /** What its tokens may ask for, as long as the user's role allows it too. A session never gains any. */
  scopes: readonly Scope[];
  createdAt: Date;
  expiresAt: Date;
  /** How long it lasts without being refreshed. */
  idleSeconds: number;
  ipAddress: string | null;
  userAgent: string | null;
}

/** One login: a family of refresh tokens and the access tokens they were exchanged for. */
export class Session {
  id!: string;
  userId!: string;
  generation!: number;
  scopes!: Scope[];
  createdAt!: Date;
  refreshedAt!: Date;
  idleExpiresAt!: Date;
  /** The absolute end, however busy the session is. */
  expiresAt!: Date;
  ipAddress!: string | null;
  userAgent!: string | null;
  revokedAt!: Date | null;
  revocationReason!: RevocationReason | null;
  /** When and why this session ended together with all others of its user; read-only, the user's row says so. */
  readonly endedWithAllAt?: Date | null;
  readonly endedWithAllReason?: RevocationReason | null;

  static create({ idleSeconds, ...fields }: NewSession): Session {
    const session = Object.assign(new Session(), {
      ...fields,
      scopes: [...fields.scopes],
      revokedAt: null,
      revocationReason: null,
    });
    session.refresh(fields.createdAt, idleSeconds);
    return session;
  }

  /** When it was ended early, alone or with all others; null for one that was not. */
  get endedAt(): Date | null {
    return this.revokedAt ?? this.endedWithAllAt ?? null;
  }

  get endReason(): RevocationReason | null {
    return this.revokedAt ? this.revocationReason : (this.endedWithAllReason ?? null);
  }

  /** Moves the idle end away from now, never past the absolute end. */
  refresh(now: Date, idleSeconds: number): void {
    const idleEnd = new Date(now.getTime() + idleSeconds * 1000);
    this.idleExpiresAt = idleEnd < this.expiresAt ? idleEnd : this.expiresAt;
    this.refreshedAt = now;
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

/** When, or why, the user ended all sessions, where this session ended with them; else null. */
function ofEndedGeneration({ id, userId, generation }: Record<string, string>, which: 'at' | 'reason'): string {
  return `(select ${endOfSessions('u')[which]} from ${usersAs('u')} where u.id = ${userId}
    and ${hasEndedSession('u', { generation: generation!, id: id! })})`;
}

export const SessionSchema = defineEntity({
  class: Session,
  tableName: 'sessions',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    generation: p.integer(),
    scopes: p.array().$type<Scope[]>(),
    createdAt: p.datetime(),
    refreshedAt: p.datetime(),
    idleExpiresAt: p.datetime(),
    expiresAt: p.datetime(),
    ipAddress: p.string().nullable(),
    userAgent: p.string().nullable(),
    revokedAt: p.datetime().nullable(),
    revocationReason: p.string().$type<RevocationReason>().nullable(),
    endedWithAllAt: p
      .datetime()
      .nullable()
      .formula((columns) => ofEndedGeneration(columns, 'at')),
    endedWithAllReason: p
      .string()
      .$type<RevocationReason>()
      .nullable()
      .formula((columns) => ofEndedGeneration(columns, 'reason')),
  },
});
