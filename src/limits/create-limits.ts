import { CHANGES_AT_ONCE, RESERVED_CONNECTIONS } from '../database/database.ts';
import type { ValuesOf } from '../kernel/variable.ts';
import type { Part, Platform } from '../platform.ts';
import type { limits as feature } from './limits.feature.ts';
import { Limits, type LimitsOptions, type RejectedCall } from './limits.ts';
import { createLimitMetrics, exposeTurns } from './metrics.ts';
import { Turns } from './turns.ts';

/** How long a mutation waits for its turn. */
const LONGEST_WAIT_MS = 2000;

/** The rate limits of this replica, and the turns of those who change something. */
export function createLimits(
  { redis, database, sealer, clock, redisOutage, replica, registry }: Platform,
  rates: ValuesOf<typeof feature.variables>,
  { accountOf, exceeded: note }: Pick<LimitsOptions, 'accountOf'> & { exceeded: (call: RejectedCall) => void },
): Part & { limits: Limits; turns: Turns } {
  const metrics = createLimitMetrics(registry);
  const exceeded = (call: RejectedCall) => {
    metrics.exceeded.inc({ limit: call.limit });
    note(call);
  };
  const limits = new Limits({
    redis,
    sql: database.reads,
    clock,
    outage: redisOutage,
    replicas: () => replica.registeredReplicas,
    accountOf,
    hide: (key) => sealer.index({ table: 'auth_limits', column: 'key' }, key).toString('base64url'),
    exceeded,
    laneIsFull: () => metrics.exceeded.inc({ limit: 'limited-lookups' }),
    ...rates,
  });
  const turns = new Turns({
    changesAtOnce: CHANGES_AT_ONCE,
    revocationsAtOnce: RESERVED_CONNECTIONS,
    longestWaitMs: LONGEST_WAIT_MS,
    limited: () => metrics.exceeded.inc({ limit: 'turns' }),
  });
  exposeTurns(registry, turns);
  return { limits, turns, jobs: { 'purging the limits': () => limits.purge() }, stop: () => limits.close() };
}
