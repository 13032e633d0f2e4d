import { defineEntity, p } from '@mikro-orm/core';
import type { SecretPrefix } from '../crypto/secret-text.ts';

export type AccountTokenKind = 'INVITATION' | 'PASSWORD_RESET';

/** The prefix and the lifetime of each kind. */
export const ACCOUNT_TOKENS = {
  INVITATION: { prefix: 'rki', lifetimeSeconds: 604_800 },
  PASSWORD_RESET: { prefix: 'rkp', lifetimeSeconds: 3600 },
} as const satisfies Record<AccountTokenKind, { prefix: SecretPrefix; lifetimeSeconds: number }>;

/** What a token is issued for. */
export interface IssuedFor {
  /** SHA-256 of the token, base64url. */
  tokenHash: string;
  /** The workspaces that an invited user joins. */
  workspaceIds?: readonly string[] | undefined;
}

/**
 * A token with which a user sets a password: that of an invitation, or of a password reset. It is no credential. A user has
 * one of each kind at most, and it is deleted when it is used.
 */
export class AccountToken {
  userId!: string;
  kind!: AccountTokenKind;
  tokenHash!: string;
  workspaceIds!: string[];
  createdAt!: Date;
  expiresAt!: Date;

  static create(of: { userId: string; kind: AccountTokenKind }): AccountToken {
    return Object.assign(new AccountToken(), of);
  }

  /** Replaces the token of the user: an earlier one is no longer valid. */
  issue({ tokenHash, workspaceIds = [] }: IssuedFor, now: Date): void {
    this.tokenHash = tokenHash;
    this.workspaceIds = [...workspaceIds];
    this.createdAt = now;
    this.expiresAt = new Date(now.getTime() + ACCOUNT_TOKENS[this.kind].lifetimeSeconds * 1000);
  }

  isExpired(now: Date): boolean {
    return this.expiresAt <= now;
  }
}

export const AccountTokenSchema = defineEntity({
  class: AccountToken,
  tableName: 'account_tokens',
  properties: {
    userId: p.string().primary(),
    kind: p.string().$type<AccountTokenKind>().primary(),
    tokenHash: p.string(),
    workspaceIds: p.array(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
  },
});
