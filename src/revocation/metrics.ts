import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Replica } from './replica.ts';

/** Seconds that a revocation may take: a few milliseconds in the usual case, a lease where a replica is silent. */
export const REVOCATION_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5];

/** The metrics of the replica and the propagation barrier. */
export function createRevocationMetrics(registry = new Registry()) {
  const registers = [registry];
  const coldStarts = new Counter({
    name: 'rekey_cold_starts_total',
    help: 'Number of times that this replica dropped all cached credentials.',
    registers,
  });
  const revocationWait = new Histogram({
    name: 'rekey_revocation_wait_seconds',
    help: 'Time from the commit of a revocation to its receipt.',
    labelNames: ['propagation'] as const,
    buckets: REVOCATION_BUCKETS,
    registers,
  });
  // An alert watches the increase. The first one must be an increase, too.
  for (const propagation of ['acknowledged', 'lease_expired']) revocationWait.zero({ propagation });
  return { coldStarts, revocationWait };
}

export type RevocationMetrics = ReturnType<typeof createRevocationMetrics>;

/**
 * Gauges that are read from a replica at each scrape.
 *
 * @param databaseAnswers called if there is no lease, because nothing else may have queried the database lately
 */
export function exposeReplica(
  registry: Registry,
  replica: Pick<Replica, 'leaseRemaining' | 'syncAge'>,
  databaseAnswers: () => Promise<boolean>,
): void {
  const registers = [registry];
  new Gauge({
    name: 'rekey_lease_remaining_seconds',
    help: 'Time until the lease of this replica expires. A sync renews it.',
    registers,
    collect() {
      this.set(replica.leaseRemaining() / 1000);
    },
  });
  new Gauge({
    name: 'rekey_sync_age_seconds',
    help: 'Time since the last successful sync with the invalidation log.',
    registers,
    collect() {
      this.set(replica.syncAge() / 1000);
    },
  });
  new Gauge({
    name: 'rekey_auth_mode',
    help: '1 for the current way to check credentials: leased (cache), direct (database) or unavailable.',
    labelNames: ['mode'] as const,
    registers,
    async collect() {
      const leased = replica.leaseRemaining() > 0;
      const mode = leased ? 'leased' : (await databaseAnswers()) ? 'direct' : 'unavailable';
      for (const each of ['leased', 'direct', 'unavailable']) this.set({ mode: each }, each === mode ? 1 : 0);
    },
  });
}
