import type { ServerResponse } from 'node:http';
import type { Authenticator } from '../credentials/authenticator.ts';
import type { AuthCache } from '../credentials/cache/auth-cache.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Replica } from '../revocation/replica.ts';

/** What counts for itself, because it is too hot to count any other way. */
export interface Counted {
  replica: Pick<Replica, 'leaseRemaining' | 'syncAge'>;
  cache: Pick<AuthCache, 'counts'>;
  authenticator: Pick<Authenticator<unknown>, 'counts'>;
  /** Asked afresh, where there is no lease: nobody else may have asked lately. */
  databaseAnswers: () => Promise<boolean>;
}

/** Prometheus' text format. Gauges are read, and hot counters taken over, when they are asked for. */
export function createMetricsEndpoint(metrics: Metrics, { replica, cache, authenticator, databaseAnswers }: Counted) {
  const collect = async () => {
    const lease = replica.leaseRemaining();
    metrics.leaseRemaining.set(lease / 1000);
    metrics.syncAge.set(replica.syncAge() / 1000);
    const mode = lease > 0 ? 'leased' : (await databaseAnswers()) ? 'direct' : 'unavailable';
    for (const each of ['leased', 'direct', 'unavailable']) metrics.authMode.set({ mode: each }, each === mode ? 1 : 0);

    const { memory, refused, shared, database, direct, unavailable } = cache.counts;
    metrics.cacheLookups.reset();
    metrics.cacheLookups.inc({ layer: 'memory', outcome: 'accepted' }, memory);
    metrics.cacheLookups.inc({ layer: 'memory', outcome: 'refused' }, refused);
    metrics.cacheLookups.inc({ layer: 'shared', outcome: 'hit' }, shared);
    metrics.cacheLookups.inc({ layer: 'database', outcome: 'read' }, database);
    metrics.cacheLookups.inc({ layer: 'direct', outcome: 'read' }, direct);
    metrics.cacheLookups.inc({ layer: 'direct', outcome: 'unavailable' }, unavailable);
    metrics.authentications.reset();
    for (const [kind, outcomes] of Object.entries(authenticator.counts)) {
      for (const [outcome, count] of Object.entries(outcomes)) metrics.authentications.inc({ kind, outcome }, count);
    }
  };
  return async (response: ServerResponse): Promise<void> => {
    await collect();
    const text = await metrics.registry.metrics();
    response.writeHead(200, { 'Content-Type': metrics.registry.contentType, 'Cache-Control': 'no-store' });
    response.end(text);
  };
}
