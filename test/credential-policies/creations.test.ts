// What a policy decides about new credentials, and about the successors of those that it governs.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SetCredentialPolicyInput } from '../../src/client/index.ts';
import { age } from '../support/api-keys.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { inSeconds } from '../support/values.ts';

const DAY = 86_400;
const IS_REQUIRED = { path: 'input.expiresAt', message: 'Must be set, because a policy requires an expiry.' };

describe.each(backends())('creations under a policy, on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
    workspaceId = await app.workspace(owner);
  });
  afterEach(async () => {
    await set({});
    await app.as(await app.admin()).setCredentialPolicy({});
  });
  afterAll(() => app.close());

  const set = (bounds: SetCredentialPolicyInput) =>
    app
      .as(owner)
      .setCredentialPolicy({ workspaceId, ...bounds })
      .expectSuccess();
  const setForAll = async (bounds: SetCredentialPolicyInput) =>
    app
      .as(await app.admin())
      .setCredentialPolicy(bounds)
      .expectSuccess();
  const secondsUntil = (moment: string | null | undefined) => (Date.parse(moment!) - Date.now()) / 1000;

  interface Kind {
    mutation: string;
    create: (input: { expiresAt?: string | null }) => PromiseLike<unknown>;
  }
  const kinds: Kind[] = [
    {
      mutation: 'createApiKey',
      create: (input) => app.as(owner).createApiKey({ name: 'x', workspaceId, ...input }),
    },
    {
      mutation: 'createApiKey for a workspace',
      create: (input) => app.as(owner).createApiKey({ name: 'x', workspaceId, owner: 'WORKSPACE', ...input }),
    },
    {
      mutation: 'createSigningKey',
      create: (input) => app.as(owner).createSigningKey({ workspaceId, ...input }),
    },
  ];
  const daemon = (expiresAt: string) => app.as(owner).createDaemonToken({ workspaceId, daemonId: 'd', expiresAt });

  describe.each(kinds)('$mutation', ({ create }) => {
    const expiryOf = async (input: { expiresAt?: string | null } = {}): Promise<string | null> => {
      const made = (await create(input)) as { apiKey?: Expiring; signingKey?: Expiring };
      return (made.apiKey ?? made.signingKey)!.expiresAt;
    };

    test('an expiry that is left out becomes the latest one that the policy allows', async () => {
      expect(await expiryOf()).toBeNull();
      await set({ maximumLifetimeSeconds: DAY });
      for (const input of [{}, { expiresAt: null }])
        expect(Math.round(secondsUntil(await expiryOf(input)) / 60)).toBe(DAY / 60);
      await setForAll({ maximumLifetimeSeconds: 3600 });
      expect(Math.round(secondsUntil(await expiryOf()) / 60)).toBe(60);
    });

    test('an earlier expiry is taken as it is', async () => {
      await set({ maximumLifetimeSeconds: DAY, requiresExpiry: true });
      const expiresAt = inSeconds(600);
      expect(await expiryOf({ expiresAt })).toBe(expiresAt);
    });

    test('an expiry beyond the policy of the workspace or of the installation is rejected', async () => {
      await set({ maximumLifetimeSeconds: DAY });
      const message = /^Must not be later than .*Z, the longest lifetime that a policy allows\.$/;
      const beyond = { fields: [{ path: 'input.expiresAt', message: expect.stringMatching(message) }] };
      expect(await create({ expiresAt: inSeconds(DAY + 60) })).toMatchObject(beyond);
      await setForAll({ maximumLifetimeSeconds: 3600 });
      expect(await create({ expiresAt: inSeconds(4000) })).toMatchObject(beyond);
    });

    test('an expiry that is left out is rejected, where a policy requires one', async () => {
      for (const require of [set, setForAll]) {
        await require({ requiresExpiry: true });
        const refused = (await create({})) as { __typename: string; fields: unknown };
        expect(refused).toMatchObject({ __typename: 'InvalidInputError', fields: [IS_REQUIRED] });
        await require({});
      }
    });

    test('with a bound on idle credentials, a new one shows when it ends if it is not used', async () => {
      await set({ idleSeconds: 1000 });
      const seconds = secondsUntil(await expiryOf());
      // It lasts longer by the time after which a use is written: see the variable REKEY_LAST_USED_SECONDS.
      expect(seconds).toBeGreaterThan(990);
      expect(seconds).toBeLessThan(1100);
    });
  });

  test('a daemon token is created within the policies only', async () => {
    await set({ maximumLifetimeSeconds: DAY, requiresExpiry: true });
    await daemon(inSeconds(DAY - 60)).expectSuccess();
    const { fields } = await daemon(inSeconds(DAY + 60)).expect('InvalidInputError');
    expect(fields.map(({ path }) => path)).toEqual(['input.expiresAt']);
    await setForAll({ maximumLifetimeSeconds: 3600 });
    await daemon(inSeconds(4000)).expect('InvalidInputError');
  });

  test('a key that is bound to no workspace obeys the policy of the installation alone', async () => {
    await set({ requiresExpiry: true });
    expect((await app.as(owner).createApiKey({ name: 'x' }).expectSuccess()).apiKey.expiresAt).toBeNull();
    await setForAll({ maximumLifetimeSeconds: 600 });
    const { apiKey } = await app.as(owner).createApiKey({ name: 'x' }).expectSuccess();
    expect(Math.round(secondsUntil(apiKey.expiresAt) / 60)).toBe(10);
  });

  test('the maker’s own end is the latest one, if it is before the policy', async () => {
    await set({ maximumLifetimeSeconds: DAY });
    const maker = await app.apiKey(owner, { workspaceId, expiresAt: inSeconds(600) });
    const { apiKey } = await app.as(maker).createApiKey({ name: 'x' }).expectSuccess();
    expect(Math.round(secondsUntil(apiKey.expiresAt) / 60)).toBe(10);
  });

  test('updateApiKey moves no expiry beyond the policy, and removes none that a policy requires', async () => {
    await set({ maximumLifetimeSeconds: DAY });
    const key = await app.apiKey(owner, { workspaceId, expiresAt: inSeconds(600) });
    const update = (input: { expiresAt?: string | null; name?: string }) =>
      app.as(owner).updateApiKey({ apiKeyId: key.id, ...input });
    await update({ expiresAt: inSeconds(DAY - 60) }).expectSuccess();
    await update({ expiresAt: inSeconds(DAY + 60) }).expect('InvalidInputError');
    const { apiKey } = await update({ expiresAt: null }).expectSuccess();
    expect(Math.round(secondsUntil(apiKey.expiresAt) / 60)).toBe(DAY / 60);
    await update({ expiresAt: inSeconds(600) }).expectSuccess();
    await set({ maximumLifetimeSeconds: DAY, requiresExpiry: true });
    const { fields } = await update({ expiresAt: null }).expect('InvalidInputError');
    expect(fields).toEqual([IS_REQUIRED]);
    await update({ name: 'renamed' }).expectSuccess();
  });

  test('a rotation does not restart the lifetime of an API key', async () => {
    const key = await app.apiKey(owner, { workspaceId });
    await age(app, key.id, 3000);
    await set({ maximumLifetimeSeconds: 3600 });
    const { apiKey, secret } = await app.as(owner).rotateApiKey({ apiKeyId: key.id }).expectSuccess();
    expect(secondsUntil(apiKey.expiresAt)).toBeLessThan(601);
    expect(await app.accepts(secret)).toBe(true);
    await app
      .as(owner)
      .updateApiKey({ apiKeyId: key.id, expiresAt: inSeconds(700) })
      .expect('InvalidInputError');
  });

  test('a rotation does not restart the lifetime of a signing key, however often', async () => {
    const key = await app.signingKey(owner, workspaceId);
    await app.sql(`update signing_keys set created_at = created_at - interval '3000 s' where id = ?`, [key.id]);
    await set({ maximumLifetimeSeconds: 3600 });
    let last = key.id;
    for (let turn = 0; turn < 3; turn++) {
      const { signingKey } = await app.as(owner).rotateSigningKey({ signingKeyId: last }).expectSuccess();
      expect(secondsUntil(signingKey.expiresAt)).toBeLessThan(601);
      last = signingKey.id;
    }
    await set({ maximumLifetimeSeconds: 2900 });
    const { nodes } = await app.as(owner).signingKeys({ workspaceId, first: 100 });
    const statuses = nodes.filter(({ replaces, id }) => replaces !== null || id === key.id);
    expect(statuses.map(({ status }) => status)).not.toContain('ACTIVE');
  });
});

type Expiring = { expiresAt: string | null };
