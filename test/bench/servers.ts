// A PostgreSQL and a Redis for the benchmarks, if they are installed, and a database to copy: migrated, with an
// administrator.
import pg from 'pg';
import { findPostgres, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type Administrator, bootstrap, ENVIRONMENT, MASTER_KEY } from './client.ts';

export interface Servers {
  postgres: PostgresServer;
  redis: RedisServer;
  administrator: Administrator;
  /** Makes a copy of the database. Returns the environment of a replica on it. */
  database(name: string): Promise<{ DATABASE_URL: string } & Record<string, string>>;
  /** Runs statements that write very many rows, without their triggers and foreign keys, which would take too long. */
  fill(name: string, statements: readonly [sql: string, parameters?: unknown[]][]): Promise<void>;
  destroy(): Promise<void>;
}

/** Null if one of them is missing. */
export async function startServers(): Promise<Servers | null> {
  if (findPostgres() === null || findRedis() === null) return null;
  // The default size of PostgreSQL's cache: a million keys must be fast on a server with default settings.
  const postgres = await startPostgres({ settings: { shared_buffers: '128MB' } });
  const redis = await startRedis();
  const environment = { ...ENVIRONMENT, REKEY_MASTER_KEY: MASTER_KEY, REDIS_URL: redis.url };
  const DATABASE_URL = await postgres.createDatabase('prepared');
  const replica = await ServerProcess.replica({ ...environment, DATABASE_URL });
  const administrator = await bootstrap(replica.url);
  await replica.stop();
  return {
    postgres,
    redis,
    administrator,
    database: async (name) => {
      const url = await postgres.createDatabase(name, 'prepared');
      // A copy is another database, so its first revocation would wait for leases of an earlier server. There are none.
      await postgres.query('update auth_primary set identity = auth_server_identity()', [], name);
      return { ...environment, DATABASE_URL: url };
    },
    async fill(name, statements) {
      const sql = new pg.Client({ connectionString: postgres.url(name) });
      await sql.connect();
      try {
        await sql.query('set session_replication_role = replica');
        for (const [text, parameters] of statements) await sql.query(text, parameters);
      } finally {
        await sql.end();
      }
    },
    async destroy() {
      await Promise.all([postgres.destroy(), redis.destroy()]);
    },
  };
}
