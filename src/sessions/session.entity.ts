import { defineEntity, p } from '@mikro-orm/core';
import { hasRevokedSession, revocationOfSessions, usersAs } from '../accounts/user.sql.ts';
import { type SealedField, sealedProperty } from '../database/sealed-field.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';

/** The fields of a new session. */
export interface NewSession {
  id: string;
  userId: string;
  /** The user's generation at this time. When the user has a higher one, the session is revoked. */
  generation: number;
  /** The scopes of its tokens, as far as the user's role still allows them. A session never gains scopes. */
  scopes: readonly Scope[];
  createdAt: Date;
  expiresAt: Date;
  /** The time without a refresh after which it expires. */
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
  /** The absolute expiry, also for a session in constant use. */
  expiresAt!: Date;
  /** Stored in `ipAddressSealed`. It opens when it is read, like the user agent. */
  ipAddress!: string | null;
  ipAddressSealed!: string | null;
  userAgent!: string | null;
  userAgentSealed!: string | null;
  /** When and why this session was revoked alone. */
  revokedAloneAt!: Date | null;
  revokedAloneReason!: RevocationReason | null;
  /** When and why this session was revoked together with all others of its user. Read-only, from the user's row. */
  readonly revokedWithAllAt?: Date | null;
  readonly revokedWithAllReason?: RevocationReason | null;

  static create({ idleSeconds, ...fields }: NewSession): Session {
    const session = Object.assign(new Session(), {
      ...fields,
      scopes: [...fields.scopes],
      revokedAloneAt: null,
      revokedAloneReason: null,
    });
    session.refresh(fields.createdAt, idleSeconds);
    return session;
  }

  /** When it was revoked, alone or with all others; null if it was not. */
  get revokedAt(): Date | null {
    return this.revokedAloneAt ?? this.revokedWithAllAt ?? null;
  }

  get revocationReason(): RevocationReason | null {
    return this.revokedAloneAt ? this.revokedAloneReason : (this.revokedWithAllReason ?? null);
  }

  /** Moves the idle expiry, never past the absolute expiry. */
  refresh(now: Date, idleSeconds: number): void {
    const idleEnd = new Date(now.getTime() + idleSeconds * 1000);
    this.idleExpiresAt = idleEnd < this.expiresAt ? idleEnd : this.expiresAt;
    this.refreshedAt = now;
  }

  isExpired(now: Date): boolean {
    return this.expiresAt <= now || this.idleExpiresAt <= now;
  }

  /** Revokes the session for good. A second call changes nothing: the first time and reason stay. */
  revoke(now: Date, reason: RevocationReason): void {
    if (this.revokedAloneAt) return;
    this.revokedAloneAt = now;
    this.revokedAloneReason = reason;
  }
}

const sealedColumn = (column: string): SealedField => ({ table: 'sessions', column, key: 'id' });

export const SESSION_PROPERTIES = [
  sealedProperty({ field: sealedColumn('ip_address'), entity: Session, property: 'ipAddress', opens: true }),
  sealedProperty({ field: sealedColumn('user_agent'), entity: Session, property: 'userAgent', opens: true }),
];

/** When or why the user's sessions were all revoked, if this session was one of them; else null. */
function ofRevokedGeneration({ id, userId, generation }: Record<string, string>, which: 'at' | 'reason'): string {
  return `(select ${revocationOfSessions('u')[which]} from ${usersAs('u')} where u.id = ${userId}
    and ${hasRevokedSession('u', { generation: generation!, id: id! })})`;
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
    ipAddressSealed: p.text().fieldName('ip_address').nullable(),
    userAgentSealed: p.text().fieldName('user_agent').nullable(),
    revokedAloneAt: p.datetime().nullable().fieldName('revoked_at'),
    revokedAloneReason: p.string().$type<RevocationReason>().nullable().fieldName('revocation_reason'),
    revokedWithAllAt: p
      .datetime()
      .nullable()
      .formula((columns) => ofRevokedGeneration(columns, 'at')),
    revokedWithAllReason: p
      .string()
      .$type<RevocationReason>()
      .nullable()
      .formula((columns) => ofRevokedGeneration(columns, 'reason')),
  },
});
