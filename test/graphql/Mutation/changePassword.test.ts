import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, PASSWORD, type Presented, startTestApp, type TestApp } from '../../support/app.ts';
import { as, eventsOf, exchange, login, RECEIPT, UNLIMITED } from '../../support/sessions.ts';

const NEW = 'a wholly different sentence, of mine';
const SELECTION = `... on ChangePasswordSuccess { user { id } revokedCount ${RECEIPT} } ... on InvalidInputError { fields { path } }`;

describe.each(backends())('changePassword on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
  });
  afterAll(() => app.close());

  const change = (credential: Presented, input: object = {}) =>
    app.mutate('changePassword', { currentPassword: PASSWORD, newPassword: NEW, ...input }, SELECTION, credential);
  const logsIn = async (email: string, password: string) =>
    (await app.mutate('login', { email, password }, '')).__typename === 'LoginSuccess';

  describe('ChangePasswordSuccess', () => {
    test('the new password opens the account, the old one no longer does', async () => {
      const member = await app.member();
      expect(await change(as(member))).toMatchObject({ __typename: 'ChangePasswordSuccess', user: { id: member.id } });
      expect([await logsIn(member.email, NEW), await logsIn(member.email, PASSWORD)]).toEqual([true, false]);
      expect(await eventsOf(app, member.id)).toContain('account.password-changed');
    });

    test('every other session is over before the answer; the one that asked goes on', async () => {
      const member = await app.member();
      const [second, third] = [await login(app, member), await login(app, member)];
      for (const { accessToken } of [second, third]) expect(await app.accepts(accessToken)).toBe(true);
      const { revokedCount, receipt } = await change(as(member));
      for (const other of [second, third]) {
        expect(await app.accepts(other.accessToken)).toBe(false);
        expect(await exchange(app, other.refreshToken)).toBe('REVOKED');
      }
      expect(await app.accepts(member.accessToken)).toBe(true);
      expect(await exchange(app, member.refreshToken)).toMatch(/^rkr_/);
      expect(revokedCount).toBe(2);
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1 });
    });

    test('of several changes at once, one succeeds: the others had a password that was no longer the current one', async () => {
      const member = await app.member();
      const passwords = [1, 2, 3].map((n) => `${NEW} number ${n}`);
      const results = await Promise.all(passwords.map((newPassword) => change(as(member), { newPassword })));
      const changed = results.map(({ __typename }) => __typename === 'ChangePasswordSuccess');
      expect(changed.filter(Boolean)).toHaveLength(1);
      const opens = [];
      for (const password of passwords) opens.push(await logsIn(member.email, password));
      expect(opens).toEqual(changed);
    });

    test('no password, old or new, is written down anywhere', async () => {
      const member = await app.member();
      await change(as(member), { newPassword: 'quartz fjord bandwagon umbra' });
      const rows = JSON.stringify([await app.sql('select * from users'), await app.sql('select * from audit_events')]);
      for (const secret of [PASSWORD, 'quartz fjord bandwagon umbra']) {
        expect(rows).not.toContain(secret);
        expect(app.log.join('')).not.toContain(secret);
      }
    });
  });

  test('InvalidCredentialsError: a wrong current password changes nothing and ends nothing', async () => {
    const member = await app.member();
    const other = await login(app, member);
    for (const currentPassword of ['', 'wrong', `${PASSWORD} `, NEW]) {
      expect((await change(as(member), { currentPassword })).__typename).toBe('InvalidCredentialsError');
    }
    expect(await logsIn(member.email, PASSWORD)).toBe(true);
    expect(await app.accepts(other.accessToken)).toBe(true);
  });

  test('InvalidInputError: a new password that is short, well known or about oneself', async () => {
    const member = await app.member();
    for (const newPassword of ['short', 'password1234567890', member.email, 'x'.repeat(300)]) {
      const result = await change(as(member), { newPassword });
      expect(result, newPassword).toMatchObject({
        __typename: 'InvalidInputError',
        fields: [{ path: 'input.newPassword' }],
      });
    }
    expect(await logsIn(member.email, PASSWORD)).toBe(true);
  });

  test('NotASessionError: a key that leaked cannot lock its owner out', async () => {
    const member = await app.member();
    const key = await app.apiKey(member, { scopes: ['SESSIONS_WRITE'] });
    expect((await change({ apiKey: key.secret })).__typename).toBe('NotASessionError');
    expect(await logsIn(member.email, PASSWORD)).toBe(true);
  });

  test('nobody changes anything without a credential', async () => {
    await expect(change({})).rejects.toThrow('UNAUTHENTICATED');
  });
});

test('guesses at the current password are limited by session: those of one do not keep another from changing it', async () => {
  const limited = await startTestApp({ env: { REKEY_LOGIN_PER_MINUTE: '3' } });
  try {
    const stolen = await limited.member();
    const own = await login(limited, stolen);
    const document = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }';
    const change = (session: { accessToken: string }, currentPassword: string) =>
      limited.graphql(document, { input: { currentPassword, newPassword: NEW } }, as(session));
    for (let tries = 0; tries < 3; tries++) expect((await change(stolen, 'a guess')).status).toBe(200);
    const { status, headers } = await change(stolen, 'a guess');
    expect(status).toBe(429);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    const { data } = await change(own, PASSWORD);
    expect(data.changePassword.__typename).toBe('ChangePasswordSuccess');
  } finally {
    await limited.close();
  }
});
