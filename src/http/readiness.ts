import type { ServerResponse } from 'node:http';
import { respondJson } from './respond.ts';

/** What a replica depends on, asked afresh. */
export interface Readiness {
  database: () => Promise<boolean>;
  leaseHeld: () => boolean;
  /** Null where there is none. */
  sharedCache: (() => Promise<boolean>) | null;
}

/**
 * 503 names what is missing. Only the database is needed: without a lease every request asks it, and without the
 * shared cache it is asked more often. A 503 here takes the replica out of the load balancer, so it must mean just that.
 */
export function createReadiness({ database, leaseHeld, sharedCache }: Readiness) {
  return async (response: ServerResponse): Promise<void> => {
    const [databaseAnswers, cacheAnswers] = await Promise.all([database(), sharedCache?.()]);
    respondJson(response, databaseAnswers ? 200 : 503, {
      status: databaseAnswers ? 'ready' : 'not ready',
      database: databaseAnswers ? 'ok' : 'out of reach',
      lease: leaseHeld() ? 'held' : databaseAnswers ? 'lost: every request asks the database' : 'lost',
      sharedCache: sharedCache ? (cacheAnswers ? 'ok' : 'out of reach: going on without it') : 'off',
    });
  };
}
