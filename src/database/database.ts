import { mkdirSync } from 'node:fs';
import type { EventSubscriber } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Logger } from '../kernel/logger.ts';
import { ADVISORY_LOCKS } from './advisory-lock.ts';
import { DedicatedSql, PooledSql } from './connections.ts';
import { databaseIn, lockDataDirectory } from './data-directory.ts';
import { EmbeddedNotificationListener, EmbeddedSql, embeddedExtensions } from './embedded.ts';
import { PostgresNotificationListener } from './notification-listener.ts';
import { MIGRATION_TABLE, type Model, ormOptions } from './orm.ts';
import { watchPool } from './pool-repair.ts';
import { addressIn, connectionTo, sessionSettings } from './session-settings.ts';
import type { NotificationListener, Sql } from './sql.ts';

export interface DatabaseOptions {
  /** PostgreSQL; null for the embedded database. */
  url: string | null;
  /** The directory of the embedded database; null keeps it in memory. */
  dataDirectory: string | null;
  /** An embedded database to start from, as `dumpDataDir` wrote it. */
  embeddedTemplate?: Blob;
  /** How long a statement on the connections for syncs and for propagation may take, in milliseconds. */
  syncTimeoutMs: number;
  logger: Logger;
  /** What the features add to the database. */
  model: Model;
  /** Called after each migration of the embedded database, which belongs to this process alone. */
  onEmbeddedMigrated?: (sql: Sql) => Promise<void>;
  subscribers: EventSubscriber[];
}

/** All connections of this process to its database. */
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
  readonly notifications: NotificationListener;
  /** A fresh EntityManager. */
  fork(): EntityManager;
  /** Rejects if a migration is missing, and changes nothing. For commands that must not change the schema. */
  requireCurrentSchema(): Promise<void>;
  /** A fresh EntityManager on the connections that are reserved for revocations. The embedded database has only one. */
  forkReserved(): EntityManager;
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
/** Connections for nonces. PostgreSQL writes the commits of several connections to the disk together. */
const NONCE_CONNECTIONS = 4;
/** Connections for queries and for changes. */
const CONNECTIONS = 10;
/** Connections that are reserved for revocations. Queries and other changes cannot use them up. */
export const RESERVED_CONNECTIONS = 4;
/** Concurrent changes, without revocations: fewer than there are connections, because queries need some, too. */
export const CHANGES_AT_ONCE = 8;
/** The server cancels a statement that takes longer: waits for a lock of another session must not use up the pool. */
const STATEMENT_TIMEOUT_MS = 4000;
/**
 * The timeout of the client. A server that can be reached has answered by then. Also the longest wait for a connection.
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
  { syncTimeoutMs, logger, model, subscribers }: DatabaseOptions,
): Promise<Database> {
  const { MikroORM } = await import('@mikro-orm/postgresql');
  const log = (message: string) => logger.debug(message);
  const options = {
    ...ormOptions(model, { subscribers, log }),
    clientUrl: addressIn(url),
    // The ORM reads only host, name and password from the URL. The driver gets the rest from here.
    driverOptions: {
      ...connectionTo(url, {
        applicationName: 'rekey',
        statementMs: STATEMENT_TIMEOUT_MS,
        lockMs: STATEMENT_TIMEOUT_MS, // Also limits the waits of a COMMIT, where the timeout above does not apply.
        idleInTransactionMs: IDLE_TRANSACTION_MS,
      }),
      connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      onPoolCreated: watchPool,
    },
  };
  const orm = await MikroORM.init({ ...options, pool: { min: 0, max: CONNECTIONS } });
  const reserved = await MikroORM.init({ ...options, pool: { min: 0, max: RESERVED_CONNECTIONS } });
  const reads = new PooledSql(url, { size: 8, timeoutMs: READ_TIMEOUT_MS, logger });
  const nonces = new PooledSql(url, { size: NONCE_CONNECTIONS, timeoutMs: READ_TIMEOUT_MS, logger });
  const sync = new DedicatedSql(url, { purpose: 'sync', timeoutMs: syncTimeoutMs, logger });
  const propagation = new DedicatedSql(url, { purpose: 'propagation', timeoutMs: syncTimeoutMs, logger });
  return {
    reads,
    nonces,
    sync,
    propagation,
    notifications: new PostgresNotificationListener(url, CHANNEL, logger),
    fork: () => orm.em.fork(),
    requireCurrentSchema: () => requireCurrentSchema(reads, model),
    forkReserved: () => reserved.em.fork(),
    async migrate(after) {
      // Several replicas may start at once: one migrates, the others wait and then find no missing migration.
      const lock = new DedicatedSql(url, { purpose: 'migrate', timeoutMs: 120_000, logger });
      // Not on the pool of the requests, because a migration may take long. It needs no entities.
      const migrating = await MikroORM.init({
        ...ormOptions(model, { log }),
        entities: [],
        discovery: { warnWhenNoEntities: false },
        clientUrl: addressIn(url),
        driverOptions: connectionTo(url, { applicationName: 'rekey-migrate' }),
      });
      try {
        await lock.query({ name: 'migration-lock', text: `select pg_advisory_lock(${ADVISORY_LOCKS.migration})` });
        await migrating.migrator.up();
        await after?.(migrating.em.fork());
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
  const sql = new EmbeddedSql(pglite);
  const reads = new EmbeddedSql(pglite, READ_TIMEOUT_MS);
  return {
    reads,
    nonces: reads,
    sync: sql,
    propagation: sql,
    notifications: new EmbeddedNotificationListener(pglite, CHANNEL),
    fork: () => orm.em.fork(),
    requireCurrentSchema: () => requireCurrentSchema(reads, model),
    forkReserved: () => orm.em.fork(),
    async migrate(after) {
      await orm.migrator.up();
      await after?.(orm.em.fork());
      // The directory is locked: no other process uses this database.
      await onEmbeddedMigrated?.(sql);
    },
    async close() {
      await orm.close();
      unlock?.();
    },
  };
}

async function requireCurrentSchema(sql: Sql, { migrations }: Model): Promise<void> {
  const [table] = await sql.query<{ exists: boolean }>({
    name: 'schema-exists',
    text: `select to_regclass('${MIGRATION_TABLE}') is not null as exists`,
  });
  const done = table?.exists
    ? await sql.query<{ name: string }>({ name: 'schema-migrations', text: `select name from ${MIGRATION_TABLE}` })
    : [];
  const missing = migrations.filter(({ name }) => !done.some((each) => each.name === name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new Error(
    `The database schema is not up to date. Missing migrations: ${names}. Run \`rekey migrate\`, or start the service.`,
  );
}
