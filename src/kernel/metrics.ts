import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds that a revocation may take: a few milliseconds where all is well, a lease where a replica is silent. */
const WAITS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5];

/** Everything that Rekey counts, in one place, with one registry per service instance. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    leaseRemaining: new Gauge({
      name: 'rekey_lease_remaining_seconds',
      help: 'How long this replica may still trust its caches without another sync.',
      registers,
    }),
    authMode: new Gauge({
      name: 'rekey_auth_mode',
      help: '1 for the way credentials are checked at the moment: leased (cache), direct (database) or unavailable.',
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
      help: 'How often this replica had to forget everything it had cached.',
      registers,
    }),
    revocationWait: new Histogram({
      name: 'rekey_revocation_wait_seconds',
      help: 'From the commit of a revocation to its receipt.',
      labelNames: ['propagation'] as const,
      buckets: WAITS,
      registers,
    }),
    canary: new Histogram({
      name: 'rekey_canary_seconds',
      help: 'From the revocation of a canary to the refusal of the last replica that had let it in, by the clock of the database.',
      labelNames: ['propagation'] as const,
      buckets: WAITS,
      registers,
    }),
    canaryFailures: new Counter({
      name: 'rekey_canary_failures_total',
      help: 'Canaries that some replica let in after their receipt. Anything but 0 is a broken promise.',
      registers,
    }),
    canaryReplicas: new Counter({
      name: 'rekey_canary_replicas_total',
      help: 'Registered replicas in the runs that this one kept: refused, accepted, or silent where one did not take part or did not answer.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    cacheLookups: new Counter({
      name: 'rekey_cache_lookups_total',
      help: 'Lookups in the authentication caches.',
      labelNames: ['layer', 'outcome'] as const,
      registers,
    }),
    sharedCacheRejected: new Counter({
      name: 'rekey_shared_cache_rejected_total',
      help: 'Entries of the shared cache that were not believed: too old for this replica, or not sealed by us.',
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
