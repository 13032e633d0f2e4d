import { defineEntity, p } from '@mikro-orm/core';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';

/** The longest overlap of a rotation: one day. */
export const MAX_OVERLAP_SECONDS = 86_400;

/** The fields of a new signing key. The secret is among them in its sealed form only. */
export interface NewSigningKey {
  id: string;
  workspaceId: string;
  description: string;
  secretSealed: string;
  scopes: readonly Scope[];
  permissions: readonly string[];
  createdAt: Date;
  createdBy: string | null;
  expiresAt: Date | null;
}

/**
 * A secret of a workspace that signs requests and is never sent with them. Its id is the `kid` of a signature.
 *
 * A rotation creates another key, its successor. So every key has one secret for its whole life.
 */
export class SigningKey {
  id!: string;
  workspaceId!: string;
  description!: string;
  /** The secret, sealed for this row: see `SigningSecrets`. */
  secretSealed!: string;
  scopes!: Scope[];
  permissions!: string[];
  createdAt!: Date;
  /** The user who created it; null once that user is deleted, or if a credential without a user created it. */
  createdBy!: string | null;
  /** A rotation moves it to the end of the overlap. */
  expiresAt!: Date | null;
  /** The key that it was created to replace. */
  replaces!: string | null;
  replacedBy!: string | null;
  revokedAt!: Date | null;
  revocationReason!: RevocationReason | null;

  static create(fields: NewSigningKey): SigningKey {
    return Object.assign(new SigningKey(), {
      ...fields,
      scopes: [...fields.scopes],
      permissions: [...fields.permissions],
      replaces: null,
      replacedBy: null,
      revokedAt: null,
      revocationReason: null,
    });
  }

  /** When it was revoked; null if it was not. */
  get endedAt(): Date | null {
    return this.revokedAt;
  }

  get endReason(): RevocationReason | null {
    return this.revocationReason;
  }

  isExpired(now: Date): boolean {
    return this.expiresAt !== null && this.expiresAt <= now;
  }

  isActive(now: Date): boolean {
    return this.revokedAt === null && !this.isExpired(now);
  }

  /**
   * Creates the successor, which may do the same and expires when this key would have expired. This key stays valid for
   * the overlap, but no longer than before.
   *
   * @throws Error if the key has ended or has a successor: check before
   */
  rotate(
    to: Pick<NewSigningKey, 'id' | 'secretSealed' | 'createdBy'>,
    { overlapSeconds, now }: { overlapSeconds: number; now: Date },
  ): SigningKey {
    if (!this.isActive(now) || this.replacedBy !== null)
      throw new Error('A signing key that has ended, or that has a successor, cannot be rotated.');
    const { workspaceId, description, scopes, permissions, expiresAt } = this;
    const successor = SigningKey.create({
      ...{ workspaceId, description, scopes, permissions, expiresAt },
      ...to,
      createdAt: now,
    });
    successor.replaces = this.id;
    this.replacedBy = successor.id;
    this.endBy(new Date(now.getTime() + overlapSeconds * 1000));
    return successor;
  }

  /** Moves the end of the key to this moment, never to a later one. */
  endBy(moment: Date): void {
    if (this.expiresAt === null || this.expiresAt > moment) this.expiresAt = moment;
  }

  /** Revokes the key for good. Revoking twice changes nothing: the first time and reason stay. */
  revoke(now: Date, reason: RevocationReason): void {
    if (this.revokedAt) return;
    this.revokedAt = now;
    this.revocationReason = reason;
  }
}

export const SigningKeySchema = defineEntity({
  class: SigningKey,
  tableName: 'signing_keys',
  properties: {
    id: p.string().primary(),
    workspaceId: p.string(),
    description: p.string(),
    secretSealed: p.text(),
    scopes: p.array().$type<Scope[]>(),
    permissions: p.array(),
    createdAt: p.datetime(),
    createdBy: p.string().nullable(),
    expiresAt: p.datetime().nullable(),
    replaces: p.string().nullable(),
    replacedBy: p.string().nullable(),
    revokedAt: p.datetime().nullable(),
    revocationReason: p.string().$type<RevocationReason>().nullable(),
  },
});
