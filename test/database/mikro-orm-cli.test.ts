// `npx mikro-orm` works on the database that the service uses.
import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { runProgram } from '../support/command.ts';
import { MASTER_KEY } from '../support/constants.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { emptyDirectory } from '../support/server-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TEST_MS = 180_000;

/** Lists the applied migrations, in a folder with the package and this `.env`. */
function listMigrations(folder: string, dotEnv: string) {
  for (const name of ['package.json', 'mikro-orm.config.ts']) copyFileSync(join(ROOT, name), join(folder, name));
  for (const name of ['src', 'schema', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name));
  writeFileSync(join(folder, '.env'), dotEnv);
  return runProgram('npx', ['mikro-orm', 'migration:list'], { directory: folder });
}

test.skipIf(inject('postgresUrl') === null)(
  'it reads `.env`, and the file that DATABASE_URL_FILE names',
  {
    timeout: TEST_MS,
  },
  async () => {
    const folder = emptyDirectory();
    writeFileSync(join(folder, 'url'), `${await migratedDatabase()}\n`);
    const dotEnv = `DATABASE_URL_FILE=${join(folder, 'url')}\nREKEY_MASTER_KEY=${MASTER_KEY}\n`;
    const { code, stdout, stderr } = await listMigrations(folder, dotEnv);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('20261122000000-initial');
  },
);

test('without DATABASE_URL, it says what is missing', { timeout: TEST_MS }, async () => {
  const { code, stdout, stderr } = await listMigrations(emptyDirectory(), '');
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain('DATABASE_URL is not set. The MikroORM CLI does not open the embedded database.');
});
