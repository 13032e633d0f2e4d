import { defineEntity, p } from '@mikro-orm/core';
import { type BoundsInForce, UNBOUNDED } from '../identity/credential-policy.ts';

/** The subject of the policy of the installation. The subject of any other policy is the id of its workspace. */
export const INSTALLATION = '*';

/**
 * The policy in force for a workspace or for the installation. A trigger keeps what it was before, because the
 * credentials that had ended under it stay ended.
 */
export class CredentialPolicy implements BoundsInForce {
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

  /** Whether one of these bounds is stricter than the bounds in force, and whether any differs. The trigger decides the same. */
  compare(bounds: BoundsInForce): { tightened: boolean; changed: boolean } {
    const stricter = (before: number | null, after: number | null) =>
      after !== null && (before === null || after < before);
    const tightened =
      stricter(this.maximumLifetimeSeconds, bounds.maximumLifetimeSeconds) ||
      stricter(idleBound(this), idleBound(bounds)) ||
      (bounds.requiresExpiry && !this.requiresExpiry);
    const changed =
      tightened ||
      this.maximumLifetimeSeconds !== bounds.maximumLifetimeSeconds ||
      this.idleSeconds !== bounds.idleSeconds ||
      idleBound(this) !== idleBound(bounds) ||
      this.requiresExpiry !== bounds.requiresExpiry;
    return { tightened, changed };
  }

  /** Replaces all bounds. */
  set({ maximumLifetimeSeconds, idleSeconds, idleToleranceSeconds, requiresExpiry }: BoundsInForce): void {
    Object.assign(this, { maximumLifetimeSeconds, idleSeconds, idleToleranceSeconds, requiresExpiry });
  }
}

function idleBound({ idleSeconds, idleToleranceSeconds }: BoundsInForce): number | null {
  return idleSeconds === null ? null : idleSeconds + idleToleranceSeconds;
}

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
