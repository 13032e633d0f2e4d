import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RegisterInput } from '../../../src/client/index.ts';
import { backends, PASSWORD, type TestApp } from '../../support/app.ts';
import { times } from '../../support/values.ts';

let addresses = 0;
const anAddress = () => `Person.${++addresses}@Example.com`;

describe.each(backends())('register on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const register = (input: Partial<RegisterInput> = {}) =>
    app.as().register({ email: anAddress(), password: PASSWORD, displayName: 'Ann', ...input });
  const count = async (table: string) => (await app.sql(`select count(*)::int as n from ${table}`))[0].n;

  describe('RegisterSuccess', () => {
    test('a new user is a member and is logged in', async () => {
      const email = anAddress();
      const { user, tokens } = await register({ email: ` ${email} `, displayName: ' Ann ' }).expectSuccess();
      expect(user).toMatchObject({ email, displayName: 'Ann', role: 'MEMBER', disabledAt: null });
      expect(tokens.refreshToken).toMatch(/^rkr_[0-9A-Za-z]{36}$/);
      expect(tokens.session).toMatchObject({ isCurrent: false, status: 'ACTIVE' });
      expect(Date.parse(tokens.accessTokenExpiresAt)).toBeGreaterThan(Date.now());
      expect(Date.parse(tokens.refreshTokenExpiresAt)).toBeGreaterThan(Date.parse(tokens.accessTokenExpiresAt));
      expect((await app.as(tokens).viewer()).user?.id).toBe(user.id);
    });

    test('a refresh token does not authenticate a request', async () => {
      const { tokens } = await register().expectSuccess();
      expect(await app.accepts(tokens.refreshToken)).toBe(false);
    });

    test('a role in the input is rejected', async () => {
      const input: object = { displayName: 'Eve', role: 'ADMIN' };
      await register(input).expectError('BAD_USER_INPUT');
    });

    test('neither the password nor the tokens are stored or logged in plain text', async () => {
      const password = 'violet kettle marches sideways';
      const { user, tokens } = await register({ password }).expectSuccess();
      for (const table of ['users', 'sessions', 'refresh_tokens', 'audit_events']) {
        const [row] = await app.sql(`select string_agg(t::text, ' ') as rows from ${table} t`);
        for (const text of [password, tokens.refreshToken.slice(4, 34), tokens.accessToken.split('.')[2]]) {
          expect(row.rows, table).not.toContain(text);
          expect(app.log.join('')).not.toContain(text);
        }
      }
      const [row] = await app.sql('select password_hash from users where id = ?', [user.id]);
      expect(row.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    });
  });

  describe('EmailTakenError', () => {
    test.each([
      ['the same spelling', (email: string) => email],
      ['another letter case', (email: string) => email.toUpperCase()],
      ['white space around it', (email: string) => `  ${email}\t`],
    ])('an address that has an account is rejected with %s', async (_what, respell) => {
      const email = anAddress();
      await register({ email }).expectSuccess();
      await register({ email: respell(email) }).expect('EmailTakenError');
    });

    test('an address that has an account is rejected in another Unicode normalization form', async () => {
      const local = `zoë-${++addresses}`;
      await register({ email: `${local}@example.com`.normalize('NFC') }).expectSuccess();
      await register({ email: `${local}@example.com`.normalize('NFD') }).expect('EmailTakenError');
    });

    test('of ten registrations at once with the same address exactly one succeeds', async () => {
      const [users, sessions] = [await count('users'), await count('sessions')];
      const email = anAddress();
      const results = await Promise.all(
        times(10, (index) => register({ email: index % 2 ? email : email.toUpperCase() })),
      );
      const names = results.map(({ __typename }) => __typename).toSorted();
      expect(names).toEqual([...Array(9).fill('EmailTakenError'), 'RegisterSuccess']);
      expect([await count('users'), await count('sessions')]).toEqual([users + 1, sessions + 1]);
    });
  });

  describe('InvalidInputError', () => {
    test('every invalid field is reported at once, and nothing is stored', async () => {
      const users = await count('users');
      const refused = await register({ email: 'nobody', password: 'short', displayName: '' }).expect(
        'InvalidInputError',
      );
      expect(refused.fields.map(({ path }) => path)).toEqual(['input.email', 'input.displayName', 'input.password']);
      expect(await count('users')).toBe(users);
    });

    test('an address in a reserved domain, such as that of the canary, is rejected', async () => {
      const users = await count('users');
      for (const email of [
        'somebody@canary.invalid',
        ' Ann@Re\u212aey.Invalid ',
        'ann@invalid',
        'ann@example.invalid.',
      ]) {
        const { fields } = await register({ email }).expect('InvalidInputError');
        expect(fields, email).toMatchObject([{ path: 'input.email' }]);
      }
      expect(await count('users')).toBe(users);
      await register({ email: 'ann@invalid.example' }).expectSuccess();
    });

    test('the response does not contain the password', async () => {
      const refused = await register({ password: 'qwertyuiopasdfg' }).expect('InvalidInputError');
      expect(refused.fields).toMatchObject([{ path: 'input.password' }]);
      expect(JSON.stringify(refused)).not.toContain('qwertyuiopasdfg');
    });

    test('the strength of the password is not estimated if the address is invalid', async () => {
      const estimate = vi.spyOn(ZxcvbnFactory.prototype, 'check');
      const email = Array.from({ length: 24_000 }, (_, i) => i.toString(36)).join('@');
      const refused = await register({ email, password: "'4(3!1|0$5+72%4@(".repeat(15) }).expect('InvalidInputError');
      expect(refused).toMatchObject({ fields: [{ path: 'input.email' }] });
      expect(estimate).not.toHaveBeenCalled();
      estimate.mockRestore();
    });

    test('the display name of the user is rejected as a password', async () => {
      const refused = await register({
        displayName: 'Bartholomew Featherstone',
        password: 'bartholomew featherstone',
      }).expect('InvalidInputError');
      expect(refused.fields).toMatchObject([{ path: 'input.password' }]);
    });
  });
});

describe.each(backends())('closed registration on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { REKEY_REGISTRATION: 'closed' } });
  });
  afterAll(() => app.close());

  test('RegistrationClosedError: every address gets the same error, whether it is taken, free or invalid', async () => {
    const admin = await app.admin();
    for (const email of [admin.email, anAddress(), 'nobody']) {
      const refused = await app.as().register({ email, password: PASSWORD, displayName: 'x' });
      expect(refused).toEqual({ __typename: 'RegistrationClosedError', message: expect.any(String) });
    }
    const [row] = await app.sql('select count(*)::int as n from users');
    expect(row.n).toBe(1);
  });
});
