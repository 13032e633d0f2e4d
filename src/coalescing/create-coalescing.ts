import type { Platform } from '../platform.ts';
import { BetweenReplicas } from './between-replicas.ts';
import { Coalescing } from './coalescing.ts';
import { ExecutionNames } from './execution-name.ts';
import { LatestPosition } from './latest-position.ts';
import { createCoalescingMetrics, noCounts } from './metrics.ts';

/** The executions that requests of this replica share, with each other and with other replicas. */
export function createCoalescing(platform: Platform): Coalescing {
  const { cache, feed, replica, redis, redisOutage: outage, keyring, database, clock, logger, registry } = platform;
  const counts = noCounts();
  return new Coalescing({
    cache,
    feed,
    position: new LatestPosition({ sql: database.reads, replica, logger }),
    names: new ExecutionNames(keyring),
    replicas: redis && new BetweenReplicas({ redis, keyring, clock, logger, outage, counts }),
    clock,
    counts,
    metrics: createCoalescingMetrics(registry, counts),
  });
}
