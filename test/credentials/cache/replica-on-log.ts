// A real replica on an invalidation log that the test writes itself, with a clock that the test sets.

import { createSharedCacheMetrics } from '../../../src/credentials/metrics.ts';
import type { Sql } from '../../../src/database/sql.ts';
import { InvalidationFeed } from '../../../src/revocation/feed.ts';
import { createRevocationMetrics } from '../../../src/revocation/metrics.ts';
import { Replica } from '../../../src/revocation/replica.ts';
import type { LogRowJson, RevocationSubject } from '../../../src/revocation/revocation-event.ts';
import type { SyncRow } from '../../../src/revocation/statements.ts';
import { silentLogger, silentOutage } from '../../support/loggers.ts';

/** Time stands still unless a test moves it, so the lease expires only when a test says so. */
const LEASE_MS = 2000;

/** What a row says about its event. */
export interface EventOfRow {
  kind: RevocationSubject;
  id: string;
  effect?: 'ENDED' | 'NARROWED';
  reason?: string;
  userId?: string;
  workspaceId?: string;
  daemonId?: string;
  members?: string[];
}

function rowOf(sequence: number, tag: string, atMs: number, event: EventOfRow | null): LogRowJson {
  if (!event) return [sequence, tag, null, '', 'ENDED', '', null, null, null, null, atMs];
  const { kind, id, effect = 'ENDED', reason = 'UNSPECIFIED', userId, workspaceId, daemonId, members } = event;
  const owner = [userId ?? null, workspaceId ?? null, daemonId ?? null, members ?? null] as const;
  return [sequence, tag, kind, id, effect, reason, ...owner, atMs];
}

export type ReplicaOnLog = Awaited<ReturnType<typeof startReplicaOnLog>>;

export async function startReplicaOnLog({ at = 0, feed = new InvalidationFeed(silentLogger) } = {}) {
  let time = 1_800_000_000_000;
  let databaseBehindMs = 0;
  let reachable = true;
  let registered = true;
  const log: LogRowJson[] = [];
  const end = () => at + log.length;
  const clock = { now: () => new Date(time), monotonic: () => time };

  const sql: Sql = {
    async query<Row>({ name }: { name: string }, values: readonly unknown[] = []) {
      if (!reachable) throw new Error('The database is unreachable.');
      if (name === 'replica-register') registered = true;
      if (name !== 'replica-sync') return [];
      const applied = values[1] as number;
      const news = log.filter(([seq]) => applied >= 0 && seq > applied);
      const row: SyncRow = {
        seq: end(),
        registered,
        suspect: false,
        acknowledged: end(),
        inRecovery: false,
        longestLeaseMs: LEASE_MS,
        shortestLeaseMs: LEASE_MS,
        replicas: 1,
        identity: 'the server',
        confirmedIdentity: 'the server',
        now: time - databaseBehindMs,
        log: news.length > 0 ? JSON.stringify(news) : null,
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
    outage: silentOutage,
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
    commit: (tag: string, event: EventOfRow | null = null) => void log.push(rowOf(end() + 1, tag, time, event)),
    /** Every row of the log. */
    log: log as readonly LogRowJson[],
    /** Another replica removes the registration of this one. At its next sync, it starts cold. */
    expel() {
      registered = false;
    },
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
