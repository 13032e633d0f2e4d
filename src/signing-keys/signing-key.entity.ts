import { defineEntity, p } from '@mikro-orm/core';
import { policyEnd } from '../credential-policies/credential-policy.sql.ts';
import {
  effectiveEnd,
  type PolicyEnd,
  parsePolicyEnd,
  policyEndJson,
  revokedByPolicy,
} from '../identity/credential-policy.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';
import { governedKey } from './signing-key.sql.ts';

/** The longest overlap of a rotation: one day. */
export const MAX_OVERLAP_SECONDS = 86_400;

/** The fields of a new signing key. The secret is among them in its sealed form only. */
export interface NewSigningKey {
  id: string;
  workspaceId: string;
  description: string;
  secretSealed: string;
  secretHash: string;
  scopes: readonly Scope[];
  permissions: readonly string[];
  createdAt: Date;
  createdBy: string | null;
  expiresAt: Date | null;
  policyEnd: PolicyEnd;
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
  /** SHA-256 of the secret, base64url. It finds the key of a presented secret, and signs nothing. */
  secretHash!: string | null;
  scopes!: Scope[];
  permissions!: string[];
  createdAt!: Date;
  /** The user who created it; null once that user is deleted, or if a credential without a user created it. */
  createdBy!: string | null;
  /** For a successor: when the first of the keys that it replaces was created. */
  lifetimeFrom!: Date | null;
  /** Its own expiry, which a rotation moves to the end of the overlap. A policy may end the key before: see `endsAt`. */
  expiresAt!: Date | null;
  /** The key that it was created to replace. */
  replaces!: string | null;
  replacedBy!: string | null;
  /** When and why this key was revoked alone. */
  revokedAloneAt!: Date | null;
  revokedAloneReason!: RevocationReason | null;
  /** When policies end it, as JSON. Read-only, from the policies. */
  readonly policyEndJson?: string | null;

  static create({ policyEnd: end, ...fields }: NewSigningKey): SigningKey {
    return Object.assign(new SigningKey(), {
      ...fields,
      policyEndJson: policyEndJson(end),
      lifetimeFrom: null,
      scopes: [...fields.scopes],
      permissions: [...fields.permissions],
      replaces: null,
      replacedBy: null,
      revokedAloneAt: null,
      revokedAloneReason: null,
    });
  }

  /** When it was revoked, alone or by a policy; null if it was not. */
  get revokedAt(): Date | null {
    return this.revokedAloneAt ?? revokedByPolicy(this.expiresAt, policyEndOf(this));
  }

  get revocationReason(): RevocationReason | null {
    if (this.revokedAloneAt) return this.revokedAloneReason;
    return this.revokedAt ? 'ADMINISTRATIVE' : null;
  }

  /** When it ends: by its own expiry, or by a policy. Null: never. A revocation does not change it. */
  get endsAt(): Date | null {
    const end = policyEndOf(this);
    return end.revokedAt === null ? effectiveEnd(this.expiresAt, end) : this.expiresAt;
  }

  /** The same without the bound on idle keys, so no use moves it. */
  get fixedEnd(): Date | null {
    return effectiveEnd(this.expiresAt, { endsAt: policyEndOf(this).fixedEnd });
  }

  isExpired(now: Date): boolean {
    return this.endsAt !== null && this.endsAt <= now;
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
    to: Pick<NewSigningKey, 'id' | 'secretSealed' | 'secretHash' | 'createdBy' | 'policyEnd'>,
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
    successor.lifetimeFrom = this.lifetimeFrom ?? this.createdAt;
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
    this.revokedAloneAt = now;
    this.revokedAloneReason = reason;
  }
}

const policyEndOf = ({ policyEndJson }: SigningKey): PolicyEnd => parsePolicyEnd(policyEndJson);

export const SigningKeySchema = defineEntity({
  class: SigningKey,
  tableName: 'signing_keys',
  properties: {
    id: p.string().primary(),
    workspaceId: p.string(),
    description: p.string(),
    secretSealed: p.text(),
    secretHash: p.string().nullable(),
    scopes: p.array().$type<Scope[]>(),
    permissions: p.array(),
    createdAt: p.datetime(),
    createdBy: p.string().nullable(),
    lifetimeFrom: p.datetime().nullable(),
    expiresAt: p.datetime().nullable(),
    replaces: p.string().nullable(),
    replacedBy: p.string().nullable(),
    revokedAloneAt: p.datetime().nullable().fieldName('revoked_at'),
    revokedAloneReason: p.string().$type<RevocationReason>().nullable().fieldName('revocation_reason'),
    policyEndJson: p
      .string()
      .nullable()
      .formula((_columns, table) => policyEnd(governedKey(String(table)))),
  },
});
