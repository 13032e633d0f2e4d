// A real replica on an invalidation log that the test writes itself, with a clock that the test sets.

import { createSharedCacheMetrics } from '../../../src/credentials/metrics.ts';
import type { Sql } from '../../../src/database/sql.ts';
import { InvalidationFeed } from '../../../src/revocation/feed.ts';
import { createRevocationMetrics } from '../../../src/revocation/metrics.ts';
import { Replica } from '../../../src/revocation/replica.ts';
import type { SyncRow } from '../../../src/revocation/statements.ts';
import { silentLogger } from '../../support/loggers.ts';

/** Time stands still unless a test moves it, so the lease expires only when a test says so. */
const LEASE_MS = 2000;

export type ReplicaOnLog = Awaited<ReturnType<typeof startReplicaOnLog>>;

export async function startReplicaOnLog({ at = 0, feed = new InvalidationFeed(silentLogger) } = {}) {
  let time = 1_800_000_000_000;
  let databaseBehindMs = 0;
  let reachable = true;
  const log: [seq: number, tag: string][] = [];
  const end = () => at + log.length;
  const clock = { now: () => new Date(time), monotonic: () => time };

  const sql: Sql = {
    async query<Row>({ name }: { name: string }, values: readonly unknown[] = []) {
      if (!reachable) throw new Error('The database is unreachable.');
      if (name !== 'replica-sync') return [];
      const applied = values[1] as number;
      const news = log.filter(([seq]) => applied >= 0 && seq > applied);
      const row: SyncRow = {
        seq: end(),
        registered: true,
        suspect: false,
        acknowledged: end(),
        inRecovery: false,
        longestLeaseMs: LEASE_MS,
        shortestLeaseMs: LEASE_MS,
        replicas: 1,
        identity: 'the server',
        confirmedIdentity: 'the server',
        now: time - databaseBehindMs,
        log: news.length > 0 ? JSON.stringify(news.map((each) => [...each, null])) : null,
      };
      return [row] as Row[];
    },
  };
  let replicas = 0;
  const replica = new Replica({
    feed,
    sql,
    notifications: { listen: async () => undefined, close: async () => undefined },
    clock,
    logger: silentLogger,
    metrics: createRevocationMetrics(),
    newReplicaId: () => `replica-${++replicas}`,
    leaseMs: LEASE_MS,
    longestEntryMs: 600_000,
  });
  await replica.sync();

  return {
    replica,
    clock,
    metrics: createSharedCacheMetrics(),
    now: () => time,
    /** The end of the log, as a snapshot of this moment would show it. */
    end,
    /** Another client commits an invalidation of this subject. The replica has not applied it yet. */
    commit: (tag: string) => void log.push([end() + 1, tag]),
    sync: () => replica.sync(),
    /** Time passes, and the lease is renewed. */
    async pass(milliseconds: number) {
      time += milliseconds;
      await replica.sync();
    },
    /** The clock of the database is set back, and the replica notices. */
    async setDatabaseBack(milliseconds: number) {
      databaseBehindMs = milliseconds;
      await replica.sync();
    },
    /** Time passes, and the database does not answer. */
    loseLease() {
      reachable = false;
      time += LEASE_MS;
    },
    async regainLease() {
      reachable = true;
      await replica.sync();
    },
  };
}
