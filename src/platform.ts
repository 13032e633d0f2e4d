import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import type { Config } from './config.ts';
import { AuthCache } from './credentials/cache/auth-cache.ts';
import { EvictionSubscriber } from './credentials/cache/eviction-subscriber.ts';
import { connectSharedCache, type SharedCache } from './credentials/cache/shared-cache.ts';
import { createSharedCacheMetrics } from './credentials/metrics.ts';
import type { KeyManagement } from './crypto/key-management.ts';
import { createKeyring, type Keyring } from './crypto/keyring.ts';
import { createSealing } from './database/create-sealing.ts';
import { embeddedMasterKey } from './database/data-directory.ts';
import { type Connections, type Database, openDatabase } from './database/database.ts';
import { DatabaseHealth } from './database/health.ts';
import { exposePools } from './database/metrics.ts';
import { modelOf } from './database/orm.ts';
import type { SealedField } from './database/sealed-field.ts';
import type { Sealer } from './database/sealer.ts';
import type { Feature } from './feature.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { createLogger, type Logger } from './kernel/logger.ts';
import { Outage } from './kernel/outage.ts';
import { createTracing, type Tracing } from './kernel/tracing.ts';
import { createRedisClient, type RedisClient } from './redis/client.ts';
import { InvalidationFeed } from './revocation/feed.ts';
import { createRevocationMetrics, exposeReplica } from './revocation/metrics.ts';
import { PropagationBarrier } from './revocation/propagation-barrier.ts';
import { queryTimeoutMs, Replica, removeFormerRegistrations } from './revocation/replica.ts';
import { workspaceTag } from './revocation/tags.ts';

/** Milliseconds between two looks for data keys that other replicas have made. */
const KEYS_EVERY_MS = 2000;

/** What tests and benchmarks replace. */
export interface PlatformOverrides {
  clock?: Clock;
  logger?: Logger;
  /** Keeps the embedded database in memory. */
  inMemory?: boolean;
  /** An embedded database to start from, as `dumpDataDir` wrote it. */
  embeddedTemplate?: Blob;
  /** Encryptions after which a data key gets a new version. */
  mostEncryptions?: number;
}

/** The background work of one part of the service. `app.ts` runs it. */
export interface Part {
  /** Housekeeping of every replica, once a minute. */
  readonly jobs?: Readonly<Record<string, () => Promise<unknown>>>;
  /** Work that is repeated at other intervals. */
  readonly timers?: readonly { name: string; everyMs: number; work: () => Promise<unknown> }[];
  /** Loads what the first request needs. Called when the schema is up to date and this replica holds a lease. */
  start?(): Promise<void>;
  /** Ends what would not end by itself. Called when this replica accepts no further connections. */
  drain?(): void;
  /** Writes to the database what is only in memory. Called after the last response. */
  stop?(): Promise<void>;
}

/** What every feature receives. */
export interface Platform {
  readonly logger: Logger;
  /** Of the database. */
  readonly outage: Outage;
  /** Of Redis. */
  readonly redisOutage: Outage;
  /** Null if the process was started without an SDK of OpenTelemetry. */
  readonly tracing: Tracing | null;
  /** This machine's time. */
  readonly clock: Clock;
  /** Database time, and the monotonic clock of this process for durations. */
  readonly databaseClock: Clock;
  readonly registry: Registry;
  readonly keyring: Keyring;
  readonly keyManagement: KeyManagement;
  /** Seals and opens the values of sealed fields. */
  readonly sealer: Sealer;
  readonly sealedFields: readonly SealedField[];
  readonly database: Database;
  /** The sizes of its pools. The embedded database has none, and takes as many requests at once. */
  readonly connections: Connections;
  readonly health: DatabaseHealth;
  /** Null if no Redis is configured. */
  readonly redis: RedisClient | null;
  readonly replica: Replica;
  readonly feed: InvalidationFeed;
  readonly barrier: PropagationBarrier;
  readonly shared: SharedCache | null;
  readonly cache: AuthCache;
  /** Checks the connections and the master keys. Must be called before anything is written; see `requireMasterKeys`. */
  requireMasterKeys(): Promise<void>;
  /** Brings the schema up to date, and seals what an earlier version has written. */
  migrate(): Promise<void>;
}

type PlatformConfig = Pick<
  Config,
  | 'logLevel'
  | 'databaseUrl'
  | 'databaseDirectUrl'
  | 'changeConnections'
  | 'revocationConnections'
  | 'readConnections'
  | 'nonceConnections'
  | 'dataDirectory'
  | 'redisUrl'
  | 'masterKey'
  | 'retiredMasterKeys'
  | 'leaseMs'
  | 'cacheSeconds'
  | 'cacheEntries'
>;

/** The base of one replica: its database, its view of the invalidation log, and its caches. */
export async function createPlatform(
  config: PlatformConfig,
  features: readonly Feature[],
  overrides: PlatformOverrides,
): Promise<{ platform: Platform; part: Part }> {
  const clock = overrides.clock ?? systemClock;
  const logger = overrides.logger ?? createLogger({ level: config.logLevel });
  const common = { logger, clock };
  const outage = new Outage({ ...common, began: 'PostgreSQL does not answer', over: 'PostgreSQL answers again' });
  const redisOutage = new Outage({
    ...common,
    began: 'Redis does not respond; continuing without it',
    over: 'Redis responds again',
    ...(config.redisUrl ? { fields: { redis: new URL(config.redisUrl).host } } : {}), // The rest may hold a password.
  });
  const tracing = createTracing();
  const inSpan = tracing?.inSpan;
  const registry = new Registry();
  const dataDirectory = config.databaseUrl || overrides.inMemory ? null : config.dataDirectory;
  const keyring = createKeyring(config.masterKey ?? embeddedMasterKey(dataDirectory), config.retiredMasterKeys);
  const longestEntryMs = config.cacheSeconds * 1000;
  const sealedFields = features.flatMap((feature) => feature.sealedFields ?? []);
  const sealing = createSealing({
    fields: sealedFields,
    properties: features.flatMap((feature) => feature.sealedProperties ?? []),
    keyring,
    reads: () => database.reads,
    monotonic: () => clock.monotonic(),
    mostEncryptions: overrides.mostEncryptions,
  });
  const { sealer, keyManagement } = sealing;

  // The cache needs the database, and the subscriber of the database evicts from the cache. So the database is created
  // first, and the subscriber uses constants that are assigned later.
  const connections: Connections = {
    changes: config.changeConnections,
    revocations: config.revocationConnections,
    reads: config.readConnections,
    nonces: config.nonceConnections,
  };
  const database = await openDatabase({
    url: config.databaseUrl,
    directUrl: config.databaseDirectUrl,
    connections,
    dataDirectory,
    embeddedTemplate: overrides.embeddedTemplate,
    syncTimeoutMs: queryTimeoutMs(config.leaseMs),
    onEmbeddedMigrated: (sql) => removeFormerRegistrations(sql),
    logger,
    inSpan,
    model: modelOf(features),
    subscribers: [
      sealing.subscriber,
      new EvictionSubscriber({
        rules: features.flatMap((feature) => feature.evictions ?? []),
        evict: (fingerprints) => cache.evict(fingerprints),
        committed: () => replica.requestSync(),
        logger,
      }),
    ],
  });
  const feed = new InvalidationFeed(logger);
  const deleted = workspaceTag('');
  feed.listen({
    invalidated: (tag) => tag.startsWith(deleted) && sealer.keys.forget(tag.slice(deleted.length)),
    everything: () => sealer.keys.forgetWorkspaces(),
  });
  const metrics = createRevocationMetrics(registry);
  const replica = new Replica({
    sql: database.sync,
    notifications: database.notifications,
    clock,
    logger,
    outage,
    metrics,
    newReplicaId: randomUUID,
    feed,
    leaseMs: config.leaseMs,
    longestEntryMs,
  });
  const barrier = new PropagationBarrier({
    replica,
    sql: database.propagation,
    spare: database.spare,
    housekeeping: database.reads,
    clock,
    logger,
    outage,
    metrics,
    inSpan,
  });
  const databaseClock: Clock = { now: () => new Date(replica.databaseNow()), monotonic: () => clock.monotonic() };
  const redis = config.redisUrl ? createRedisClient(config.redisUrl, redisOutage, inSpan) : null;
  const sharedMetrics = createSharedCacheMetrics(registry);
  const shared =
    redis && connectSharedCache({ redis, keyring, clock, logger, outage: redisOutage, metrics: sharedMetrics });
  const cache = new AuthCache({ replica, shared, logger, longestEntryMs, entries: config.cacheEntries });
  const health = new DatabaseHealth(database.reads, () => clock.monotonic());
  exposePools(registry, () => database.pools());
  exposeReplica(registry, replica, () => health.answers());

  const platform: Platform = {
    logger,
    outage,
    redisOutage,
    tracing,
    clock,
    databaseClock,
    registry,
    keyring,
    keyManagement,
    sealer,
    sealedFields,
    database,
    connections,
    health,
    redis,
    replica,
    feed,
    barrier,
    shared,
    cache,
    async requireMasterKeys() {
      await database.checkConnections();
      await sealing.requireMasterKeys(database);
    },
    migrate: () => sealing.migrate(database),
  };
  const part: Part = {
    jobs: { 'purging the invalidation log': () => barrier.purge() },
    timers: [{ name: 'looking for new data keys', everyMs: KEYS_EVERY_MS, work: () => sealer.keys.refresh() }],
    async start() {
      await sealer.keys.start();
      await replica.start();
    },
    async stop() {
      barrier.stop();
      await sealer.keys.count().catch((error) => logger.warn({ err: error }, 'counting encryptions failed'));
      await replica.stop().catch((error) => logger.warn({ err: error }, 'deregistering this replica failed'));
      redis?.destroy();
      await database.close();
    },
  };
  return { platform, part };
}
