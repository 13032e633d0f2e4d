import { defineEntity, p } from '@mikro-orm/core';
import type { UserRole } from '../access/scope.ts';

/** What a new account is made of. */
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

/** A person with an account. */
export class User {
  id!: string;
  emailSealed!: string;
  emailIndex!: Buffer;
  displayName!: string;
  role!: UserRole;
  passwordHash!: string;
  createdAt!: Date;
  disabledAt!: Date | null;

  static create(fields: NewUser): User {
    return Object.assign(new User(), { ...fields, disabledAt: null });
  }

  /** Takes the account out of use; doing it twice keeps the first moment. */
  disable(now: Date): void {
    this.disabledAt ??= now;
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
  },
});
