import { defineEntity, p } from '@mikro-orm/core';
import type { PolicyBounds } from '../identity/credential-policy.ts';

/** The subject of the policy of the installation. The subject of any other policy is the id of its workspace. */
export const INSTALLATION = '*';

/**
 * The policy in force for a workspace or for the installation. A trigger keeps what it was before, because the
 * credentials that had ended under it stay ended.
 */
export class CredentialPolicy implements PolicyBounds {
  subject!: string;
  workspaceId!: string | null;
  maximumLifetimeSeconds!: number | null;
  idleSeconds!: number | null;
  /** By how much the last use in the database may lag behind. A credential may be idle for that much longer. */
  idleToleranceSeconds!: number;
  requiresExpiry!: boolean;

  static for(workspaceId: string | null): CredentialPolicy {
    return Object.assign(new CredentialPolicy(), {
      subject: workspaceId ?? INSTALLATION,
      workspaceId,
      idleToleranceSeconds: 0,
      ...UNBOUNDED,
    });
  }

  /** Replaces all bounds. Returns whether one of them is stricter than before, and whether any changed. */
  set(bounds: PolicyBounds, idleToleranceSeconds: number): { tightened: boolean; changed: boolean } {
    const stricter = (before: number | null, after: number | null) =>
      after !== null && (before === null || after < before);
    const tightened =
      stricter(this.maximumLifetimeSeconds, bounds.maximumLifetimeSeconds) ||
      stricter(this.idleSeconds, bounds.idleSeconds) ||
      (bounds.requiresExpiry && !this.requiresExpiry);
    const changed =
      tightened ||
      this.maximumLifetimeSeconds !== bounds.maximumLifetimeSeconds ||
      this.idleSeconds !== bounds.idleSeconds ||
      this.requiresExpiry !== bounds.requiresExpiry;
    Object.assign(this, bounds, { idleToleranceSeconds });
    return { tightened, changed };
  }
}

/** The bounds where there is no policy. */
export const UNBOUNDED: PolicyBounds = { maximumLifetimeSeconds: null, idleSeconds: null, requiresExpiry: false };

export const CredentialPolicySchema = defineEntity({
  class: CredentialPolicy,
  tableName: 'credential_policies',
  properties: {
    subject: p.string().primary(),
    workspaceId: p.string().nullable(),
    maximumLifetimeSeconds: p.integer().nullable(),
    idleSeconds: p.integer().nullable(),
    idleToleranceSeconds: p.integer(),
    requiresExpiry: p.boolean(),
  },
});
