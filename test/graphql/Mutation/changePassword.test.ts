import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, PASSWORD, startTestApp, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { eventsOf, exchange, login, UNLIMITED } from '../../support/sessions.ts';

const NEW = 'a wholly different sentence, of mine';

describe.each(backends())('changePassword on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
  });
  afterAll(() => app.close());

  const change = (caller: Caller, input: { currentPassword?: string; newPassword?: string } = {}) =>
    app.as(caller).changePassword({ currentPassword: PASSWORD, newPassword: NEW, ...input });
  const logsIn = async (email: string, password: string) =>
    (await app.as().login({ email, password })).__typename === 'LoginSuccess';

  describe('ChangePasswordSuccess', () => {
    test('a login succeeds with the new password, and fails with the old one', async () => {
      const member = await app.member();
      expect(await change(member)).toMatchObject({ __typename: 'ChangePasswordSuccess', user: { id: member.id } });
      expect([await logsIn(member.email, NEW), await logsIn(member.email, PASSWORD)]).toEqual([true, false]);
      expect(await eventsOf(app, member.id)).toContain('account.password-changed');
    });

    test('every other session is revoked before the response, and the current one stays active', async () => {
      const member = await app.member();
      const [second, third] = [await login(app, member), await login(app, member)];
      for (const { accessToken } of [second, third]) expect(await app.accepts(accessToken)).toBe(true);
      const { revokedCount, receipt } = await change(member).expectSuccess();
      for (const other of [second, third]) {
        expect(await app.accepts(other.accessToken)).toBe(false);
        expect(await exchange(app, other.refreshToken)).toBe('REVOKED');
      }
      expect(await app.accepts(member.accessToken)).toBe(true);
      expect(await exchange(app, member.refreshToken)).toMatch(/^rkr_/);
      expect(revokedCount).toBe(2);
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1 });
    });

    test('of several changes at once exactly one succeeds, because the current password of the others is outdated', async () => {
      const member = await app.member();
      const passwords = [1, 2, 3].map((n) => `${NEW} number ${n}`);
      const results = await Promise.all(passwords.map((newPassword) => change(member, { newPassword })));
      const changed = results.map(({ __typename }) => __typename === 'ChangePasswordSuccess');
      expect(changed.filter(Boolean)).toHaveLength(1);
      const opens = [];
      for (const password of passwords) opens.push(await logsIn(member.email, password));
      expect(opens).toEqual(changed);
    });

    test('neither the old nor the new password is stored or logged', async () => {
      const member = await app.member();
      await change(member, { newPassword: 'quartz fjord bandwagon umbra' }).expectSuccess();
      const rows = JSON.stringify([await app.sql('select * from users'), await app.sql('select * from audit_events')]);
      for (const secret of [PASSWORD, 'quartz fjord bandwagon umbra']) {
        expect(rows).not.toContain(secret);
        expect(app.log.join('')).not.toContain(secret);
      }
    });
  });

  test('InvalidCredentialsError: a wrong current password changes no password and revokes no session', async () => {
    const member = await app.member();
    const other = await login(app, member);
    for (const currentPassword of ['', 'wrong', `${PASSWORD} `, NEW]) {
      await change(member, { currentPassword }).expect('InvalidCredentialsError');
    }
    expect(await logsIn(member.email, PASSWORD)).toBe(true);
    expect(await app.accepts(other.accessToken)).toBe(true);
  });

  test('InvalidInputError: a new password that is too short, too long, well known or the email address is rejected', async () => {
    const member = await app.member();
    for (const newPassword of ['short', 'password1234567890', member.email, 'x'.repeat(300)]) {
      const { fields } = await change(member, { newPassword }).expect('InvalidInputError');
      expect(fields, newPassword).toMatchObject([{ path: 'input.newPassword' }]);
    }
    expect(await logsIn(member.email, PASSWORD)).toBe(true);
  });

  test('NotASessionError: an API key cannot change the password of its owner', async () => {
    const member = await app.member();
    const key = await app.apiKey(member, { scopes: ['SESSIONS_WRITE'] });
    await change(key).expect('NotASessionError');
    expect(await logsIn(member.email, PASSWORD)).toBe(true);
  });

  test('a request without a credential gets UNAUTHENTICATED', async () => {
    await change({}).expectError('UNAUTHENTICATED');
  });
});

test('password changes are limited per session: failed attempts of one session do not prevent a change by another', async () => {
  const limited = await startTestApp({ env: { REKEY_LOGIN_PER_MINUTE: '3' } });
  try {
    const stolen = await limited.member();
    const own = await login(limited, stolen);
    const change = (session: Caller, currentPassword: string) =>
      limited.as(session).changePassword({ currentPassword, newPassword: NEW });
    for (let tries = 0; tries < 3; tries++) await change(stolen, 'a guess').expect('InvalidCredentialsError');
    const { status, headers } = await change(stolen, 'a guess').expectError('RATE_LIMITED');
    expect(status).toBe(429);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    await change(own, PASSWORD).expectSuccess();
  } finally {
    await limited.close();
  }
});
