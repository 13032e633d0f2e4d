import { defineEntity, p } from '@mikro-orm/core';
import { governed, policyEnd } from '../credential-policies/credential-policy.sql.ts';
import {
  earlier,
  effectiveEnd,
  type PolicyBounds,
  type PolicyEnd,
  parsePolicyEnd,
  policyEndJson,
  revokedByPolicy,
} from '../identity/credential-policy.ts';
import { columnsOfRateLimit, type RateLimit, rateLimitOf } from '../identity/rate-limit.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';

/**
 * One registration of a daemon in a workspace. All tokens that are created before it is revoked depend on this row, so
 * one change of it revokes all of them. A daemon that gets a token later is registered again, by another row.
 */
export class Daemon {
  id!: string;
  workspaceId!: string;
  /** The name that the operator gave to the daemon. */
  daemonId!: string;
  /** `<workspaceId>:<daemonId>`: the subject of its rows in the invalidation log. */
  subject!: string;
  createdAt!: Date;
  revokedAt!: Date | null;
  revocationReason!: RevocationReason | null;

  static register(fields: Pick<Daemon, 'id' | 'workspaceId' | 'daemonId' | 'createdAt'>): Daemon {
    return Object.assign(new Daemon(), {
      ...fields,
      subject: subjectOf(fields),
      revokedAt: null,
      revocationReason: null,
    });
  }

  /** Revokes every token that depends on this registration. */
  revoke(now: Date, reason: RevocationReason): void {
    if (this.revokedAt) return;
    this.revokedAt = now;
    this.revocationReason = reason;
  }
}

/** Names a daemon in the whole installation. */
export function subjectOf({ workspaceId, daemonId }: { workspaceId: string; daemonId: string }): string {
  return `${workspaceId}:${daemonId}`;
}

export const DaemonSchema = defineEntity({
  class: Daemon,
  tableName: 'daemons',
  properties: {
    id: p.string().primary(),
    workspaceId: p.string(),
    daemonId: p.string(),
    subject: p.string(),
    createdAt: p.datetime(),
    revokedAt: p.datetime().nullable(),
    revocationReason: p.string().$type<RevocationReason>().nullable(),
  },
});

/** The fields of a new daemon token. The secret itself is not among them, only its hash and its hint. */
export interface NewDaemonToken {
  id: string;
  registration: Daemon;
  hint: string;
  secretHash: string;
  scopes: readonly Scope[];
  permissions: readonly string[];
  createdAt: Date;
  createdBy: string | null;
  expiresAt: Date;
  rateLimit: RateLimit | null;
  policyEnd: PolicyEnd;
}

/** The outcome of a renewal. */
export type Renewal =
  | { kind: 'renewed'; previousExpiresAt: Date }
  | { kind: 'tooEarly'; renewableAt: Date; expiresAt: Date }
  | { kind: 'maximumAge'; expiresAt: Date };

/** The secret of a daemon, which belongs to a workspace and acts for no user. */
export class DaemonToken {
  id!: string;
  registrationId!: string;
  workspaceId!: string;
  daemonId!: string;
  hint!: string;
  /** SHA-256 of the secret, base64url. */
  secretHash!: string;
  scopes!: Scope[];
  permissions!: string[];
  rateLimitRequests!: number | null;
  rateLimitSeconds!: number | null;
  createdAt!: Date;
  /** The user who created it; null once that user is deleted, or if another daemon token created it. */
  createdBy!: string | null;
  /** The expiry that it was created with. Each renewal lasts as long as this first lifetime. */
  firstExpiresAt!: Date;
  /** Its own expiry. A policy may end the token before: see `endsAt`. */
  expiresAt!: Date;
  renewedAt!: Date | null;
  /** When and why this token was revoked alone. */
  revokedAloneAt!: Date | null;
  revokedAloneReason!: RevocationReason | null;
  /** When and why this token was revoked with its daemon. Read-only, from the row of its registration. */
  readonly revokedWithDaemonAt?: Date | null;
  readonly revokedWithDaemonReason?: RevocationReason | null;
  /** When policies end it, as JSON. Read-only, from the policies. */
  readonly policyEndJson?: string | null;

  static create({ registration, policyEnd: end, rateLimit, ...fields }: NewDaemonToken): DaemonToken {
    return Object.assign(new DaemonToken(), {
      ...fields,
      ...columnsOfRateLimit(rateLimit),
      policyEndJson: policyEndJson(end),
      registrationId: registration.id,
      workspaceId: registration.workspaceId,
      daemonId: registration.daemonId,
      scopes: [...fields.scopes],
      permissions: [...fields.permissions],
      firstExpiresAt: fields.expiresAt,
      renewedAt: null,
      revokedAloneAt: null,
      revokedAloneReason: null,
    });
  }

  /** When it was revoked: alone, with its daemon, or by a policy; null if it was not. */
  get revokedAt(): Date | null {
    return this.revokedAloneAt ?? this.revokedWithDaemonAt ?? revokedByPolicy(this.expiresAt, policyEndOf(this));
  }

  get revocationReason(): RevocationReason | null {
    if (this.revokedAloneAt) return this.revokedAloneReason;
    if (this.revokedWithDaemonAt) return this.revokedWithDaemonReason ?? null;
    return this.revokedAt ? 'ADMINISTRATIVE' : null;
  }

  /** When it ends: by its own expiry, or by a policy. A revocation does not change it. */
  get endsAt(): Date {
    const end = policyEndOf(this);
    return end.revokedAt === null ? effectiveEnd(this.expiresAt, end)! : this.expiresAt;
  }

  get rateLimit(): RateLimit | null {
    return rateLimitOf(this);
  }

  isExpired(now: Date): boolean {
    return this.endsAt <= now;
  }

  /**
   * Extends the token by its first lifetime, if it is in the last quarter of its span, but not beyond the longest lifetime
   * of the policy. A renewal never moves the expiry to an earlier time, also if plain SQL has moved it: then it must wait
   * until the new expiry is later.
   *
   * @throws Error if the token is revoked or expired; the caller must check this first
   */
  renew(now: Date, { maximumLifetimeSeconds: seconds }: PolicyBounds): Renewal {
    if (this.revokedAt || this.isExpired(now)) throw new Error('A revoked or expired daemon token cannot be renewed.');
    const bound = seconds === null ? null : new Date(this.createdAt.getTime() + seconds * 1000);
    const previousExpiresAt = earlier(this.expiresAt, bound)!;
    const lifetime = this.firstExpiresAt.getTime() - this.createdAt.getTime();
    const span = previousExpiresAt.getTime() - (this.renewedAt ?? this.createdAt).getTime();
    const renewableAt = new Date(previousExpiresAt.getTime() - Math.min(Math.floor(span / 4), lifetime - 1));
    if (now < renewableAt) return { kind: 'tooEarly', renewableAt, expiresAt: previousExpiresAt };
    const expiresAt = earlier(new Date(now.getTime() + lifetime), bound)!;
    if (expiresAt <= previousExpiresAt) return { kind: 'maximumAge', expiresAt: previousExpiresAt };
    this.expiresAt = expiresAt;
    this.renewedAt = now;
    return { kind: 'renewed', previousExpiresAt };
  }

  /** Revokes the token for good. Revoking twice changes nothing: the first time and reason stay. */
  revoke(now: Date, reason: RevocationReason): void {
    if (this.revokedAt) return;
    this.revokedAloneAt = now;
    this.revokedAloneReason = reason;
  }
}

const policyEndOf = ({ policyEndJson }: DaemonToken): PolicyEnd => parsePolicyEnd(policyEndJson);

/** SQL for a column of the registration of a token. */
const ofRegistration = ({ registrationId }: Record<string, string>, column: string) =>
  `(select d.${column} from daemons d where d.id = ${registrationId})`;

export const DaemonTokenSchema = defineEntity({
  class: DaemonToken,
  tableName: 'daemon_tokens',
  properties: {
    id: p.string().primary(),
    registrationId: p.string(),
    workspaceId: p.string(),
    daemonId: p.string(),
    hint: p.string(),
    secretHash: p.string(),
    scopes: p.array().$type<Scope[]>(),
    permissions: p.array(),
    rateLimitRequests: p.integer().nullable(),
    rateLimitSeconds: p.integer().nullable(),
    createdAt: p.datetime(),
    createdBy: p.string().nullable(),
    firstExpiresAt: p.datetime(),
    expiresAt: p.datetime(),
    renewedAt: p.datetime().nullable(),
    revokedAloneAt: p.datetime().nullable().fieldName('revoked_at'),
    revokedAloneReason: p.string().$type<RevocationReason>().nullable().fieldName('revocation_reason'),
    revokedWithDaemonAt: p
      .datetime()
      .nullable()
      .formula((columns) => ofRegistration(columns, 'revoked_at')),
    revokedWithDaemonReason: p
      .string()
      .$type<RevocationReason>()
      .nullable()
      .formula((columns) => ofRegistration(columns, 'revocation_reason')),
    policyEndJson: p
      .string()
      .nullable()
      .formula((_columns, table) => policyEnd(governed(String(table)))),
  },
});
