import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { MikroORM } from '@mikro-orm/pglite';
import { inject } from 'vitest';
import { modelOf, ormOptions } from '../../src/database/orm.ts';
import { features } from '../../src/features.ts';

/** Writes a migrated embedded database into this file. Takes seconds, so global-setup.ts does it once for the whole run. */
export async function writeEmbeddedTemplate(file: string): Promise<void> {
  const orm = await MikroORM.init({ ...ormOptions(modelOf(features)), dbName: 'memory://' });
  try {
    await orm.migrator.up();
    const pglite = await orm.em.getConnection().getNativeClient();
    const dump = await pglite.dumpDataDir('none');
    await writeFile(file, dump.stream());
  } finally {
    await orm.close();
  }
}

/** A migrated embedded database to start from. A copy is several times faster than a new migration. */
export function embeddedTemplate(): Promise<Blob> {
  return openAsBlob(inject('embeddedTemplate'));
}
