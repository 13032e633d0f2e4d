import { defineEntity, p } from '@mikro-orm/core';
import { type SealedField, sealedProperty } from '../database/sealed-field.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { UserRole } from '../identity/scope.ts';
import { EMAIL } from './email.ts';

/** The fields of a new user. */
export interface NewUser {
  id: string;
  /** An address, without white space around it. */
  email: string;
  displayName: string;
  role: UserRole;
  /** argon2id in PHC string format; empty for an account without a password, such as that of an invited user. */
  passwordHash: string;
  /** Whether the hash is one of another system: see `readPasswordHash`. Defaults to false. */
  passwordImported?: boolean;
  permissions?: readonly string[];
  createdAt: Date;
  invitedAt?: Date | null;
}

/** What a change of a user sets. What is undefined stays as it is. */
export interface UserChanges {
  email?: string | undefined;
  displayName?: string | undefined;
  role?: UserRole | undefined;
  permissions?: readonly string[] | undefined;
}

/** A user with an account. */
export class User {
  id!: string;
  /** Stored in `emailSealed`. It opens when it is read. */
  email!: string;
  emailSealed!: string;
  /** Keyed hash of the canonical address, for the exact search and for uniqueness. */
  emailIndex!: Buffer;
  /** Stored in `displayNameSealed`. It opens when it is read. */
  displayName!: string;
  displayNameSealed!: string;
  role!: UserRole;
  passwordHash!: string;
  /** Whether the hash is still the one of another system. The first login replaces it. */
  passwordImported!: boolean;
  /** What the sessions of the user hold, and the most that the keys of a member hold. */
  permissions!: string[];
  createdAt!: Date;
  disabledAt!: Date | null;
  /** When the user was last invited; null once the user has accepted. */
  invitedAt!: Date | null;
  /** Sessions of an earlier generation are revoked, except the kept one. So one number revokes any number of them. */
  sessionGeneration!: number;
  sessionKept!: string | null;
  sessionsRevokedAt!: Date | null;
  sessionsRevocationReason!: RevocationReason | null;

  static create({ permissions = [], invitedAt = null, passwordImported = false, ...fields }: NewUser): User {
    return Object.assign(new User(), {
      ...fields,
      permissions: [...permissions],
      invitedAt,
      passwordImported,
      disabledAt: null,
      sessionGeneration: 0,
      sessionKept: null,
      sessionsRevokedAt: null,
      sessionsRevocationReason: null,
    });
  }

  /** Whether this is an active administrator. At least one of them must remain. */
  get isActiveAdministrator(): boolean {
    return this.role === 'ADMIN' && this.disabledAt === null && this.invitedAt === null;
  }

  /** Changes the user, and returns the names of the fields that were different before. */
  change({ email, displayName, role, permissions }: UserChanges): (keyof UserChanges)[] {
    const changed: (keyof UserChanges)[] = [];
    // Another spelling of the same address is a change, too.
    if (email !== undefined && email !== this.email) {
      this.email = email;
      changed.push('email');
    }
    if (displayName !== undefined && displayName !== this.displayName) {
      this.displayName = displayName;
      changed.push('displayName');
    }
    if (role !== undefined && role !== this.role) {
      this.role = role;
      changed.push('role');
    }
    if (permissions && !(holdsAll(permissions, this.permissions) && holdsAll(this.permissions, permissions))) {
      this.permissions = [...permissions];
      changed.push('permissions');
    }
    return changed;
  }

  /** @throws Error if the user has accepted an invitation, or was never invited; the caller must check this first */
  inviteAgain(changes: Required<UserChanges>, now: Date): void {
    if (!this.invitedAt) throw new Error('Only a user who has not accepted is invited again.');
    this.change(changes);
    this.invitedAt = now;
  }

  /** Sets the first password. @throws Error if the user was not invited; the caller must check this first */
  acceptInvitation(passwordHash: string): void {
    if (!this.invitedAt) throw new Error('The user has no invitation to accept.');
    this.changePassword(passwordHash);
    this.invitedAt = null;
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

  /** @param passwordHash argon2id, made by this service */
  changePassword(passwordHash: string): void {
    this.passwordHash = passwordHash;
    this.passwordImported = false;
  }

  enable(): void {
    this.disabledAt = null;
  }
}

/** Whether everything in `some` is in `all`. */
function holdsAll(all: readonly string[], some: readonly string[]): boolean {
  return some.every((each) => all.includes(each));
}

const DISPLAY_NAME: SealedField = { table: 'users', column: 'display_name', key: 'id' };

export const USER_PROPERTIES = [
  sealedProperty({ field: EMAIL, entity: User, property: 'email', opens: true }),
  sealedProperty({ field: DISPLAY_NAME, entity: User, property: 'displayName', opens: true }),
];

export const UserSchema = defineEntity({
  class: User,
  tableName: 'users',
  properties: {
    id: p.string().primary(),
    emailSealed: p.text(),
    emailIndex: p.blob(),
    displayNameSealed: p.text().fieldName('display_name'),
    role: p.string().$type<UserRole>(),
    passwordHash: p.string(),
    passwordImported: p.boolean(),
    permissions: p.array(),
    createdAt: p.datetime(),
    disabledAt: p.datetime().nullable(),
    invitedAt: p.datetime().nullable(),
    sessionGeneration: p.integer(),
    sessionKept: p.string().nullable(),
    sessionsRevokedAt: p.datetime().nullable(),
    sessionsRevocationReason: p.string().$type<RevocationReason>().nullable(),
  },
});
