import type { ServerResponse } from 'node:http';
import type { SharedCacheState } from '../credentials/cache/shared-cache.ts';
import { respondJson } from './respond.ts';

/** What a replica depends on, asked at each request. */
export interface Readiness {
  /** What keeps the database from reading or writing; null where nothing does. */
  database: () => Promise<string | null>;
  leaseHeld: () => boolean;
  /** Null where there is none. */
  sharedCache: (() => Promise<SharedCacheState>) | null;
}

const SHARED_CACHE: Record<SharedCacheState, string> = {
  ok: 'ok',
  'read-only': 'rejects writes: more requests read the database',
  unreachable: 'unreachable: continuing without it',
};

/**
 * 503 names what is missing. Only the database is needed, for reads and for writes: without a lease every request asks it,
 * and without the shared cache it is asked more often. A 503 here takes the replica out of the load balancer, so it must
 * mean just that.
 */
export function createReadiness({ database, leaseHeld, sharedCache }: Readiness) {
  return async (response: ServerResponse): Promise<void> => {
    const [problem, cacheState] = await Promise.all([database(), sharedCache?.()]);
    respondJson(response, problem === null ? 200 : 503, {
      status: problem === null ? 'ready' : 'not ready',
      database: problem ?? 'ok',
      lease: leaseHeld() ? 'held' : problem === null ? 'lost: every request reads the database' : 'lost',
      sharedCache: cacheState ? SHARED_CACHE[cacheState] : 'off',
    });
  };
}
