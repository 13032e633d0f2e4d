import type { EntityManager } from '@mikro-orm/sql';
import { type BoundsInForce, UNBOUNDED } from '../identity/credential-policy.ts';
import { CredentialPolicy, INSTALLATION } from './credential-policy.entity.ts';
import { KEEP_POLICIES } from './credential-policy.sql.ts';

/** The policies with these subjects: see `INSTALLATION`. A subject without a policy is left out. */
export function policiesOf(em: EntityManager, subjects: readonly string[]): Promise<CredentialPolicy[]> {
  return em.find(CredentialPolicy, { subject: { $in: [...subjects] } });
}

/**
 * The bounds that a new or changed credential must obey: of the installation and of its workspace, the stricter one of
 * each. They stay in force until the end of the transaction.
 */
export async function keepBounds(em: EntityManager, workspaceId: string | null): Promise<BoundsInForce> {
  await em.execute(KEEP_POLICIES, [workspaceId]);
  const policies = await em.find(
    CredentialPolicy,
    { subject: { $in: [INSTALLATION, ...(workspaceId === null ? [] : [workspaceId])] } },
    { refresh: true },
  );
  return policies.reduce<BoundsInForce>(
    (bounds, policy) => ({
      maximumLifetimeSeconds: smaller(bounds.maximumLifetimeSeconds, policy.maximumLifetimeSeconds),
      idleSeconds: smaller(bounds.idleSeconds, policy.idleSeconds),
      idleToleranceSeconds: Math.max(bounds.idleToleranceSeconds, policy.idleToleranceSeconds),
      requiresExpiry: bounds.requiresExpiry || policy.requiresExpiry,
    }),
    { ...UNBOUNDED, idleToleranceSeconds: 0 },
  );
}

function smaller(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
