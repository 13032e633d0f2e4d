import { defineEntity, p } from '@mikro-orm/core';
import { governed, policyEnd } from '../credential-policies/credential-policy.sql.ts';
import { type SealedField, sealedProperty } from '../database/sealed-field.ts';
import {
  effectiveEnd,
  type PolicyEnd,
  parsePolicyEnd,
  policyEndJson,
  revokedByPolicy,
} from '../identity/credential-policy.ts';
import { columnsOfRateLimit, type RateLimit, rateLimitOf } from '../identity/rate-limit.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';

/** The longest overlap of a rotation: 30 days. */
export const MAX_OVERLAP_SECONDS = 2_592_000;

/** What can be changed of an API key. Metadata is sealed. */
export interface ApiKeySettings {
  name: string;
  description: string | null;
  metadataSealed: string | null;
  scopes: readonly Scope[];
  permissions: readonly string[];
  /** In the spelling of `networkText`. Empty: from all. */
  allowedAddresses: readonly string[];
  expiresAt: Date | null;
  rateLimit: RateLimit | null;
}

/** The fields of a new API key. The secret itself is never passed here, only its hash and its hint. */
export interface NewApiKey extends ApiKeySettings {
  id: string;
  /** Null for a key that belongs to a workspace. */
  userId: string | null;
  workspaceId: string | null;
  createdBy: string | null;
  hint: string;
  secretHash: string;
  createdAt: Date;
  createdFromIp: string | null;
  policyEnd: PolicyEnd;
}

/** A long-lived secret for a program that acts for a user or for a workspace. */
export class ApiKey {
  id!: string;
  userId!: string | null;
  workspaceId!: string | null;
  /** The user who created it; null once that user is deleted, or if a key without a user created it. */
  createdBy!: string | null;
  name!: string;
  description!: string | null;
  /** The metadata, sealed for this row: see `MetadataVault`. Null if there is none. */
  metadataSealed!: string | null;
  hint!: string;
  /** SHA-256 of the current secret, base64url. */
  secretHash!: string;
  /** SHA-256 of the previous secret, while it is still valid. */
  previousSecretHash!: string | null;
  previousSecretExpiresAt!: Date | null;
  scopes!: Scope[];
  permissions!: string[];
  allowedAddresses!: string[];
  rateLimitRequests!: number | null;
  rateLimitSeconds!: number | null;
  createdAt!: Date;
  /** Set for a new key only. `CREATED_FROM` opens what is stored. */
  createdFromIp!: string | null;
  createdFromIpSealed!: string | null;
  /** The expiry that it was given. A policy may end the key before: see `endsAt`. */
  expiresAt!: Date | null;
  rotatedAt!: Date | null;
  /** When and why this key was revoked alone. */
  revokedAloneAt!: Date | null;
  revokedAloneReason!: RevocationReason | null;
  /** When policies end it, as JSON. Read-only, from the policies. */
  readonly policyEndJson?: string | null;
  /** Optimistic lock: of two changes that started from the same state, one succeeds. */
  version!: number;

  static create({ policyEnd: end, rateLimit, ...fields }: NewApiKey): ApiKey {
    return Object.assign(new ApiKey(), {
      ...fields,
      ...columnsOfRateLimit(rateLimit),
      scopes: [...fields.scopes],
      permissions: [...fields.permissions],
      allowedAddresses: [...fields.allowedAddresses],
      policyEndJson: policyEndJson(end),
      previousSecretHash: null,
      previousSecretExpiresAt: null,
      rotatedAt: null,
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

  /** When it ends: by the expiry that it was given, or by a policy. Null: never. A revocation does not change it. */
  get endsAt(): Date | null {
    const end = policyEndOf(this);
    return end.revokedAt === null ? effectiveEnd(this.expiresAt, end) : this.expiresAt;
  }

  /** The same without the bound on idle keys, so no use moves it. */
  get fixedEnd(): Date | null {
    return effectiveEnd(this.expiresAt, { endsAt: policyEndOf(this).fixedEnd });
  }

  get rateLimit(): RateLimit | null {
    return rateLimitOf(this);
  }

  isExpired(now: Date): boolean {
    return this.endsAt !== null && this.endsAt <= now;
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
    const previousExpiresAt = this.fixedEnd && this.fixedEnd < end ? this.fixedEnd : end;
    this.previousSecretHash = overlapSeconds > 0 ? this.secretHash : null;
    this.previousSecretExpiresAt = overlapSeconds > 0 ? previousExpiresAt : null;
    this.secretHash = to.secretHash;
    this.hint = to.hint;
    this.rotatedAt = now;
    return previousExpiresAt;
  }

  /** Makes the secret from before the last rotation invalid now. Returns whether it was valid. */
  endOverlap(now: Date): boolean {
    if (this.previousSecretExpiresAt === null || this.previousSecretExpiresAt <= now) return false;
    this.previousSecretHash = null;
    this.previousSecretExpiresAt = null;
    return true;
  }

  /** The same, and the replaced secret is still known as one that has ended. Returns whether it was still valid. */
  cutOverlap(now: Date): boolean {
    if (this.previousSecretExpiresAt === null || this.previousSecretExpiresAt <= now) return false;
    this.previousSecretExpiresAt = now;
    return true;
  }

  /**
   * Replaces these settings and leaves the others.
   *
   * @returns the names of the settings that changed
   * @throws Error if the key has ended: what has ended is never valid again
   */
  change({ rateLimit, ...settings }: Partial<ApiKeySettings>, now: Date): (keyof ApiKeySettings)[] {
    if (this.revokedAt || this.isExpired(now)) throw new Error('An API key that has ended cannot be changed.');
    const before = { ...this.settings };
    Object.assign(this, settings, rateLimit === undefined ? {} : columnsOfRateLimit(rateLimit));
    const after = this.settings;
    return (Object.keys(after) as (keyof ApiKeySettings)[]).filter((name) => !isSame(before[name], after[name]));
  }

  get settings(): ApiKeySettings {
    const { name, description, metadataSealed, scopes, permissions, allowedAddresses, expiresAt, rateLimit } = this;
    return { name, description, metadataSealed, scopes, permissions, allowedAddresses, expiresAt, rateLimit };
  }

  /** Revokes the key for good. A second call changes nothing: the first time and reason stay. */
  revoke(now: Date, reason: RevocationReason): void {
    if (this.revokedAt) return;
    this.revokedAloneAt = now;
    this.revokedAloneReason = reason;
  }
}

const policyEndOf = ({ policyEndJson }: ApiKey): PolicyEnd => parsePolicyEnd(policyEndJson);

/** The address of the client that created a key. */
export const CREATED_FROM: SealedField = {
  table: 'api_keys',
  column: 'created_from_ip',
  key: 'id',
  workspace: 'workspace_id',
};

export const API_KEY_PROPERTIES = [
  sealedProperty({ field: CREATED_FROM, entity: ApiKey, property: 'createdFromIp', workspace: 'workspaceId' }),
];

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

export const ApiKeySchema = defineEntity({
  class: ApiKey,
  tableName: 'api_keys',
  properties: {
    id: p.string().primary(),
    userId: p.string().nullable(),
    workspaceId: p.string().nullable(),
    createdBy: p.string().nullable(),
    name: p.string(),
    description: p.string().nullable(),
    metadataSealed: p.text().nullable(),
    hint: p.string(),
    secretHash: p.string(),
    previousSecretHash: p.string().nullable(),
    previousSecretExpiresAt: p.datetime().nullable(),
    scopes: p.array().$type<Scope[]>(),
    permissions: p.array(),
    allowedAddresses: p.array(),
    rateLimitRequests: p.integer().nullable(),
    rateLimitSeconds: p.integer().nullable(),
    createdAt: p.datetime(),
    createdFromIpSealed: p.text().fieldName('created_from_ip').nullable(),
    expiresAt: p.datetime().nullable(),
    rotatedAt: p.datetime().nullable(),
    revokedAloneAt: p.datetime().nullable().fieldName('revoked_at'),
    revokedAloneReason: p.string().$type<RevocationReason>().nullable().fieldName('revocation_reason'),
    policyEndJson: p
      .string()
      .nullable()
      .formula((_columns, table) => policyEnd(governed(String(table)))),
    version: p.integer().version(),
  },
});
