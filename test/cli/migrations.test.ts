// Only `rekey migrate` and the service change a schema. Every other command is tried on a database without one, and on one
// that lacks a migration.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { MASTER_KEY } from '../support/app.ts';
import { type CommandResult, runRekey } from '../support/command.ts';
import { migrationsOf, olderDirectory } from '../support/embedded-template.ts';
import { type Databases, databasesAt } from '../support/postgres.ts';
import { emptyDirectory } from '../support/server-process.ts';

const TEST_MS = 180_000;
const MISSING = /^The database schema is not up to date\. Missing migrations: .* Run `rekey migrate`/;

/** Every command but `migrate` and `move`, with arguments that it would take on a migrated database. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  bootstrap: ['--email', 'ada@example.com', '--display-name', 'Ada'],
  'users list': [],
  'users invite': ['grace@example.com', '--display-name', 'Grace'],
  'users reset-password': ['ada@example.com'],
  'users set-role': ['ada@example.com', 'MEMBER'],
  'users disable': ['ada@example.com'],
  'users enable': ['ada@example.com'],
  'users delete': ['ada@example.com', '--yes'],
  'jwt-keys list': [],
  'jwt-keys rotate': [],
  'jwt-keys revoke': ['jwk_unknown'],
  'import keys': ['given.jsonl'],
  'import users': ['given.jsonl'],
  'export keys': [],
  'export users': [],
  'audit verify': [],
  'audit export': [],
  purge: [],
  reencrypt: [],
};
const COMMANDS = Object.keys(ARGUMENTS);

function namesOf(command: Command, before: readonly string[] = []): string[] {
  return command.commands.flatMap((each) => {
    const name = [...before, each.name()];
    return each.commands.length > 0 ? namesOf(each, name) : [name.join(' ')];
  });
}

/** Runs the command in this directory. */
function rekey(command: string, directory: string, env: Record<string, string> = {}): Promise<CommandResult> {
  if (!existsSync(join(directory, 'given.jsonl'))) writeFileSync(join(directory, 'given.jsonl'), '{}\n');
  const args = [...command.split(' '), ...(ARGUMENTS[command] ?? [])];
  return runRekey(args, { directory, env: { REKEY_LOG_LEVEL: 'error', ...env } });
}

test('there is a test for every command', () => {
  expect([...COMMANDS, 'migrate', 'move'].toSorted()).toEqual(namesOf(program).toSorted());
});

describe('on the embedded database', () => {
  test.each(COMMANDS)(
    'rekey %s creates none in a directory without one, and names the variable',
    {
      timeout: TEST_MS,
    },
    async (command) => {
      const directory = emptyDirectory();
      const { code, stdout, stderr } = await rekey(command, directory, { REKEY_DATA_DIR: 'mistyped' });
      expect([code, stdout]).toEqual([78, '']);
      expect(stderr).toMatch(/^ {2}- REKEY_DATA_DIR: .* holds no database\. .*`rekey migrate`/m);
      expect(readdirSync(directory)).toEqual(['given.jsonl']);
    },
  );

  test.each(['bootstrap', 'users list'])(
    'rekey %s leaves a schema without its last migration as it is, and names the command to run',
    { timeout: TEST_MS },
    async (command) => {
      const directory = await olderDirectory();
      const before = await migrationsOf(directory);
      const { code, stdout, stderr } = await rekey(command, directory);
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(MISSING)]);
      expect(await migrationsOf(directory)).toEqual(before);
    },
  );
});

describe.skipIf(inject('postgresUrl') === null)('on PostgreSQL', () => {
  let databases: Databases;
  beforeAll(() => {
    databases = databasesAt(inject('postgresUrl') as string);
  });
  const nameIn = (url: string) => new URL(url).pathname.slice(1);
  const on = (url: string) => ({ DATABASE_URL: url, REKEY_MASTER_KEY: MASTER_KEY });
  const migrationsIn = async (url: string) =>
    (await databases.query('select name from rekey_migrations order by id', [], nameIn(url))).map(({ name }) => name);
  /** Everything that a migration may create, and which migrations have run. */
  const schemaOf = async (url: string) => {
    const objects = await databases.query(SCHEMA, [], nameIn(url));
    const names = objects.map(({ name }) => name);
    return names.includes('r rekey_migrations') ? [...names, ...(await migrationsIn(url))] : names;
  };
  let older: string;
  let olderSchema: unknown[];
  beforeAll(async () => {
    older = await databases.createDatabase();
    expect(await runRekey(['migrate'], { env: on(older) })).toMatchObject({
      code: 0,
      stdout: 'The database schema is up to date.\n',
      stderr: '',
    });
    const [last] = (await migrationsIn(older)).toReversed();
    // The state before a release with one more migration.
    await databases.query('delete from rekey_migrations where name = $1', [last], nameIn(older));
    olderSchema = await schemaOf(older);
    expect(olderSchema.length).toBeGreaterThan(100);
  }, TEST_MS);

  const refused = { code: 1, stdout: '', stderr: expect.stringMatching(MISSING) };

  test.each(COMMANDS)(
    'rekey %s leaves an older schema as it is, and names the command to run',
    {
      timeout: TEST_MS,
    },
    async (command) => {
      expect(await rekey(command, emptyDirectory(), on(older))).toEqual(refused);
      expect(await schemaOf(older)).toEqual(olderSchema);
    },
  );

  test.each(['bootstrap', 'users list'])(
    'rekey %s leaves an empty database empty',
    {
      timeout: TEST_MS,
    },
    async (command) => {
      const empty = await databases.createDatabase();
      expect(await rekey(command, emptyDirectory(), on(empty))).toEqual(refused);
      expect(await schemaOf(empty)).toEqual([]);
    },
  );

  test('rekey move does not change the schema of an older embedded database, and leaves the target empty', {
    timeout: TEST_MS,
  }, async () => {
    const directory = await olderDirectory();
    const before = await migrationsOf(directory);
    const target = await databases.createDatabase();
    const { code, stderr } = await runRekey(['move', '--to', target], { directory });
    expect([code, stderr]).toEqual([1, expect.stringMatching(MISSING)]);
    expect(await migrationsOf(directory)).toEqual(before);
    expect(await schemaOf(target)).toEqual([]);
  });

  test('rekey jwt-keys list creates no key in a migrated database', { timeout: TEST_MS }, async () => {
    const url = await databases.createDatabase();
    await rekey('migrate', emptyDirectory(), on(url));
    expect(await rekey('jwt-keys list', emptyDirectory(), on(url))).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await databases.query('select kid from jwt_keys', [], nameIn(url))).toEqual([]);
    expect(await rekey('purge', emptyDirectory(), on(url))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Deleted 0 sessions/),
    });
  });
});

const SCHEMA = `
  select relkind::text || ' ' || relname as name from pg_class where relnamespace = 'public'::regnamespace
  union all select 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod)
    from pg_attribute join pg_class on pg_class.oid = attrelid where relnamespace = 'public'::regnamespace and attnum > 0
  union all select 'function ' || proname || ' ' || md5(prosrc) from pg_proc where pronamespace = 'public'::regnamespace
  union all select 'trigger ' || tgrelid::regclass || '.' || tgname from pg_trigger where not tgisinternal
  order by name`;
