// One replica of the protocol alone: no HTTP, no cache.
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../src/kernel/clock.ts';
import { InvalidationFeed } from '../../../src/revocation/feed.ts';
import { createRevocationMetrics } from '../../../src/revocation/metrics.ts';
import { PropagationBarrier } from '../../../src/revocation/propagation-barrier.ts';
import { Replica } from '../../../src/revocation/replica.ts';
import { silentLogger, silentOutage } from '../../support/loggers.ts';
import type { TestDatabase } from './databases.ts';

export interface Member {
  id: string;
  replica: Replica;
  barrier: PropagationBarrier;
  stop(): Promise<void>;
}

export async function join(
  { sync, propagation, reads, notifications }: TestDatabase,
  { leaseMs = 200, start = true, clock = systemClock } = {},
): Promise<Member> {
  const ids: string[] = [];
  const newReplicaId = () => {
    ids.push(randomUUID());
    return ids.at(-1)!;
  };
  const common = { clock, logger: silentLogger, outage: silentOutage, metrics: createRevocationMetrics() };
  const replica = new Replica({
    ...common,
    feed: new InvalidationFeed(silentLogger),
    sql: sync,
    notifications,
    newReplicaId,
    leaseMs,
    longestEntryMs: 600_000,
  });
  const barrier = new PropagationBarrier({ ...common, sql: propagation, spare: reads, housekeeping: reads, replica });
  if (start) await replica.start();
  else await replica.sync();
  return {
    replica,
    barrier,
    get id() {
      return ids.at(-1)!;
    },
    async stop() {
      barrier.stop();
      await replica.stop();
    },
  };
}
