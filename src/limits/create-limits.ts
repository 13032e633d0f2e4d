import type { ValuesOf } from '../kernel/variable.ts';
import type { Part, Platform } from '../platform.ts';
import type { limits as feature } from './limits.feature.ts';
import { Limits } from './limits.ts';

/** The rate limits of this replica. */
export function createLimits(
  { redis, database, clock, logger, replica }: Platform,
  rates: ValuesOf<typeof feature.variables>,
  accountOf: (email: string) => string,
): Part & { limits: Limits } {
  const limits = new Limits({
    redis,
    sql: database.reads,
    clock,
    logger,
    replicas: () => replica.registeredReplicas,
    accountOf,
    ...rates,
  });
  return { limits, jobs: { 'purging the limits': () => limits.purge() }, stop: () => limits.close() };
}
