import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Durations of a revocation, in seconds: usually a few milliseconds, one lease if a replica is silent. */
const WAITS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5];

/** All metrics of Rekey, in one registry per service instance. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    leaseRemaining: new Gauge({
      name: 'rekey_lease_remaining_seconds',
      help: 'Time until the lease of this replica expires. A sync renews it.',
      registers,
    }),
    authMode: new Gauge({
      name: 'rekey_auth_mode',
      help: '1 for the current way to check credentials: leased (cache), direct (database) or unavailable.',
      labelNames: ['mode'] as const,
      registers,
    }),
    syncAge: new Gauge({
      name: 'rekey_sync_age_seconds',
      help: 'Time since the last successful sync with the invalidation log.',
      registers,
    }),
    coldStarts: new Counter({
      name: 'rekey_cold_starts_total',
      help: 'Number of times that this replica dropped all cached credentials.',
      registers,
    }),
    revocationWait: new Histogram({
      name: 'rekey_revocation_wait_seconds',
      help: 'Time from the commit of a revocation to its receipt.',
      labelNames: ['propagation'] as const,
      buckets: WAITS,
      registers,
    }),
    canary: new Histogram({
      name: 'rekey_canary_seconds',
      help: 'Time from the revocation of a canary key until the last replica that had accepted it rejects it, by the clock of the database.',
      labelNames: ['propagation'] as const,
      buckets: WAITS,
      registers,
    }),
    canaryFailures: new Counter({
      name: 'rekey_canary_failures_total',
      help: 'Replicas that accepted a canary key after its revocation receipt. Every value above 0 is a broken promise.',
      registers,
    }),
    canaryReplicas: new Counter({
      name: 'rekey_canary_replicas_total',
      help: 'Replicas registered during canary runs coordinated by this replica, by outcome: refused, accepted, or silent (did not take part or did not respond).',
      labelNames: ['outcome'] as const,
      registers,
    }),
    cacheLookups: new Counter({
      name: 'rekey_cache_lookups_total',
      help: 'Credential lookups by layer and outcome.',
      labelNames: ['layer', 'outcome'] as const,
      registers,
    }),
    sharedCacheRejected: new Counter({
      name: 'rekey_shared_cache_rejected_total',
      help: 'Entries of the shared cache that this replica rejected: stale (too old) or seal (not sealed by a replica).',
      labelNames: ['reason'] as const,
      registers,
    }),
    authentications: new Counter({
      name: 'rekey_authentications_total',
      help: 'Presented credentials by kind and outcome.',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
