// `rekey users` on the embedded database, and beside a running replica.
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Account, MASTER_KEY, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { auditRows } from '../support/audit.ts';
import { runRekey } from '../support/command.ts';
import { migratedDirectory } from '../support/embedded-template.ts';
import { accept, NEW_PASSWORD } from '../support/people.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { emptyDirectory } from '../support/server-process.ts';

const TEST_MS = 180_000;

const run = (directory: string, args: string[], options: { env?: Record<string, string>; input?: string } = {}) =>
  runRekey(args, { directory, ...options });

const TOKEN = { invite: /^rki_[0-9A-Za-z]{36}\n$/, reset: /^rkp_[0-9A-Za-z]{36}\n$/ };

test('on the embedded database: the last administrator stays, and gets back in without the password', {
  timeout: TEST_MS,
}, async () => {
  const directory = migratedDirectory();
  const users = (...args: string[]) => run(directory, ['users', ...args]);
  const ada = ['bootstrap', '--email', 'ada@example.com', '--display-name', 'Ada'];
  expect((await run(directory, ada, { input: `${PASSWORD}\n` })).code).toBe(0);
  const invited = await users('invite', 'grace@example.com', '--display-name', 'Grace', '--role', 'ADMIN');
  expect(invited).toMatchObject({ code: 0, stdout: expect.stringMatching(TOKEN.invite) });
  expect(invited.stderr).toMatch(/^Invited grace@example\.com \(usr_\w{26}\)\. Give this token to the user/);
  expect(invited.stderr).not.toContain(invited.stdout.trim());
  expect(await users('disable', 'ADA@example.com')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('There would be no active administrator.'),
  });
  const reset = await users('reset-password', 'ada@example.com');
  expect(reset).toMatchObject({ code: 0, stdout: expect.stringMatching(TOKEN.reset) });
  const { stdout } = await users('list');
  const rows = stdout.trimEnd().split('\n');
  expect(rows.map((row) => row.split(/ {2,}/).slice(1))).toEqual([
    ['ADMIN', 'active', 'ada@example.com', 'Ada'],
    ['ADMIN', 'invited', 'grace@example.com', 'Grace'],
  ]);
});

test('wrong arguments change nothing, and `users list` creates no database', { timeout: TEST_MS }, async () => {
  const directory = emptyDirectory();
  const [role, unconfirmed, list] = await Promise.all(
    ['set-role ada@example.com OWNER', 'delete ada@example.com', 'list'].map((args) =>
      run(directory, ['users', ...args.split(' ')]),
    ),
  );
  expect(role).toMatchObject({ code: 1, stderr: expect.stringContaining('Allowed choices are MEMBER, ADMIN') });
  expect(unconfirmed).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') });
  expect(list).toMatchObject({ code: expect.any(Number), stdout: '', stderr: expect.stringContaining('.rekey') });
  expect(list!.code).not.toBe(0);
  expect(readdirSync(directory)).toEqual([]);
});

describe.skipIf(inject('postgresUrl') === null)('beside a running replica', () => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await startTestApp({ databaseUrl: await migratedDatabase() });
    admin = await app.admin();
  });
  afterAll(() => app?.close());

  const users = (...args: string[]) => {
    const env = { DATABASE_URL: app.app.config.databaseUrl!, REKEY_MASTER_KEY: MASTER_KEY };
    return run(emptyDirectory(), ['users', ...args], { env });
  };

  test('tokens work, and every replica rejects before the command returns', { timeout: TEST_MS }, async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    const email = 'grace@example.com';
    const { stdout: token } = await users('invite', email, '--display-name', 'Grace', '--role', 'ADMIN');
    const { tokens } = await accept(app, token.trim()).expectSuccess();
    expect((await app.as(tokens).viewer()).scopes).toContain('ADMIN');
    const { stdout } = await users('reset-password', email);
    const input = { resetToken: stdout.trim(), newPassword: NEW_PASSWORD };
    await app.as().resetPassword(input).expectSuccess();
    expect(await app.accepts(tokens.accessToken)).toBe(false);

    expect(await app.accepts(key.secret)).toBe(true);
    const disabled = await users('disable', member.email);
    expect(disabled).toMatchObject({ code: 0, stdout: expect.stringContaining('2 of 2 replicas confirmed') });
    expect(await app.accepts(key.secret)).toBe(false);
    expect(await users('enable', member.email)).toMatchObject({ code: 0, stdout: `${member.email} is enabled.\n` });
    await expect.poll(() => app.accepts(key.secret)).toBe(true);

    const narrowed = await users('set-role', admin.email, 'MEMBER');
    expect(narrowed).toMatchObject({ code: 0, stdout: expect.stringContaining(`${admin.email} has the role MEMBER;`) });
    expect((await app.as(admin).viewer()).scopes).not.toContain('ADMIN');
    expect(await users('delete', admin.email, '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${admin.email} (${admin.id}) is deleted; `),
    });
    expect(await app.accepts(admin.accessToken)).toBe(false);
    const events = await auditRows(app, `type = 'account.deleted'`);
    expect(events).toMatchObject([{ actor_user_id: null, ip_address: null, user_agent: 'rekey users delete' }]);
  });

  test('what cannot be done is explained, and nothing is printed on standard output', {
    timeout: TEST_MS,
  }, async () => {
    const [owner, invited] = [await app.member(), 'invited@example.com'];
    const workspaceId = await app.workspace(owner);
    expect((await users('invite', invited, '--display-name', 'Ann')).code).toBe(0);
    const refused = await Promise.all([
      users('invite', owner.email, '--display-name', 'Eve'),
      users('invite', 'no address', '--display-name', 'Eve'),
      users('reset-password', invited),
      users('disable', 'unknown@example.com'),
      users('delete', owner.email, '--yes'),
    ]);
    for (const each of refused) expect(each).toMatchObject({ code: 1, stdout: '' });
    expect(refused.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining('already exists'),
      'email: Must be an email address.\n',
      expect.stringContaining('has not accepted the invitation'),
      expect.stringContaining('There is no user with the email address unknown@example.com.'),
      expect.stringContaining(`is the last owner of ${workspaceId}`),
    ]);
    expect(await app.accepts(owner.accessToken)).toBe(true);
  });
});
