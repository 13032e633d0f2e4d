import { defineEntity, p } from '@mikro-orm/core';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';

/** The longest overlap of a rotation: 30 days. */
export const MAX_OVERLAP_SECONDS = 2_592_000;

/** The fields of a new API key. The secret itself is never passed here, only its hash and its hint. */
export interface NewApiKey {
  id: string;
  userId: string;
  workspaceId: string | null;
  name: string;
  hint: string;
  secretHash: string;
  scopes: readonly Scope[];
  permissions: readonly string[];
  createdAt: Date;
  createdFromIp: string | null;
  expiresAt: Date | null;
}

/** A long-lived secret for a program that acts for a user. */
export class ApiKey {
  id!: string;
  userId!: string;
  workspaceId!: string | null;
  name!: string;
  hint!: string;
  /** SHA-256 of the current secret, base64url. */
  secretHash!: string;
  /** SHA-256 of the previous secret, while it is still valid. */
  previousSecretHash!: string | null;
  previousSecretExpiresAt!: Date | null;
  scopes!: Scope[];
  permissions!: string[];
  createdAt!: Date;
  createdFromIp!: string | null;
  expiresAt!: Date | null;
  rotatedAt!: Date | null;
  revokedAt!: Date | null;
  revocationReason!: RevocationReason | null;
  /** Optimistic lock: of two changes that started from the same state, one succeeds. */
  version!: number;

  static create(fields: NewApiKey): ApiKey {
    return Object.assign(new ApiKey(), {
      ...fields,
      scopes: [...fields.scopes],
      permissions: [...fields.permissions],
      previousSecretHash: null,
      previousSecretExpiresAt: null,
      rotatedAt: null,
      revokedAt: null,
      revocationReason: null,
    });
  }

  isExpired(now: Date): boolean {
    return this.expiresAt !== null && this.expiresAt <= now;
  }

  /**
   * Replaces the current secret. The replaced one stays valid for the overlap, but never past the expiry of the key. A
   * secret from an earlier rotation becomes invalid now: at most two are ever valid.
   *
   * @returns when the replaced secret becomes invalid
   * @throws Error if the key is revoked; the caller must check this first
   */
  rotate(to: { secretHash: string; hint: string }, overlapSeconds: number, now: Date): Date {
    if (this.revokedAt) throw new Error('A revoked API key cannot be rotated.');
    const end = new Date(now.getTime() + overlapSeconds * 1000);
    const previousExpiresAt = this.expiresAt && this.expiresAt < end ? this.expiresAt : end;
    this.previousSecretHash = overlapSeconds > 0 ? this.secretHash : null;
    this.previousSecretExpiresAt = overlapSeconds > 0 ? previousExpiresAt : null;
    this.secretHash = to.secretHash;
    this.hint = to.hint;
    this.rotatedAt = now;
    return previousExpiresAt;
  }

  /** Revokes the key for good. A second call changes nothing: the first time and reason stay. */
  revoke(now: Date, reason: RevocationReason): void {
    if (this.revokedAt) return;
    this.revokedAt = now;
    this.revocationReason = reason;
  }
}

export const ApiKeySchema = defineEntity({
  class: ApiKey,
  tableName: 'api_keys',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    workspaceId: p.string().nullable(),
    name: p.string(),
    hint: p.string(),
    secretHash: p.string(),
    previousSecretHash: p.string().nullable(),
    previousSecretExpiresAt: p.datetime().nullable(),
    scopes: p.array().$type<Scope[]>(),
    permissions: p.array(),
    createdAt: p.datetime(),
    createdFromIp: p.string().nullable(),
    expiresAt: p.datetime().nullable(),
    rotatedAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    revocationReason: p.string().$type<RevocationReason>().nullable(),
    version: p.integer().version(),
  },
});
