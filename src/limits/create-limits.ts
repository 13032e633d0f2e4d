import { changesAtOnce } from '../database/database.ts';
import type { ValuesOf } from '../kernel/variable.ts';
import type { Part, Platform } from '../platform.ts';
import type { limits as feature } from './limits.feature.ts';
import { Limits, type LimitsOptions } from './limits.ts';
import { Turns } from './turns.ts';

/** How long a mutation waits for its turn. */
const LONGEST_WAIT_MS = 2000;

/** The rate limits of this replica, and the turns of those who change something. */
export function createLimits(
  { redis, database, connections, sealer, clock, logger, replica }: Platform,
  rates: ValuesOf<typeof feature.variables>,
  { accountOf, exceeded }: Pick<LimitsOptions, 'accountOf' | 'exceeded'>,
): Part & { limits: Limits; turns: Turns } {
  const limits = new Limits({
    redis,
    sql: database.reads,
    clock,
    logger,
    replicas: () => replica.registeredReplicas,
    accountOf,
    hide: (key) => sealer.index({ table: 'auth_limits', column: 'key' }, key).toString('base64url'),
    exceeded,
    ...rates,
  });
  const turns = new Turns({
    changesAtOnce: changesAtOnce(connections.changes),
    revocationsAtOnce: connections.revocations,
    longestWaitMs: LONGEST_WAIT_MS,
  });
  return { limits, turns, jobs: { 'purging the limits': () => limits.purge() }, stop: () => limits.close() };
}
