import { mkdirSync } from 'node:fs';
import type { EventSubscriber } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type pg from 'pg';
import type { Logger } from '../kernel/logger.ts';
import { type InSpan, withoutSpans } from '../kernel/tracing.ts';
import { ADVISORY_LOCKS } from './advisory-lock.ts';
import { DedicatedSql, PooledSql, stateOfPool } from './connections.ts';
import { databaseIn, lockDataDirectory } from './data-directory.ts';
import { EmbeddedNotificationListener, EmbeddedSql, embeddedExtensions } from './embedded.ts';
import type { PoolState } from './metrics.ts';
import { PostgresNotificationListener } from './notification-listener.ts';
import { type Model, ormOptions } from './orm.ts';
import { watchPool } from './pool-repair.ts';
import { checkConnections } from './pooler-check.ts';
import { requireCurrentSchema, warnOfLaterSchema } from './schema-version.ts';
import { addressIn, connectionTo, pooledConnectionTo, sessionSettings } from './session-settings.ts';
import type { NotificationListener, Sql } from './sql.ts';
import { tracedSql, tracePglite, tracePool } from './traced.ts';
import { setByTransaction } from './transaction-settings.ts';

export interface DatabaseOptions {
  /** PostgreSQL, or a pooler in transaction mode; null for the embedded database. */
  url: string | null;
  /** The same database without the pooler; null if `url` is no pooler. */
  directUrl?: string | null;
  /** The sizes of the pools. */
  connections?: Connections;
  /** The directory of the embedded database; null keeps it in memory. */
  dataDirectory: string | null;
  /** An embedded database to start from, as `dumpDataDir` wrote it. */
  embeddedTemplate?: Blob;
  /** How long a statement on the connection for syncs may take, in milliseconds. */
  syncTimeoutMs: number;
  logger: Logger;
  /** What the features add to the database. */
  model: Model;
  /** Called after each migration of the embedded database, which belongs to this process alone. */
  onEmbeddedMigrated?: (sql: Sql) => Promise<void>;
  subscribers: EventSubscriber[];
  /** Runs each statement in a span. Left out if the process does not trace. */
  inSpan?: InSpan | undefined;
}

/** The most connections of each pool. A replica also has three of its own, always without a pooler. */
export interface Connections {
  /** For queries and changes. */
  readonly changes: number;
  /** Only for revocations. Queries and other changes cannot use them up. */
  readonly revocations: number;
  readonly reads: number;
  /** PostgreSQL writes the commits of several connections to the disk together. */
  readonly nonces: number;
}

/**
 * All connections of this process to its database.
 *
 * With a pooler, those that need a session or that carry the protocol between replicas go past it. The table in
 * `revocation/README.md` says why the promise holds with the others behind the pooler.
 */
export interface Database {
  /** Prepared statements outside of the unit of work, such as authentication reads. */
  readonly reads: Sql;
  /**
   * Connections for what single requests write: the nonces of signed requests, and the shares of rate limits. A flood of
   * them must not delay authentication reads.
   */
  readonly nonces: Sql;
  /** One connection, only for syncs. */
  readonly sync: Sql;
  /** One connection, only for the wait of revocations. */
  readonly propagation: Sql;
  /** For a first look of that wait that fails on `propagation`. Never behind a pooler. */
  readonly spare: Sql;
  readonly notifications: NotificationListener;
  /**
   * Also listens to another channel on the connection of `notifications`. Must be called before that one listens. The
   * embedded database has one process, which needs no notification.
   */
  listenTo(channel: string, onNotify: () => void): void;
  /** The pools of connections; none for the embedded database. */
  pools(): PoolState[];
  /**
   * Rejects if `url` is a pooler without a direct URL, or if the two lead to different databases. Call it before
   * anything is written.
   *
   * @throws ConfigError
   */
  checkConnections(): Promise<void>;
  /**
   * A fresh EntityManager. When `signal` is aborted, its statements fail, and no further one begins. A statement that runs
   * keeps its connection until the server has answered it.
   */
  fork(signal?: AbortSignal): EntityManager;
  /** The same on the connections that are reserved for revocations. The embedded database has only one. */
  forkReserved(signal?: AbortSignal): EntityManager;
  /** Rejects if a migration is missing, and changes nothing. For commands that must not change the schema. */
  requireCurrentSchema(): Promise<void>;
  /**
   * Brings the schema up to date, then runs `after` with the same rights. Safe when several replicas do so at once: one
   * does it, and the others wait.
   */
  migrate(after?: (em: EntityManager) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const CHANNEL = 'auth_inval';
/** An authentication read that takes longer than this in total fails: a 503 is better than a queue. */
const READ_TIMEOUT_MS = 1000;
const DEFAULT_CONNECTIONS: Connections = { changes: 10, revocations: 4, reads: 8, nonces: 4 };
/**
 * How many changes may run at once, without revocations: fewer than there are connections for them, because queries need
 * some, too.
 */
export const changesAtOnce = (connections: number) => Math.max(1, Math.floor(connections * 0.8));
/** The server cancels a statement that takes longer, which must not use up the pool. */
const STATEMENT_TIMEOUT_MS = 4000;
/**
 * The server cancels a wait for a lock of another session that takes longer, also that of a COMMIT, where the timeout above
 * does not apply. Shorter than a request may wait: so its transaction ends by the answer of the server, and its outcome
 * is known.
 */
const LOCK_TIMEOUT_MS = 2000;
/**
 * The timeout of the client. A server that can be reached has answered by then. Also the longest wait for a connection. A
 * request gives up earlier (`WaitingTime`), and the connection is kept or replaced without it.
 */
const ANSWER_TIMEOUT_MS = 5000;
/**
 * The server ends a transaction that is idle for longer. Otherwise a replica that stops in a transaction would keep its
 * locks, and the revocation of its caller waits for them.
 */
const IDLE_TRANSACTION_MS = 2000;

/** Opens the configured database. The rest of the service does not depend on which one it is. */
export function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.url === null ? openEmbedded(options) : openPostgres(options.url, options);
}

async function openPostgres(
  url: string,
  {
    directUrl = null,
    connections = DEFAULT_CONNECTIONS,
    syncTimeoutMs,
    logger,
    model,
    subscribers,
    inSpan,
  }: DatabaseOptions,
): Promise<Database> {
  const { MikroORM } = await import('@mikro-orm/postgresql');
  const log = (message: string) => logger.debug(message);
  const behindPooler = directUrl !== null;
  const direct = directUrl ?? url;
  const timeouts = {
    statementMs: STATEMENT_TIMEOUT_MS,
    lockMs: LOCK_TIMEOUT_MS,
    idleInTransactionMs: IDLE_TRANSACTION_MS,
  };
  const options = {
    ...ormOptions(model, { subscribers, log }),
    clientUrl: addressIn(url),
    // The ORM reads only host, name and password from the URL. The driver gets the rest from here.
    driverOptions: {
      ...(behindPooler ? pooledConnectionTo : connectionTo)(url, { applicationName: 'rekey', ...timeouts }),
      connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
    },
  };
  /** The pools of the unit of work, which are made at the first connection. */
  const pools = new Map<string, pg.Pool>();
  const initOrm = (name: string, max: number) => {
    const onPoolCreated = (pool: pg.Pool) => {
      pools.set(name, pool);
      watchPool(pool);
      if (behindPooler) setByTransaction(pool, timeouts);
      if (inSpan) tracePool(pool, inSpan);
    };
    const driverOptions = { ...options.driverOptions, onPoolCreated };
    return MikroORM.init({ ...options, driverOptions, pool: { min: 0, max } });
  };
  const orm = await initOrm('changes', connections.changes);
  const reserved = await initOrm('revocations', connections.revocations);
  const pooled = { timeoutMs: READ_TIMEOUT_MS, logger, behindPooler };
  const reads = new PooledSql(url, { size: connections.reads, ...pooled });
  const nonces = new PooledSql(url, { size: connections.nonces, ...pooled });
  const sync = new DedicatedSql(direct, { purpose: 'sync', timeoutMs: syncTimeoutMs, logger });
  // A revocation without a lease waits for an answer: a database that is too slow for a lease must still give one.
  const lookTimeoutMs = Math.max(syncTimeoutMs, READ_TIMEOUT_MS);
  const propagation = new DedicatedSql(direct, { purpose: 'propagation', timeoutMs: lookTimeoutMs, logger });
  const notifications = new PostgresNotificationListener(direct, CHANNEL, logger);
  const traced = (sql: Sql) => (inSpan ? tracedSql(sql, inSpan) : sql);
  return {
    reads: traced(reads),
    nonces: traced(nonces),
    sync: traced(sync),
    propagation: traced(propagation),
    spare: traced(behindPooler ? sync : reads),
    notifications,
    listenTo: (channel, onNotify) => notifications.alsoOn(channel, onNotify),
    pools: () => [
      ...[reads.state('reads'), nonces.state('nonces')],
      ...[...pools].map(([name, pool]) => stateOfPool(name, pool)),
    ],
    checkConnections: () => checkConnections(url, directUrl),
    fork: (signal) => forkOf(orm.em, signal),
    requireCurrentSchema: () => requireCurrentSchema(reads, model),
    forkReserved: (signal) => forkOf(reserved.em, signal),
    async migrate(after) {
      // Several replicas may start at once: one migrates, the others wait and then find no missing migration.
      const lock = new DedicatedSql(direct, { purpose: 'migrate', timeoutMs: 120_000, logger });
      // Not on the pool of the requests, because a migration may take long. It needs no entities.
      const migrating = await MikroORM.init({
        ...ormOptions(model, { log }),
        entities: [],
        discovery: { warnWhenNoEntities: false },
        clientUrl: addressIn(direct),
        driverOptions: connectionTo(direct, { applicationName: 'rekey-migrate' }),
      });
      try {
        await lock.query({ name: 'migration-lock', text: `select pg_advisory_lock(${ADVISORY_LOCKS.migration})` });
        await migrating.migrator.up();
        await after?.(migrating.em.fork());
        await warnOfLaterSchema(lock, model, logger);
      } finally {
        await Promise.all([migrating.close(), lock.close()]); // Ends the session, which releases the lock.
      }
    },
    async close() {
      await Promise.all([reads.close(), nonces.close(), sync.close(), propagation.close()]);
      await Promise.all([orm.close(), reserved.close()]);
    },
  };
}

async function openEmbedded({
  dataDirectory,
  embeddedTemplate,
  logger,
  model,
  onEmbeddedMigrated,
  subscribers,
  inSpan = withoutSpans,
}: DatabaseOptions): Promise<Database> {
  const { MikroORM } = await import('@mikro-orm/pglite');
  const extensions = await embeddedExtensions();
  let unlock: (() => void) | null = null;
  if (dataDirectory) {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    unlock = lockDataDirectory(dataDirectory);
  }
  const orm = await MikroORM.init({
    ...ormOptions(model, { subscribers, log: (message) => logger.debug(message) }),
    dbName: dataDirectory ? databaseIn(dataDirectory) : 'memory://',
    // A function, because the ORM copies its options, and a copied Blob is unusable.
    driverOptions: () => ({ extensions, ...(embeddedTemplate ? { loadDataDir: embeddedTemplate } : {}) }),
  });
  const pglite = await orm.em.getConnection().getNativeClient();
  // The only session has already started, so its settings are set before the first query.
  await pglite.query('select set_config(name, value, false) from json_each_text($1::json) as setting (name, value)', [
    JSON.stringify(sessionSettings()),
  ]);
  // Its statements have names, so their spans are made where the names are known.
  const named = { query: pglite.query.bind(pglite) };
  const sql = tracedSql(new EmbeddedSql(named), inSpan);
  const reads = tracedSql(new EmbeddedSql(named, READ_TIMEOUT_MS), inSpan);
  if (inSpan !== withoutSpans) tracePglite(pglite, inSpan);
  return {
    reads,
    nonces: reads,
    sync: sql,
    propagation: sql,
    spare: reads,
    checkConnections: async () => undefined,
    notifications: new EmbeddedNotificationListener(pglite, CHANNEL),
    listenTo: () => undefined,
    pools: () => [],
    fork: (signal) => forkOf(orm.em, signal),
    requireCurrentSchema: () => requireCurrentSchema(reads, model),
    forkReserved: (signal) => forkOf(orm.em, signal),
    async migrate(after) {
      await orm.migrator.up();
      await after?.(orm.em.fork());
      await warnOfLaterSchema(sql, model, logger);
      // The directory is locked: no other process uses this database.
      await onEmbeddedMigrated?.(sql);
    },
    async close() {
      await orm.close();
      unlock?.();
    },
  };
}

function forkOf(em: EntityManager, signal: AbortSignal | undefined): EntityManager {
  return em.fork(signal ? { signal } : {});
}
