import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, openAsBlob, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { MikroORM } from '@mikro-orm/pglite';
import { inject } from 'vitest';
import { databaseIn } from '../../src/database/data-directory.ts';
import { embeddedExtensions } from '../../src/database/embedded.ts';
import { modelOf, ormOptions } from '../../src/database/orm.ts';
import { features } from '../../src/features.ts';
import { emptyDirectory } from './server-process.ts';

const DUMP = 'database.tar';
/** Less to copy and to initialise at each start, which happens hundreds of times. Nothing else depends on it. */
const SMALL = { postgresqlconf: ['shared_buffers = 4MB'], initDbStartParams: ['--wal-segsize=1'] };
const DROP_OTHER_DATABASES = [
  'update pg_database set datistemplate = false',
  'drop database template0',
  'drop database template1',
];

/** Makes a migrated embedded database in this directory. Takes seconds, so global-setup.ts does it once for the whole run. */
export async function writeEmbeddedTemplate(directory: string): Promise<void> {
  const extensions = await embeddedExtensions();
  const orm = await MikroORM.init({
    ...ormOptions(modelOf(features)),
    dbName: databaseIn(directory),
    driverOptions: () => ({ ...SMALL, extensions }),
  });
  try {
    await orm.migrator.up();
    const pglite = await orm.em.getConnection().getNativeClient();
    for (const statement of DROP_OTHER_DATABASES) await pglite.exec(statement);
    const dump = await pglite.dumpDataDir('none');
    await writeFile(join(directory, DUMP), dump.stream());
  } finally {
    await orm.close();
  }
}

/** A migrated embedded database to start from. A copy is several times faster than a new migration. */
export function embeddedTemplate(): Promise<Blob> {
  return openAsBlob(join(inject('embeddedTemplate'), DUMP));
}

/** A working directory whose `.rekey` has a migrated database and its master key. It is removed after the test. */
export function migratedDirectory(): string {
  const directory = emptyDirectory();
  fillDirectory(directory);
  return directory;
}

/** Puts a migrated database and its master key into `.rekey` of this working directory. */
export function fillDirectory(directory: string): void {
  const data = join(directory, '.rekey');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(data, 'master.key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  cpSync(databaseIn(inject('embeddedTemplate')), databaseIn(data), { recursive: true });
}

/** The same without the record of its last migration, as before a release with one more. */
export async function olderDirectory(): Promise<string> {
  const directory = migratedDirectory();
  await inDatabase(directory, 'delete from rekey_migrations where id = (select max(id) from rekey_migrations)');
  return directory;
}

/** The migrations that have run on the embedded database in `.rekey` of this directory. */
export async function migrationsOf(directory: string): Promise<string[]> {
  return (await inDatabase(directory, 'select name from rekey_migrations order by id')).map(({ name }) => name);
}

async function inDatabase(directory: string, statement: string): Promise<{ name: string }[]> {
  const database = await PGlite.create({
    dataDir: databaseIn(join(directory, '.rekey')),
    extensions: await embeddedExtensions(),
  });
  try {
    return (await database.query<{ name: string }>(statement)).rows;
  } finally {
    await database.close();
  }
}
