import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, PASSWORD, type TestApp } from '../../support/app.ts';

describe.each(backends())('login on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const login = (email: string, password = PASSWORD, headers: Record<string, string> = {}) =>
    app.as({ headers }).login({ email, password });
  const sessionsOf = async (userId: string) =>
    (await app.sql('select count(*)::int as n from sessions where user_id = ?', [userId]))[0].n;

  describe('LoginSuccess', () => {
    test('each login starts a new session with the IP address and the user agent of the request', async () => {
      const member = await app.member();
      const { user, tokens } = await login(member.email, PASSWORD, {
        'user-agent': 'a browser of the tests',
      }).expectSuccess();
      expect(user).toMatchObject({ id: member.id, email: member.email });
      expect(tokens.session.id).not.toBe(member.sessionId);
      expect(tokens.session).toMatchObject({ ipAddress: '127.0.0.1', userAgent: 'a browser of the tests' });
      const [row] = await app.sql('select user_id from sessions where id = ?', [tokens.session.id]);
      expect(row.user_id).toBe(member.id);
      expect([await app.accepts(tokens.accessToken), await app.accepts(member.accessToken)]).toEqual([true, true]);
    });

    test('a session expires after seven days without use, and after thirty days in any case', async () => {
      const { tokens } = await login((await app.member()).email).expectSuccess();
      const { createdAt, idleExpiresAt, expiresAt } = tokens.session;
      expect(Date.parse(idleExpiresAt) - Date.parse(createdAt)).toBe(604_800_000);
      expect(Date.parse(expiresAt!) - Date.parse(createdAt)).toBe(2_592_000_000);
    });

    test('the email address matches in any letter case and with white space around it', async () => {
      const member = await app.member();
      for (const email of [member.email.toUpperCase(), ` ${member.email} `]) {
        await login(email).expectSuccess();
      }
    });

    test('a login is recorded in the audit log', async () => {
      const { user, tokens } = await login((await app.member()).email).expectSuccess();
      const sql = 'select type, actor_user_id from audit_events where subject_id = ?';
      const events = await app.sql(sql, [tokens.session.id]);
      expect(events).toEqual([{ type: 'session.started', actor_user_id: user.id }]);
    });

    test('a credential in the same request does not prevent the login', async () => {
      const member = await app.member();
      await app.as(member).login({ email: member.email, password: PASSWORD }).expectSuccess();
    });
  });

  describe('InvalidCredentialsError', () => {
    test('a wrong password, an unknown address and a disabled account get the same response, and start no session', async () => {
      const [member, disabled] = [await app.member(), await app.member()];
      await app
        .as(await app.admin())
        .disableUser({ userId: disabled.id })
        .expectSuccess();
      const before = [await sessionsOf(member.id), await sessionsOf(disabled.id)];
      const refusal = await login(member.email, `${PASSWORD}!`).expect('InvalidCredentialsError');
      for (const [email, password] of [
        [member.email, PASSWORD.toUpperCase()],
        [member.email, ''],
        ['nobody@example.com'],
        ['not an address'],
        [''],
        [disabled.email],
      ] as [string, string?][]) {
        expect(await login(email, password)).toEqual(refusal);
      }
      expect([await sessionsOf(member.id), await sessionsOf(disabled.id)]).toEqual(before);
    });

    test('the password that is hashed in place of that of an unknown account is rejected', async () => {
      await login('nobody@example.com', 'a password that nobody has').expect('InvalidCredentialsError');
    });

    test('an account with an invalid password hash rejects every password', async () => {
      const member = await app.member();
      for (const hash of ['', '!', '$2b$12$abcdefghijklmnopqrstuu', '$argon2id$v=19$m=19456,t=2,p=1$salt']) {
        await app.sql('update users set password_hash = ? where id = ?', [hash, member.id]);
        for (const password of ['', hash, PASSWORD, 'a password that nobody has']) {
          await login(member.email, password).expect('InvalidCredentialsError');
        }
      }
    });

    test('a wrong password of any allowed length is rejected', async () => {
      const member = await app.member();
      for (const password of ['', 'x', 'x'.repeat(256), PASSWORD.padEnd(256, 'x')]) {
        await login(member.email, password).expect('InvalidCredentialsError');
      }
    });

    test('the id, the password hash or a token of the user is rejected as a password', async () => {
      const member = await app.member();
      const [row] = await app.sql('select password_hash from users where id = ?', [member.id]);
      for (const password of [row.password_hash, member.id, member.accessToken.slice(0, 256), member.refreshToken]) {
        await login(member.email, password).expect('InvalidCredentialsError');
      }
    });
  });
});
