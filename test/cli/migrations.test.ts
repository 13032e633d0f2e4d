// Which CLI commands may change the schema, and which must not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { MASTER_KEY } from '../support/app.ts';
import { type Databases, databasesAt } from '../support/postgres.ts';
import { ENVIRONMENT, emptyDirectory, NODE } from '../support/server-process.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const TEST_MS = 180_000;

const rekey = (databaseUrl: string, ...argv: string[]) =>
  rekeyWith({ DATABASE_URL: databaseUrl, REKEY_MASTER_KEY: MASTER_KEY }, ...argv);

async function rekeyWith(environment: Record<string, string>, ...argv: string[]) {
  const env = { ...ENVIRONMENT, REKEY_LOG_LEVEL: 'error', ...environment };
  const [node, ...flags] = NODE;
  const child = spawn(node, [...flags, MAIN, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  const [code] = await once(child, 'close');
  return { code, ...output };
}

test.each([['jwt-keys', 'list'], ['purge']])(
  'rekey %s %s creates no database in a directory without one, and names the variable',
  { timeout: TEST_MS },
  async (...argv) => {
    const directory = join(emptyDirectory(), 'mistyped');
    const { code, stderr } = await rekeyWith({ REKEY_DATA_DIR: directory }, ...argv);
    expect([code, stderr]).toEqual([78, expect.stringMatching(/^ {2}- REKEY_DATA_DIR: .* holds no database\./m)]);
    expect(existsSync(directory)).toBe(false);
  },
);

describe.skipIf(inject('postgresUrl') === null)('on PostgreSQL', () => {
  const COMMANDS = [['jwt-keys', 'list'], ['purge']];
  let databases: Databases;
  beforeAll(() => {
    databases = databasesAt(inject('postgresUrl') as string);
  });
  const nameIn = (url: string) => new URL(url).pathname.slice(1);
  const tables = (url: string) =>
    databases.query(`select tablename from pg_tables where schemaname = 'public'`, [], nameIn(url));
  const migrationsIn = async (url: string) =>
    (await databases.query('select name from rekey_migrations order by id', [], nameIn(url))).map(({ name }) => name);

  test.each(COMMANDS)(
    'rekey %s %s leaves an empty database empty, and names the command to run',
    { timeout: TEST_MS },
    async (...argv) => {
      const url = await databases.createDatabase();
      const { code, stdout, stderr } = await rekey(url, ...argv);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^The database schema is not up to date\. .*20261122000000-initial.* Run `rekey migrate`/);
      expect(await tables(url)).toEqual([]);
    },
  );

  test('rekey migrate updates the schema, and the other commands do not', {
    timeout: TEST_MS,
  }, async () => {
    const url = await databases.createDatabase();
    expect(await rekey(url, 'migrate')).toMatchObject({
      code: 0,
      stdout: 'The database schema is up to date.\n',
      stderr: '',
    });
    const done = await migrationsIn(url);
    expect(await rekey(url, 'jwt-keys', 'list')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await databases.query('select kid from jwt_keys', [], nameIn(url))).toEqual([]); // Listing creates no key.
    expect(await rekey(url, 'purge')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Deleted 0 sessions/) });

    // The state before a release with one more migration.
    await databases.query('delete from rekey_migrations where name = $1', [done.at(-1)], nameIn(url));
    for (const argv of COMMANDS) {
      const { code, stderr } = await rekey(url, ...argv);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`Missing migrations: ${done.at(-1)}.`)]);
    }
    expect(await migrationsIn(url)).toEqual(done.slice(0, -1));
  });
});
