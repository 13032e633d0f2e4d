import { inject } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { modelOf } from '../../src/database/orm.ts';
import { features } from '../../src/features.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { type Databases, databasesAt } from './postgres.ts';

const TEMPLATE = 'rekey_template';

/** Creates a migrated database on this server for `migratedDatabase` to copy. */
export async function createPostgresTemplate(server: Databases): Promise<void> {
  const database = await openDatabase({
    url: await server.createDatabase(TEMPLATE),
    dataDirectory: null,
    syncTimeoutMs: 1000,
    logger: createLogger({ level: 'silent' }),
    model: modelOf(features),
    subscribers: [],
  });
  try {
    await database.migrate();
  } finally {
    await database.close();
  }
}

/** Creates a migrated database on the shared server and returns its URL. For an empty one see `databasesAt`. */
export async function migratedDatabase(): Promise<string> {
  const server = databasesAt(inject('postgresUrl') as string);
  const url = await server.createDatabase(undefined, TEMPLATE);
  // The state after a migration: the database was always a primary. A copy would first have to wait for a lease.
  await server.query('update auth_primary set identity = auth_server_identity()', [], new URL(url).pathname.slice(1));
  return url;
}
