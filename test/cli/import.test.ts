// `rekey import`, `rekey export` and `rekey move` as processes.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { MASTER_KEY, PASSWORD, startTestApp } from '../support/app.ts';
import { runRekey } from '../support/command.ts';
import { migratedDirectory } from '../support/embedded-template.ts';
import { databasesAt } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { emptyDirectory } from '../support/server-process.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const TEST_MS = 300_000;
const UNKEY = 'acme_3ZHn5nJzYqgfZkWbE2dV8mR7';

const run = (directory: string, args: string[], env: Record<string, string> = {}, input = '') =>
  runRekey(args, { directory, env: { REKEY_LOG_LEVEL: 'silent', ...env }, input });

test('on the embedded database: what was imported is exported, in a file that only its owner reads', {
  timeout: TEST_MS,
}, async () => {
  const directory = migratedDirectory();
  const users = `email,displayName,passwordHash,role\nada@example.com,Ada,,ADMIN\ngrace@example.com,Grace,,\n`;
  writeFileSync(join(directory, 'users.csv'), users);
  expect(await run(directory, ['import', 'users', 'users.csv'])).toEqual({
    ...{ code: 0, stdout: 'Imported 2 users.\n', stderr: '' },
  });

  const unkey = ['import', 'keys', join(FIXTURES, 'unkey.json'), '--format', 'unkey'];
  const dry = await run(directory, [...unkey, '--dry-run']);
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('Checked 1 keys. Nothing was imported.') });
  const imported = await run(directory, unkey);
  expect(imported).toMatchObject({ code: 0, stderr: '' });
  expect(imported.stdout).toBe(
    'Left out: 1 keys that are disabled.\nLeft out: 1 keys that are revoked.\nImported 1 keys.\n',
  );
  const again = await run(directory, unkey);
  expect(again).toMatchObject({
    code: 65,
    stderr: expect.stringMatching(/^1: hash: A key with this secret exists already\.\n1 line/),
  });
  expect(again.stderr).not.toContain(createHash('sha256').update(UNKEY).digest('base64'));

  const exported = await run(directory, ['export', 'keys', 'keys.jsonl']);
  expect(exported).toMatchObject({ code: 0, stdout: '' });
  const file = join(directory, 'keys.jsonl');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    ...{ name: 'billing', owner: 'ada@example.com', hint: 'acme_3ZHn…', permissions: ['invoices.read'], scopes: [] },
    ...{ hash: createHash('sha256').update(UNKEY).digest('base64url'), expiresAt: '2099-01-31T12:00:00.000Z' },
    ...{ metadata: { plan: 'pro', seats: '5' }, allowedAddresses: [] },
  });
  expect(await run(directory, ['export', 'keys', 'keys.jsonl'])).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining('exists already') },
  });
  const people = await run(directory, ['export', 'users']);
  expect(
    people.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { email: 'ada@example.com', displayName: 'Ada', role: 'ADMIN', permissions: [] },
    { email: 'grace@example.com', displayName: 'Grace', role: 'MEMBER', permissions: [] },
  ]);
});

test('what one installation exports, another one imports: users with their permissions, then their keys', {
  timeout: TEST_MS,
}, async () => {
  const [from, to] = [migratedDirectory(), migratedDirectory()];
  const users = [
    { email: 'grace@example.com', displayName: 'Grace', role: 'MEMBER', permissions: ['a', 'b'] },
    { email: 'eve@example.com', displayName: 'Eve', role: 'MEMBER', permissions: [] },
  ];
  const keys = [
    { name: 'kept', owner: 'grace@example.com', secret: 'legacy-0123456789abcdef', permissions: ['a', 'b'] },
    { name: 'of a disabled user', owner: 'eve@example.com', secret: 'legacy-abcdef0123456789' },
  ];
  const write = (name: string, records: object[]) =>
    writeFileSync(join(from, name), records.map((each) => `${JSON.stringify(each)}\n`).join(''));
  write('users.jsonl', users);
  write('keys.jsonl', keys);
  expect(await run(from, ['import', 'users', 'users.jsonl'])).toMatchObject({ code: 0 });
  expect(await run(from, ['import', 'keys', 'keys.jsonl'])).toMatchObject({ code: 0, stdout: 'Imported 2 keys.\n' });
  expect(await run(from, ['users', 'disable', 'eve@example.com'])).toMatchObject({ code: 0 });

  for (const name of ['users', 'keys'])
    expect(await run(from, ['export', name, join(to, `${name}.jsonl`)])).toMatchObject({ code: 0 });
  expect(await run(to, ['import', 'users', 'users.jsonl'])).toMatchObject({ code: 0, stdout: 'Imported 1 users.\n' });
  expect(await run(to, ['import', 'keys', 'keys.jsonl'])).toMatchObject({ code: 0, stdout: 'Imported 1 keys.\n' });
  const [again] = (await run(to, ['export', 'keys'])).stdout.trim().split('\n');
  expect(JSON.parse(again!)).toMatchObject({ name: 'kept', permissions: ['a', 'b'] });
});

test('a file that cannot be read is explained before the database is opened', { timeout: TEST_MS }, async () => {
  const directory = emptyDirectory();
  writeFileSync(join(directory, 'keys.txt'), '');
  const [missing, extension, format] = await Promise.all([
    run(directory, ['import', 'keys', 'missing.jsonl']),
    run(directory, ['import', 'keys', 'keys.txt']),
    run(directory, ['import', 'keys', 'keys.txt', '--format', 'keycloak']),
  ]);
  expect(missing).toMatchObject({ code: 1, stderr: 'There is no file missing.jsonl.\n' });
  expect(extension).toMatchObject({ code: 1, stderr: expect.stringContaining('.jsonl') });
  expect(format).toMatchObject({ code: 1, stderr: expect.stringContaining('Allowed choices are unkey') });
  expect(readdirSync(directory)).toEqual(['keys.txt']);
});

describe.skipIf(inject('postgresUrl') === null)('on PostgreSQL', () => {
  test('beside a running replica: an imported key works when the command has returned', {
    timeout: TEST_MS,
  }, async () => {
    const app = await startTestApp({ databaseUrl: await migratedDatabase() });
    onTestFinished(() => app.close());
    const member = await app.member();
    const env = { DATABASE_URL: app.app.config.databaseUrl!, REKEY_MASTER_KEY: MASTER_KEY };
    const directory = emptyDirectory();
    const secret = 'legacy-0123456789abcdef';
    expect(await app.accepts(secret)).toBe(false);
    const workspaceId = await app.workspace(member);
    writeFileSync(join(directory, 'keys.csv'), `name,secret\nlegacy,${secret}\n`);
    const imported = await run(directory, ['import', 'keys', 'keys.csv', '--workspace', workspaceId], env);
    expect(imported).toMatchObject({ code: 0, stdout: 'Imported 1 keys.\n' });
    expect(await app.accepts(secret)).toBe(true);
  });

  test('`move` takes everything to an empty database, and the old directory stays', { timeout: TEST_MS }, async () => {
    const directory = migratedDirectory();
    const ada = ['bootstrap', '--email', 'ada@example.com', '--display-name', 'Ada'];
    expect((await run(directory, ada, {}, `${PASSWORD}\n`)).code).toBe(0);
    const unkey = ['import', 'keys', join(FIXTURES, 'unkey.json'), '--format', 'unkey'];
    expect((await run(directory, unkey)).code).toBe(0);

    const url = await databasesAt(inject('postgresUrl')!).createDatabase();
    const moved = await run(directory, ['move', '--to', '-'], {}, `${url}\n`);
    expect(moved).toMatchObject({ code: 0, stderr: '' });
    expect(moved.stdout).toMatch(/^api_keys +1$/m);
    expect(moved.stdout).toMatch(/^users +1$/m);
    const key = readFileSync(join(directory, '.rekey', 'master.key'), 'utf8').trim();
    expect(moved.stdout).toContain(join(directory, '.rekey', 'master.key'));
    expect(moved.stdout).not.toContain(key);
    expect((await run(directory, ['users', 'list'])).stdout).toContain('ada@example.com');

    const app = await startTestApp({ databaseUrl: url, env: { REKEY_MASTER_KEY: key } });
    onTestFinished(() => app.close());
    expect(await app.accepts(UNKEY)).toBe(true);
    await app.as().login({ email: 'ada@example.com', password: PASSWORD }).expectSuccess();
    // The log continues.
    expect(await app.sql('select tag from auth_inval where seq = 1')).toEqual([{ tag: 'imported-keys' }]);
    const [{ next, last }] = await app.sql(
      `select nextval('audit_position')::int as next, (select max(position)::int from audit_events) as last`,
    );
    expect(next).toBeGreaterThan(last);
    expect(await app.sql(`select data from audit_events where type = 'database.moved'`)).toHaveLength(1);
    const triggers = await app.sql(`select tgname from pg_trigger where not tgisinternal and tgenabled = 'D'`);
    expect(triggers).toEqual([]);

    const refused = await run(directory, ['move', '--to', url]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') });
  });

  test('`move` rejects a directory that a service uses, and shows no password', { timeout: TEST_MS }, async () => {
    const directory = migratedDirectory();
    const { lockDataDirectory } = await import('../../src/database/data-directory.ts');
    const unlock = lockDataDirectory(join(directory, '.rekey'));
    const url = 'postgresql://u:hunter2@127.0.0.1:1/db';
    const used = await run(directory, ['move', '--to', url]);
    unlock();
    expect(used).toMatchObject({ code: 1, stderr: expect.stringContaining('is in use by process') });
    const [unreachable, wrong] = [
      await run(directory, ['move', '--to', url]),
      await run(directory, ['move', '--to', 'mysql://u:hunter2@h/db']),
    ];
    expect(unreachable.code).toBe(1);
    expect(wrong.code).toBe(78);
    for (const each of [used, unreachable, wrong]) expect(each.stdout + each.stderr).not.toContain('hunter2');
  });
});
