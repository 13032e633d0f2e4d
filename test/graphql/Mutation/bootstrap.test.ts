import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BootstrapInput } from '../../../src/client/index.ts';
import { SCOPES } from '../../../src/identity/scope.ts';
import { backends, PASSWORD, SETUP_TOKEN, type TestApp } from '../../support/app.ts';
import { times } from '../../support/values.ts';

const INPUT = { setupToken: SETUP_TOKEN, email: 'first@example.com', password: PASSWORD, displayName: ' The First ' };

// An installation has one first administrator, so every test has its own installation.
describe.each(backends())('bootstrap on $name', ({ start }) => {
  let app: TestApp;
  afterEach(() => app.close());

  const bootstrap = (input: Partial<BootstrapInput> = {}) => app.as().bootstrap({ ...INPUT, ...input });
  const register = (email: string) => app.as().register({ email, password: PASSWORD, displayName: 'Ann' });
  const count = async (table: string) => (await app.sql(`select count(*)::int as n from ${table}`))[0].n;

  describe('with a setup token from the configuration', () => {
    beforeEach(async () => {
      app = await start();
    });

    test('BootstrapSuccess: a caller with the setup token becomes the administrator and holds every scope', async () => {
      const { user, tokens } = await bootstrap().expectSuccess();
      expect(user).toMatchObject({ email: 'first@example.com', displayName: 'The First', role: 'ADMIN' });
      expect(await app.as(tokens).viewer()).toMatchObject({
        scopes: SCOPES,
        credential: { id: tokens.session.id },
        user: { id: user.id },
      });
    });

    test('AlreadyBootstrappedError: of ten calls at once exactly one succeeds, and every later one fails', async () => {
      const results = await Promise.all(times(10, (index) => bootstrap({ email: `admin-${index}@example.com` })));
      const names = results.map(({ __typename }) => __typename).toSorted();
      expect(names).toEqual([...Array(9).fill('AlreadyBootstrappedError'), 'BootstrapSuccess']);
      expect([await count('users'), await count('sessions'), await count('bootstrapped')]).toEqual([1, 1, 1]);
      await bootstrap().expect('AlreadyBootstrappedError');
      // The right token and a wrong one get the same error.
      await bootstrap({ setupToken: 'wrong' }).expect('AlreadyBootstrappedError');
    });

    test('AlreadyBootstrappedError: of ten calls at once with the same address exactly one succeeds', async () => {
      const results = await Promise.all(times(10, () => bootstrap()));
      const names = results.map(({ __typename }) => __typename).toSorted();
      expect(names).toEqual([...Array(9).fill('AlreadyBootstrappedError'), 'BootstrapSuccess']);
    });

    test('SetupTokenRejectedError: any other token is rejected, and creates no user', async () => {
      for (const setupToken of ['', 'wrong', `${SETUP_TOKEN} `, SETUP_TOKEN.slice(0, -1), SETUP_TOKEN.toUpperCase()]) {
        await bootstrap({ setupToken }).expect('SetupTokenRejectedError');
      }
      expect(await count('users')).toBe(0);
    });

    test('InvalidInputError: every invalid field is reported at once, and the token stays valid', async () => {
      const refused = await bootstrap({ email: 'nobody', password: 'short', displayName: ' ' }).expect(
        'InvalidInputError',
      );
      expect(refused.fields.map(({ path }) => path)).toEqual(['input.email', 'input.displayName', 'input.password']);
      await bootstrap().expectSuccess();
    });

    test('InvalidInputError: an address that has an account is rejected, and another address works with the same token', async () => {
      await register('first@example.com').expectSuccess();
      for (const email of ['first@example.com', ' FIRST@example.com ']) {
        const refused = await bootstrap({ email }).expect('InvalidInputError');
        expect(refused).toMatchObject({ fields: [{ path: 'input.email' }] });
        expect(JSON.stringify(refused)).not.toMatch(/first@/i);
      }
      expect([await count('users'), await count('bootstrapped')]).toEqual([1, 0]);
      await bootstrap({ email: 'second@example.com' }).expectSuccess();
    });

    test('of a bootstrap and registrations at once with the same address exactly one succeeds', async () => {
      const email = 'everybody@example.com';
      const [bootstrapped, ...registered] = await Promise.all([
        bootstrap({ email }),
        ...times(4, () => register(email)),
      ]);
      const won = bootstrapped.__typename === 'BootstrapSuccess';
      expect(bootstrapped.__typename).toBe(won ? 'BootstrapSuccess' : 'InvalidInputError');
      expect(registered.map(({ __typename }) => __typename).toSorted()).toEqual([
        ...Array(won ? 4 : 3).fill('EmailTakenError'),
        ...Array(won ? 0 : 1).fill('RegisterSuccess'),
      ]);
      expect([await count('users'), await count('bootstrapped')]).toEqual([1, won ? 1 : 0]);
    });
  });

  describe('a generated setup token', () => {
    beforeEach(async () => {
      app = await start({ env: { REKEY_SETUP_TOKEN: '' } });
    });

    test('is shown while no administrator exists, works once, and is stored as a hash', async () => {
      const setupToken = (await app.app.announceSetupToken())!;
      expect(setupToken).toMatch(/^setup_[0-9A-Za-z]{32}$/);
      const [row] = await app.sql('select * from setup_token');
      expect(JSON.stringify(row)).not.toContain(setupToken.slice(6));
      await bootstrap({ setupToken: row.token_hash }).expect('SetupTokenRejectedError');
      await bootstrap({ setupToken }).expectSuccess();
      expect(await count('setup_token')).toBe(0);
      expect(await app.app.announceSetupToken()).toBeNull();
    });

    test('is shown only by the first replica that starts on a shared database, and is replaced at each start on the embedded one', async () => {
      const first = (await app.app.announceSetupToken())!;
      const second = await app.app.announceSetupToken();
      const shared = app.app.config.databaseUrl !== null;
      expect(second === null).toBe(shared);
      if (!shared) await bootstrap({ setupToken: first }).expect('SetupTokenRejectedError');
      await bootstrap({ setupToken: second ?? first }).expectSuccess();
    });
  });
});
