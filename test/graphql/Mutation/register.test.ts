import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { backends, PASSWORD, type TestApp } from '../../support/app.ts';

const SELECTION = `... on RegisterSuccess {
  user { id email displayName role disabledAt }
  tokens { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt session { id isCurrent status } }
}
... on InvalidInputError { fields { path } }`;
let addresses = 0;
const anAddress = () => `Person.${++addresses}@Example.com`;

describe.each(backends())('register on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const register = (input: object = {}) =>
    app.mutate('register', { email: anAddress(), password: PASSWORD, displayName: 'Somebody', ...input }, SELECTION);
  const count = async (table: string) => (await app.sql(`select count(*)::int as n from ${table}`))[0].n;

  describe('RegisterSuccess', () => {
    test('whoever registers is a member and is logged in', async () => {
      const email = anAddress();
      const { __typename, user, tokens } = await register({ email: ` ${email} `, displayName: ' Ann ' });
      expect(__typename).toBe('RegisterSuccess');
      expect(user).toMatchObject({ email, displayName: 'Ann', role: 'MEMBER', disabledAt: null });
      expect(tokens.refreshToken).toMatch(/^rkr_[0-9A-Za-z]{36}$/);
      expect(tokens.session).toMatchObject({ isCurrent: false, status: 'ACTIVE' });
      expect(Date.parse(tokens.accessTokenExpiresAt)).toBeGreaterThan(Date.now());
      expect(Date.parse(tokens.refreshTokenExpiresAt)).toBeGreaterThan(Date.parse(tokens.accessTokenExpiresAt));
      const { data } = await app.graphql('{ viewer { user { id } } }', {}, { bearer: tokens.accessToken });
      expect(data.viewer.user.id).toBe(user.id);
    });

    test('a refresh token is not a credential of a request', async () => {
      const { tokens } = await register();
      expect(await app.accepts(tokens.refreshToken)).toBe(false);
    });

    test('nobody can make oneself an administrator', async () => {
      const document = `mutation ($input: RegisterInput!) { register(input: $input) { __typename } }`;
      const input = { email: anAddress(), password: PASSWORD, displayName: 'Eve', role: 'ADMIN' };
      const { errors } = await app.graphql(document, { input });
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    });

    test('neither the password nor the tokens are stored or logged as they are', async () => {
      const password = 'violet kettle marches sideways';
      const { user, tokens } = await register({ password });
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
      ['another case', (email: string) => email.toUpperCase()],
      ['space around it', (email: string) => `  ${email}\t`],
    ])('an address is one account, in %s', async (_what, respell) => {
      const email = anAddress();
      expect((await register({ email })).__typename).toBe('RegisterSuccess');
      expect((await register({ email: respell(email) })).__typename).toBe('EmailTakenError');
    });

    test('an address is one account, in whichever way Unicode composes it', async () => {
      const local = `zoë-${++addresses}`;
      expect((await register({ email: `${local}@example.com`.normalize('NFC') })).__typename).toBe('RegisterSuccess');
      expect((await register({ email: `${local}@example.com`.normalize('NFD') })).__typename).toBe('EmailTakenError');
    });

    test('of ten who register one address at once, one gets it', async () => {
      const [users, sessions] = [await count('users'), await count('sessions')];
      const email = anAddress();
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, i) => register({ email: i % 2 ? email : email.toUpperCase() })),
      );
      const names = results.map(({ __typename }) => __typename).toSorted();
      expect(names).toEqual([...Array(9).fill('EmailTakenError'), 'RegisterSuccess']);
      expect([await count('users'), await count('sessions')]).toEqual([users + 1, sessions + 1]);
    });
  });

  describe('InvalidInputError', () => {
    test('everything that is wrong is said at once, and nothing is stored', async () => {
      const users = await count('users');
      const refused = await register({ email: 'nobody', password: 'short', displayName: '' });
      expect(refused.fields.map((field: { path: string }) => field.path)).toEqual([
        'input.email',
        'input.displayName',
        'input.password',
      ]);
      expect(await count('users')).toBe(users);
    });

    test('nobody has an address in a domain that is reserved for nobody, such as the canary’s', async () => {
      const users = await count('users');
      for (const email of [
        'somebody@canary.invalid',
        ' Ann@Re\u212aey.Invalid ',
        'ann@invalid',
        'ann@example.invalid.',
      ]) {
        expect((await register({ email })).fields, email).toEqual([{ path: 'input.email' }]);
      }
      expect(await count('users')).toBe(users);
      expect((await register({ email: 'ann@invalid.example' })).__typename).toBe('RegisterSuccess');
    });

    test('the answer never repeats the password', async () => {
      const refused = await register({ password: 'qwertyuiopasdfg' });
      expect(refused.fields).toEqual([{ path: 'input.password' }]);
      expect(JSON.stringify(refused)).not.toContain('qwertyuiopasdfg');
    });

    test('an address of any length keeps nobody busy with the password', async () => {
      const estimate = vi.spyOn(ZxcvbnFactory.prototype, 'check');
      const email = Array.from({ length: 24_000 }, (_, i) => i.toString(36)).join('@');
      const refused = await register({ email, password: "'4(3!1|0$5+72%4@(".repeat(15) });
      expect(refused).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: 'input.email' }] });
      expect(estimate).not.toHaveBeenCalled();
      estimate.mockRestore();
    });

    test('the name and the address of a person are no password for them', async () => {
      const refused = await register({ displayName: 'Bartholomew Featherstone', password: 'bartholomew featherstone' });
      expect(refused.fields).toEqual([{ path: 'input.password' }]);
    });
  });
});

describe.each(backends())('closed registration on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { REKEY_REGISTRATION: 'closed' } });
  });
  afterAll(() => app.close());

  test('RegistrationClosedError: nobody registers, and nobody learns which addresses are taken', async () => {
    const admin = await app.admin();
    for (const email of [admin.email, anAddress(), 'nobody']) {
      const refused = await app.mutate('register', { email, password: PASSWORD, displayName: 'x' }, SELECTION);
      expect(refused).toEqual({ __typename: 'RegistrationClosedError', message: expect.any(String) });
    }
    const [row] = await app.sql('select count(*)::int as n from users');
    expect(row.n).toBe(1);
  });
});
