import type { ServerResponse } from 'node:http';
import type { SharedCacheState } from '../credentials/cache/shared-cache.ts';
import { respondJson } from './respond.ts';

/** What a replica depends on, checked at each request. */
export interface Readiness {
  /** Why the database cannot read or write; null if it can. */
  database: () => Promise<string | null>;
  leaseHeld: () => boolean;
  /** Null if there is none. */
  sharedCache: (() => Promise<SharedCacheState>) | null;
  /** Whether this replica is about to stop. */
  isStopping: () => boolean;
}

const SHARED_CACHE: Record<SharedCacheState, string> = {
  ok: 'ok',
  'read-only': 'rejects writes: more requests read the database',
  unreachable: 'unreachable: continuing without it',
};

/**
 * A 503 names the reason. Only the database is required, for reads and writes. Without a lease every request reads
 * it, and without the shared cache more requests do. A 503 removes the replica from the load balancer, so it is
 * sent for no other reason, and by a replica that stops.
 */
export function createReadiness({ database, leaseHeld, sharedCache, isStopping }: Readiness) {
  return async (response: ServerResponse): Promise<void> => {
    const [problem, cacheState] = await Promise.all([database(), sharedCache?.()]);
    const status = isStopping() ? 'stopping' : problem === null ? 'ready' : 'not ready';
    respondJson(response, status === 'ready' ? 200 : 503, {
      status,
      database: problem ?? 'ok',
      lease: leaseHeld() ? 'held' : problem === null ? 'lost: every request reads the database' : 'lost',
      sharedCache: cacheState ? SHARED_CACHE[cacheState] : 'off',
    });
  };
}
