// Users of other systems, who keep their passwords.
import { scryptSync } from 'node:crypto';
import { hashSync as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LoginTime } from '../../src/accounts/login-time.ts';
import { Passwords } from '../../src/accounts/password.ts';
import { backends, PASSWORD, type TestApp } from '../support/app.ts';
import { importUsers } from '../support/imports.ts';

const OURS = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;
const passwordHash = bcrypt(PASSWORD, 4);

function betterAuth(password: string): string {
  const salt = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
  return `${salt}:${scryptSync(password.normalize('NFKC'), salt, 64, { N: 16384, r: 16, p: 1, maxmem: 2 ** 27 }).toString('hex')}`;
}

describe.each(backends())('imported users on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
    await app.admin();
  });
  afterAll(() => app?.close());

  const login = (email: string, password = PASSWORD) => app.as().login({ email, password });
  const userOf = async (email: string) => {
    const [index] = app.app.services.emails.indexes(email);
    return (await app.sql('select * from users where email_index = ?', [index]))[0];
  };
  const users = async () => (await app.sql('select count(*)::int as count from users'))[0].count;

  test('the first login replaces the hash by argon2id, and the password stays the same', async () => {
    const email = 'Ada@Example.com';
    expect(await importUsers(app, [{ email, passwordHash, displayName: 'Ada' }])).toMatchObject({
      imported: 1,
      problems: [],
    });
    expect(await userOf(email)).toMatchObject({
      password_hash: passwordHash,
      password_imported: true,
    });
    await login(email, 'another password').expect('InvalidCredentialsError');
    expect((await userOf(email)).password_imported).toBe(true);
    await login('ada@example.com').expectSuccess();
    const replaced = await userOf(email);
    expect(replaced).toMatchObject({ password_hash: expect.stringMatching(OURS), password_imported: false });
    await login(email).expectSuccess();
    expect((await userOf(email)).password_hash).toBe(replaced.password_hash);
    const [event] = await app.sql(`select * from audit_events where type = 'account.imported'`);
    expect(event).toMatchObject({ actor_user_id: null, data: { count: 1, format: 'rekey' } });
    expect(JSON.stringify(event)).not.toMatch(/ada@/i);
  });

  test('of several first logins at once, all succeed', async () => {
    const email = 'grace@example.com';
    await importUsers(app, [{ email, passwordHash: betterAuth(PASSWORD) }]);
    const [gate, hash] = [Promise.withResolvers<void>(), Passwords.prototype.hash];
    let waiting = 0;
    // Both have checked the imported hash before one of them replaces it.
    const spy = vi.spyOn(Passwords.prototype, 'hash').mockImplementation(async function (this: Passwords, password) {
      if (++waiting === 2) gate.resolve();
      await gate.promise;
      return hash.call(this, password);
    });
    try {
      await Promise.all([login(email).expectSuccess(), login(email).expectSuccess()]);
    } finally {
      spy.mockRestore();
    }
    expect(await userOf(email)).toMatchObject({ password_hash: expect.stringMatching(OURS), password_imported: false });
  });

  test('while a user has an imported password, every failed login waits for the end of a step', async () => {
    const ends = vi.fn(async () => undefined);
    const spy = vi.spyOn(LoginTime.prototype, 'begin').mockReturnValue(ends);
    try {
      const [member, email] = [await app.register(), 'edsger@example.com'];
      await login('unknown@example.com').expect('InvalidCredentialsError');
      expect(ends).not.toHaveBeenCalled();
      await importUsers(app, [{ email, passwordHash }]);
      for (const each of ['unknown@example.com', member.email, email]) {
        ends.mockClear();
        await login(each, 'wrong').expect('InvalidCredentialsError');
        expect(ends, each).toHaveBeenCalledOnce();
      }
      await login(email).expectSuccess();
      ends.mockClear();
      await login('unknown@example.com').expect('InvalidCredentialsError');
      expect(ends).not.toHaveBeenCalled();
    } finally {
      spy.mockRestore();
    }
  });

  test('a user changes an imported password, and no login succeeds without one', async () => {
    const [email, other] = ['alan@example.com', 'barbara@example.com'];
    await importUsers(app, [
      { email, passwordHash },
      { email: other, passwordHash: null },
    ]);
    await login(other, '').expect('InvalidCredentialsError');
    await app.sql('update users set password_hash = ?, password_imported = true where id = ?', [
      'broken',
      (await userOf(other)).id,
    ]);
    await login(other, 'broken').expect('InvalidCredentialsError');
    await app.sql(`delete from users where id = ?`, [(await userOf(other)).id]);
    const { tokens } = await login(email).expectSuccess();
    await app.sql('update users set password_hash = ?, password_imported = true where id = ?', [
      passwordHash,
      (await userOf(email)).id,
    ]);
    const input = { currentPassword: PASSWORD, newPassword: 'quartz fjord bandwagon umbra' };
    await app.as({ bearer: tokens.accessToken }).changePassword(input).expectSuccess();
    expect((await userOf(email)).password_imported).toBe(false);
    await login(email, input.newPassword).expectSuccess();
  });

  test('one bad line rejects the file, and its reason repeats no value', async () => {
    const before = await users();
    const taken = await app.member();
    const { problems, rejected } = await importUsers(app, [
      { email: 'one@example.com', passwordHash },
      { email: 'no address', passwordHash },
      { email: taken.email.toUpperCase(), passwordHash },
      { email: 'ONE@example.com', passwordHash },
      { email: 'two@example.com', passwordHash: 'plain text' },
      { email: 'three@example.com', passwordHash: `$2b$31$${'a'.repeat(53)}` },
      { email: 'four@example.com', role: 'OWNER' },
      { email: 'x@canary.invalid' },
    ]);
    expect(problems).toEqual([
      [2, 'email: Must be an email address.'],
      [3, 'email: A user with this address exists already.'],
      [4, 'email: A user with this address exists already.'],
      [5, expect.stringContaining('passwordHash: Must be a hash')],
      [6, expect.stringContaining('passwordHash: Takes too much')],
      [7, 'role: Must be MEMBER or ADMIN.'],
      [8, expect.stringContaining('.invalid')],
    ]);
    expect(rejected).toBe(7);
    expect(problems.join()).not.toContain('plain text');
    expect(await users()).toBe(before + 1); // The member.
    expect(await importUsers(app, [{ email: 'one@example.com' }], { dryRun: true })).toMatchObject({ imported: 1 });
    expect(await users()).toBe(before + 1);
  });
});
