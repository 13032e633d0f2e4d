import { Counter, Registry } from 'prom-client';
import type { Authenticator } from './authenticator.ts';
import type { AuthCache } from './cache/auth-cache.ts';

/** The metrics of the shared cache. */
export function createSharedCacheMetrics(registry = new Registry()) {
  const sharedCacheRejected = new Counter({
    name: 'rekey_shared_cache_rejected_total',
    help: 'Entries of the shared cache that were rejected: too old for this replica, or not sealed with our key.',
    labelNames: ['reason'] as const,
    registers: [registry],
  });
  // An alert watches the increase. The first one must be an increase, too.
  for (const reason of ['stale', 'seal']) sharedCacheRejected.inc({ reason }, 0);
  return { sharedCacheRejected };
}

export type SharedCacheMetrics = ReturnType<typeof createSharedCacheMetrics>;

/** Exposes the counts of authentication. They are plain numbers, because counting must not slow down a cache hit. */
export function exposeAuthentication(
  registry: Registry,
  { cache, authenticator }: { cache: Pick<AuthCache, 'counts'>; authenticator: Pick<Authenticator, 'counts'> },
): void {
  const registers = [registry];
  new Counter({
    name: 'rekey_cache_lookups_total',
    help: 'Credential lookups by layer and outcome.',
    labelNames: ['layer', 'outcome'] as const,
    registers,
    collect() {
      const { memory, refused, shared, database, direct, unavailable } = cache.counts;
      this.reset();
      this.inc({ layer: 'memory', outcome: 'accepted' }, memory);
      this.inc({ layer: 'memory', outcome: 'refused' }, refused);
      this.inc({ layer: 'shared', outcome: 'hit' }, shared);
      this.inc({ layer: 'database', outcome: 'read' }, database);
      this.inc({ layer: 'direct', outcome: 'read' }, direct);
      this.inc({ layer: 'direct', outcome: 'unavailable' }, unavailable);
    },
  });
  new Counter({
    name: 'rekey_authentications_total',
    help: 'Presented credentials by kind and outcome.',
    labelNames: ['kind', 'outcome'] as const,
    registers,
    collect() {
      this.reset();
      for (const [kind, outcomes] of Object.entries(authenticator.counts)) {
        for (const [outcome, count] of Object.entries(outcomes)) this.inc({ kind, outcome }, count);
      }
    },
  });
}
