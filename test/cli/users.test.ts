// `rekey users` on the embedded database, and beside a running replica.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { MASTER_KEY, PASSWORD, startTestApp } from '../support/app.ts';
import { migratedDirectory } from '../support/embedded-template.ts';
import { accept, logsIn } from '../support/people.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { emptyDirectory } from '../support/server-process.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const TEST_MS = 180_000;

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function run(directory: string, args: string[], { env = {}, input = '' } = {}): Promise<Result> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  child.stdin.end(input);
  const result = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      result[name] += text;
    });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...result };
}

const TOKEN = { invite: /^rki_[0-9A-Za-z]{36}\n$/, reset: /^rkp_[0-9A-Za-z]{36}\n$/ };

test('an operator manages users on the embedded database, and the last administrator stays', {
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
  const list = async () =>
    (await users('list')).stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(1));
  expect(await list()).toEqual([
    ['ADMIN', 'active', 'ada@example.com', 'Ada'],
    ['ADMIN', 'invited', 'grace@example.com', 'Grace'],
  ]);

  const last = { code: 1, stdout: '', stderr: expect.stringContaining('There would be no active administrator.') };
  for (const args of [
    ['set-role', 'ada@example.com', 'MEMBER'],
    ['disable', 'ADA@example.com'],
    ['delete', 'ada@example.com', '--yes'],
  ])
    expect(await users(...args)).toMatchObject(last);

  // The way back in after a forgotten password.
  expect(await users('reset-password', 'ada@example.com')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(TOKEN.reset),
  });
  expect(await users('reset-password', 'grace@example.com')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('has not accepted the invitation'),
  });
  expect(await users('invite', 'ada@example.com', '--display-name', 'Eve')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('already exists'),
  });
  expect(await users('invite', 'no address', '--display-name', 'Eve')).toMatchObject({
    code: 1,
    stderr: 'email: Must be an email address.\n',
  });
  expect(await users('set-role', 'ada@example.com', 'OWNER')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Allowed choices are MEMBER, ADMIN'),
  });
  expect(await users('disable', 'unknown@example.com')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no user with the email address unknown@example.com.'),
  });
  expect(await users('delete', 'grace@example.com')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--yes'),
  });
  expect(await users('delete', 'grace@example.com', '--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^grace@example\.com \(usr_\w{26}\) is deleted; 1 of 1 replicas confirmed/),
  });
  expect(await list()).toHaveLength(1);
});

test('`users list` creates no database', { timeout: TEST_MS }, async () => {
  const { code, stderr } = await run(emptyDirectory(), ['users', 'list']);
  expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('.rekey')]);
  expect(code).not.toBe(0);
});

describe.skipIf(inject('postgresUrl') === null)('beside a running replica', () => {
  test('it rejects the credentials before the command returns, and a token works', { timeout: TEST_MS }, async () => {
    const databaseUrl = await migratedDatabase();
    const app = await startTestApp({ databaseUrl });
    try {
      const env = { DATABASE_URL: databaseUrl, REKEY_MASTER_KEY: MASTER_KEY };
      const users = (...args: string[]) => run(emptyDirectory(), ['users', ...args], { env });
      const admin = await app.admin();
      const member = await app.member();
      const key = await app.apiKey(member);
      const email = 'grace@example.com';

      const { stdout: token } = await users('invite', email, '--display-name', 'Grace', '--role', 'ADMIN');
      const { tokens } = await accept(app, token.trim()).expectSuccess();
      expect((await app.as(tokens).viewer()).scopes).toContain('ADMIN');
      const { stdout: resetToken } = await users('reset-password', email);
      await app
        .as()
        .resetPassword({ resetToken: resetToken.trim(), newPassword: 'quartz fjord bandwagon umbra' })
        .expectSuccess();
      expect(await app.accepts(tokens.accessToken)).toBe(false);

      expect(await app.accepts(key.secret)).toBe(true);
      const disabled = await users('disable', member.email);
      expect(disabled).toMatchObject({ code: 0, stdout: expect.stringContaining('2 of 2 replicas confirmed') });
      expect(await app.accepts(key.secret)).toBe(false);
      expect(await users('enable', member.email)).toMatchObject({ code: 0, stdout: `${member.email} is enabled.\n` });
      await expect.poll(() => app.accepts(key.secret)).toBe(true);

      expect((await app.as(admin).viewer()).scopes).toContain('ADMIN');
      expect(await users('set-role', admin.email, 'MEMBER')).toMatchObject({ code: 0 });
      expect((await app.as(admin).viewer()).scopes).not.toContain('ADMIN');

      const workspaceId = await app.workspace(member);
      expect(await users('delete', member.email, '--yes')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`is the last owner of ${workspaceId}`),
      });
      expect(await users('delete', admin.email, '--yes')).toMatchObject({ code: 0 });
      expect(await app.accepts(admin.accessToken)).toBe(false);
      expect(await logsIn(app, admin.email)).toBe(false);
      const events = await app.sql(`select actor_user_id, ip_address from audit_events where type = 'account.deleted'`);
      expect(events).toEqual([{ actor_user_id: null, ip_address: null }]);
    } finally {
      await app.close();
    }
  });
});
