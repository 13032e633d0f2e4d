import { defineEntity, p } from '@mikro-orm/core';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { UserRole } from '../identity/scope.ts';

/** The fields of a new user. */
export interface NewUser {
  id: string;
  /** Sealed under the row's id; see `EmailVault`. */
  emailSealed: string;
  /** Keyed hash of the canonical address, for the exact search and for uniqueness. */
  emailIndex: Buffer;
  displayName: string;
  role: UserRole;
  /** argon2id in PHC string format. */
  passwordHash: string;
  createdAt: Date;
}

/** A user with an account. */
export class User {
  id!: string;
  emailSealed!: string;
  emailIndex!: Buffer;
  displayName!: string;
  role!: UserRole;
  passwordHash!: string;
  createdAt!: Date;
  disabledAt!: Date | null;
  /** Sessions of an earlier generation are revoked, except the kept one. So one number revokes any number of them. */
  sessionGeneration!: number;
  sessionKept!: string | null;
  sessionsRevokedAt!: Date | null;
  sessionsRevocationReason!: RevocationReason | null;

  static create(fields: NewUser): User {
    return Object.assign(new User(), {
      ...fields,
      disabledAt: null,
      sessionGeneration: 0,
      sessionKept: null,
      sessionsRevokedAt: null,
      sessionsRevocationReason: null,
    });
  }

  /** Disables the user and revokes the sessions for good. A second call keeps the first moment. */
  disable(now: Date): void {
    if (this.disabledAt) return;
    this.disabledAt = now;
    this.revokeSessions(null, now, 'ADMINISTRATIVE');
  }

  /**
   * Revokes all sessions except the one that is kept. It counts instead of comparing times: a session that another
   * replica starts in the same millisecond belongs to one generation or the other.
   */
  revokeSessions(kept: string | null, now: Date, reason: RevocationReason): void {
    this.sessionGeneration++;
    this.sessionKept = kept;
    this.sessionsRevokedAt = now;
    this.sessionsRevocationReason = reason;
  }

  changePassword(passwordHash: string): void {
    this.passwordHash = passwordHash;
  }

  enable(): void {
    this.disabledAt = null;
  }
}

export const UserSchema = defineEntity({
  class: User,
  tableName: 'users',
  properties: {
    id: p.string().primary(),
    emailSealed: p.text(),
    emailIndex: p.blob(),
    displayName: p.string(),
    role: p.string().$type<UserRole>(),
    passwordHash: p.string(),
    createdAt: p.datetime(),
    disabledAt: p.datetime().nullable(),
    sessionGeneration: p.integer(),
    sessionKept: p.string().nullable(),
    sessionsRevokedAt: p.datetime().nullable(),
    sessionsRevocationReason: p.string().$type<RevocationReason>().nullable(),
  },
});
