import { defineEntity, p } from '@mikro-orm/core';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';

/**
 * One registration of a daemon in a workspace. All tokens that are created until its end depend on this row, so one
 * change of it revokes all of them. A daemon that gets a token after the end is registered again, by another row.
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

  /** Ends the registration, and with it every token that depends on it. */
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
}

/** The outcome of a renewal. */
export type Renewal = { kind: 'renewed'; previousExpiresAt: Date } | { kind: 'tooEarly'; renewableAt: Date };

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
  createdAt!: Date;
  /** The user who created it; null once that user is deleted, or if another daemon token created it. */
  createdBy!: string | null;
  /** The end that it was created with. Each renewal lasts as long as this first lifetime. */
  firstExpiresAt!: Date;
  expiresAt!: Date;
  renewedAt!: Date | null;
  revokedAt!: Date | null;
  revocationReason!: RevocationReason | null;
  /** When and why its registration ended; read-only, the row of the registration has them. */
  readonly endedWithDaemonAt?: Date | null;
  readonly endedWithDaemonReason?: RevocationReason | null;

  static create({ registration, ...fields }: NewDaemonToken): DaemonToken {
    return Object.assign(new DaemonToken(), {
      ...fields,
      registrationId: registration.id,
      workspaceId: registration.workspaceId,
      daemonId: registration.daemonId,
      scopes: [...fields.scopes],
      permissions: [...fields.permissions],
      firstExpiresAt: fields.expiresAt,
      renewedAt: null,
      revokedAt: null,
      revocationReason: null,
    });
  }

  /** When it was revoked, alone or with its daemon; null if it was not. */
  get endedAt(): Date | null {
    return this.revokedAt ?? this.endedWithDaemonAt ?? null;
  }

  get endReason(): RevocationReason | null {
    return this.revokedAt ? this.revocationReason : (this.endedWithDaemonReason ?? null);
  }

  isExpired(now: Date): boolean {
    return this.expiresAt <= now;
  }

  /**
   * Extends the token by its first lifetime, if it is in the last quarter of its span. A renewal never moves the end to
   * an earlier time, also if the end was moved by hand: then it must wait until the new end is later.
   *
   * @throws Error if the token has ended: check before
   */
  renew(now: Date): Renewal {
    if (this.endedAt || this.isExpired(now)) throw new Error('A daemon token that has ended cannot be renewed.');
    const previousExpiresAt = this.expiresAt;
    const lifetime = this.firstExpiresAt.getTime() - this.createdAt.getTime();
    const span = previousExpiresAt.getTime() - (this.renewedAt ?? this.createdAt).getTime();
    const renewableAt = new Date(previousExpiresAt.getTime() - Math.min(Math.floor(span / 4), lifetime - 1));
    if (now < renewableAt) return { kind: 'tooEarly', renewableAt };
    this.expiresAt = new Date(now.getTime() + lifetime);
    this.renewedAt = now;
    return { kind: 'renewed', previousExpiresAt };
  }

  /** Revokes the token for good. Revoking twice changes nothing: the first time and reason stay. */
  revoke(now: Date, reason: RevocationReason): void {
    if (this.endedAt) return;
    this.revokedAt = now;
    this.revocationReason = reason;
  }
}

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
    createdAt: p.datetime(),
    createdBy: p.string().nullable(),
    firstExpiresAt: p.datetime(),
    expiresAt: p.datetime(),
    renewedAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    revocationReason: p.string().$type<RevocationReason>().nullable(),
    endedWithDaemonAt: p
      .datetime()
      .nullable()
      .formula((columns) => ofRegistration(columns, 'revoked_at')),
    endedWithDaemonReason: p
      .string()
      .$type<RevocationReason>()
      .nullable()
      .formula((columns) => ofRegistration(columns, 'revocation_reason')),
  },
});
