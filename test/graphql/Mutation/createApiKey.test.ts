import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CreateApiKeyInput } from '../../../src/client/index.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { auditRows } from '../../support/audit.ts';
import type { Caller } from '../../support/calls.ts';
import { inSeconds, times } from '../../support/values.ts';

describe.each(backends())('createApiKey on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const create = (caller: Caller, input: Partial<CreateApiKeyInput> = {}) =>
    app.as(caller).createApiKey({ name: 'deploy bot', ...input });

  async function keysOf(account: Account): Promise<string[]> {
    const { nodes } = await app.as(account).apiKeys({ first: 100 });
    return nodes.map(({ id }) => id);
  }

  describe('CreateApiKeySuccess', () => {
    test('F4.2: a session creates the first key of its user, and the key works at once', async () => {
      const member = await app.member();
      const { secret, apiKey } = await create(member).expectSuccess();
      expect(secret).toMatch(/^rka_[0-9A-Za-z]{36}$/);
      for (const credential of [{ bearer: secret }, { apiKey: secret }]) {
        const { data } = await app.graphql('{ viewer { user { id } credential { id } } }', {}, credential);
        expect(data.viewer).toEqual({ user: { id: member.id }, credential: { id: apiKey.id } });
      }
    });

    test('F0.11: a new key has its name, scopes, expiration and IP address, and null for what has not happened', async () => {
      const member = await app.member();
      const expiresAt = inSeconds(3600);
      const before = Date.now();
      const { apiKey, secret } = await create(member, {
        name: '  nightly backup ',
        scopes: ['API_KEYS_READ', 'SESSIONS_READ', 'API_KEYS_READ'],
        expiresAt,
      }).expectSuccess();
      expect(await app.as(member).apiKey({ id: apiKey.id })).toEqual({
        ...apiKey,
        user: { id: member.id },
        workspace: null,
        createdBy: { id: member.id },
      });
      expect(apiKey).toEqual({
        id: expect.stringMatching(/^key_[0-9a-hjkmnp-tv-z]{26}$/i),
        name: 'nightly backup',
        description: null,
        metadata: [],
        hint: `rka_…${secret.slice(-4)}`,
        scopes: ['API_KEYS_READ', 'SESSIONS_READ'],
        permissions: [],
        allowedAddresses: [],
        rateLimit: null,
        createdAt: expect.any(String),
        createdFromIp: '127.0.0.1',
        expiresAt,
        lastUsedAt: null,
        lastUsedFromIp: null,
        rotatedAt: null,
        previousSecretExpiresAt: null,
        revokedAt: null,
        revocationReason: null,
        status: 'ACTIVE',
      });
      // Database time is estimated, so it may be a little off ours.
      expect(Date.parse(apiKey.createdAt)).toBeGreaterThan(before - 1000);
      expect(Date.parse(apiKey.createdAt)).toBeLessThan(Date.now() + 1000);
    });

    test('the id of a key does not work as its secret', async () => {
      const { apiKey } = await create(await app.member()).expectSuccess();
      expect(await app.accepts(apiKey.id)).toBe(false);
    });

    test('F4.4: the secret is only in the response, which must not be cached, and neither in the database nor in the log', async () => {
      const member = await app.member();
      const document = 'mutation { createApiKey(input: { name: "k" }) { ... on CreateApiKeySuccess { secret } } }';
      const answer = await app.graphql(document, {}, { bearer: member.accessToken });
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const random = answer.data.createApiKey.secret.slice(4, 34);
      const tables = ['api_keys', 'audit_events', 'credential_usage', 'auth_inval'];
      for (const table of tables) {
        const [row] = await app.sql(`select string_agg(t::text, ' ') as rows from ${table} t`);
        expect(row.rows ?? '', table).not.toContain(random);
      }
      expect(app.log.join('')).not.toContain(random);
    });

    test('F0.11: only the results of mutations have a secret, so a secret cannot be read again', async () => {
      const { accessToken } = await app.admin();
      const document = '{ __schema { types { name fields { type { name ofType { name } } } } } }';
      const { data } = await app.graphql(document, {}, { bearer: accessToken });
      type Type = { name: string; fields: { type: { name: string; ofType: { name: string } | null } }[] | null };
      const withSecrets = (data.__schema.types as Type[])
        .filter(({ fields }) => fields?.some(({ type }) => [type.name, type.ofType?.name].includes('Secret')))
        .map(({ name }) => name);
      expect(withSecrets).toContain('CreateApiKeySuccess');
      expect(withSecrets.filter((name) => !/Success$|^SessionTokens$/.test(name))).toEqual([]);
    });

    test('F1.10: one audit event records the user, the session and the IP address of the caller', async () => {
      const member = await app.member();
      const { apiKey } = await create(member).expectSuccess();
      const events = await auditRows(app, 'subject_id = ?', [apiKey.id]);
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        type: 'api-key.created',
        actor_user_id: member.id,
        actor_credential_id: member.sessionId,
        ip_address: '127.0.0.1',
      });
    });

    test('F4.7: an X-Forwarded-For from an untrusted address is ignored, even if it is very long', async () => {
      const headers = { 'x-forwarded-for': Array.from({ length: 300 }, (_, i) => `203.0.113.${i % 256}`).join(', ') };
      const { apiKey } = await create({ bearer: (await app.member()).accessToken, headers }).expectSuccess();
      expect(apiKey.createdFromIp).toBe('127.0.0.1');
    });

    test('a key that a session creates has no expiration by default', async () => {
      const { apiKey } = await create(await app.member()).expectSuccess();
      expect(apiKey.expiresAt).toBeNull();
    });

    test('F1.5: a key that another key creates expires with that key by default', async () => {
      const expiresAt = inSeconds(3600);
      const maker = await app.apiKey(await app.member(), { expiresAt });
      const { apiKey } = await create(maker).expectSuccess();
      expect(apiKey.expiresAt).toBe(expiresAt);
    });

    test('a key that is bound to a workspace creates keys only for that workspace, named in the input or not', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const bound = await app.apiKey(member, { workspaceId });
      for (const input of [{}, { workspaceId }]) {
        const { apiKey } = await create(bound, input).expectSuccess();
        const made = await app.as(member).apiKey({ id: apiKey.id });
        expect(made?.workspace).toEqual({ id: workspaceId });
      }
    });

    test('an administrator gives a key any permission, and the key can give its permissions to another key', async () => {
      const admin = await app.admin();
      const permissions = ['billing:read', 'billing:write'];
      const maker = await app.apiKey(admin, { scopes: ['API_KEYS_WRITE'], permissions });
      const { apiKey } = await create(maker, { permissions: ['billing:read', 'billing:read'] }).expectSuccess();
      expect(apiKey.permissions).toEqual(['billing:read']);
    });

    test('a key has its description, metadata, addresses in one spelling, and rate limit', async () => {
      const member = await app.member();
      const settings = {
        description: 'Deploys the web site',
        metadata: [
          { key: 'team', value: 'payments' },
          { key: 'cost center', value: '' },
        ],
        rateLimit: { requests: 100, windowSeconds: 60 },
      };
      const allowedAddresses = ['::ffff:127.0.0.1', '127.0.0.1', '10.1.2.3/8', '2001:DB8::0/32'];
      const { apiKey, secret } = await create(member, { ...settings, allowedAddresses }).expectSuccess();
      const expected = { ...settings, allowedAddresses: ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32'] };
      expect(apiKey).toMatchObject(expected);
      expect(await app.as(member).apiKey({ id: apiKey.id })).toMatchObject(expected);
      expect(await app.accepts(secret)).toBe(true);
    });

    test('an owner creates a key that belongs to the workspace, and to no user', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const { apiKey, secret } = await create(member, { owner: 'WORKSPACE', workspaceId }).expectSuccess();
      const made = await app.as(member).apiKey({ id: apiKey.id });
      expect(made).toMatchObject({ user: null, workspace: { id: workspaceId }, createdBy: { id: member.id } });
      expect(await app.accepts(secret)).toBe(true);
    });

    test('F1.5: a key that may be used from some addresses only gives a new key the same ones', async () => {
      const maker = await app.apiKey(await app.member(), { allowedAddresses: ['127.0.0.0/8'] });
      expect((await create(maker).expectSuccess()).apiKey.allowedAddresses).toEqual(['127.0.0.0/8']);
      const narrower = await create(maker, { allowedAddresses: ['127.0.0.1'] }).expectSuccess();
      expect(narrower.apiKey.allowedAddresses).toEqual(['127.0.0.1']);
    });
  });

  describe('IdempotencyKeyReusedError', () => {
    test('the same idempotency key with other input creates nothing', async () => {
      const member = await app.member();
      const { apiKey } = await create(member, { idempotencyKey: 'deploy-1' }).expectSuccess();
      const refused = await create(member, { idempotencyKey: 'deploy-1', name: 'other' }).expect(
        'IdempotencyKeyReusedError',
      );
      expect(refused.message).toContain('idempotency');
      expect(await keysOf(member)).toEqual([apiKey.id]);
    });
  });

  describe('ScopeNotHeldError', () => {
    test('F1.5: a key cannot give a new key a scope that it does not hold', async () => {
      const member = await app.member();
      const maker = await app.apiKey(member, { scopes: ['API_KEYS_WRITE'] });
      const refused = await create(maker, { scopes: ['SESSIONS_WRITE', 'API_KEYS_WRITE'] }).expect('ScopeNotHeldError');
      expect(refused).toMatchObject({ scopes: ['SESSIONS_WRITE'] });
      expect(await keysOf(member)).toEqual([maker.id]);
    });

    test.each(['ADMIN', 'INTROSPECT'] as const)('a member cannot give a key the scope %s', async (scope) => {
      const member = await app.member();
      const refused = await create(member, { scopes: ['API_KEYS_READ', scope] }).expect('ScopeNotHeldError');
      expect(refused).toMatchObject({ scopes: [scope] });
      expect(await keysOf(member)).toEqual([]);
    });
  });

  test('a key that is bound to a workspace cannot read or revoke the sessions of its owner', async () => {
    const member = await app.member();
    const scopes = ['SESSIONS_READ', 'SESSIONS_WRITE'] as const;
    const refused = await create(member, { scopes: [...scopes], workspaceId: await app.workspace(member) }).expect(
      'InvalidInputError',
    );
    expect(refused).toMatchObject({ fields: [{ path: 'input.scopes' }] });
    // A key from a time when the service allowed this.
    const bound = await app.apiKey(member, { scopes });
    await app.sql('update api_keys set workspace_id = ? where id = ?', [await app.workspace(member), bound.id]);
    // With SESSIONS_READ it follows the revocations of its workspace. Sessions belong to none.
    const reader = app.as({ apiKey: bound.secret });
    expect((await reader.sessions()).nodes).toEqual([]);
    expect((await reader.revocations()).nodes).toEqual([]);
    const { errors } = await app.graphql(
      'mutation { revokeAllSessions(input: {}) { __typename } }',
      {},
      { apiKey: bound.secret },
    );
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect(await app.accepts(member.accessToken)).toBe(true);
  });

  describe('WorkspaceNotFoundError', () => {
    test('another user’s workspace gets the same error as an unknown one', async () => {
      const member = await app.member();
      const foreign = await app.workspace(await app.member());
      const [one, other] = await Promise.all(
        [foreign, 'wsp_00000000000000000000000000'].map((workspaceId) =>
          create(member, { workspaceId }).expect('WorkspaceNotFoundError'),
        ),
      );
      expect(other).toEqual(one);
      expect(await keysOf(member)).toEqual([]);
    });

    test('a key that is bound to a workspace cannot create a key for another workspace of its owner', async () => {
      const member = await app.member();
      const [mine, alsoMine] = [await app.workspace(member), await app.workspace(member)];
      const bound = await app.apiKey(member, { workspaceId: mine });
      await create(bound, { workspaceId: alsoMine }).expect('WorkspaceNotFoundError');
      expect(await keysOf(member)).toEqual([bound.id]);
    });
  });

  describe('InvalidInputError', () => {
    test.each([
      ['an empty name', { name: ' ' }, 'input.name'],
      ['a name of 101 characters', { name: 'x'.repeat(101) }, 'input.name'],
      ['a name with a line break', { name: 'a\nb' }, 'input.name'],
      ['a name with a control character', { name: 'a\u0007b' }, 'input.name'],
      ['F1.10: an expiration in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'input.expiresAt'],
      ['F1.10: an expiration at the current time', { expiresAt: new Date().toISOString() }, 'input.expiresAt'],
      ['a permission with a comma', { permissions: ['a,b'] }, 'input.permissions'],
      ['an empty permission', { permissions: [''] }, 'input.permissions'],
      ['a permission of 101 characters', { permissions: ['x'.repeat(101)] }, 'input.permissions.0'],
      ['the permission "-", which means an empty list', { permissions: ['-'] }, 'input.permissions'],
      [
        'permissions that are together too long for a header',
        { permissions: Array.from({ length: 21 }, (_, i) => `${i}`.padEnd(98, 'x')) },
        'input.permissions',
      ],
      ['51 permissions', { permissions: Array.from({ length: 51 }, (_, i) => `p${i}`) }, 'input.permissions'],
      ['an empty description', { description: '' }, 'input.description'],
      ['a description of 501 characters', { description: 'x'.repeat(501) }, 'input.description'],
      ['21 entries', { metadata: times(21, (i) => ({ key: `${i}`, value: '' })) }, 'input.metadata'],
      ['an entry without a key', { metadata: [{ key: '', value: '' }] }, 'input.metadata.0.key'],
      ['the same entry twice', { metadata: times(2, (i) => ({ key: 'a', value: `${i}` })) }, 'input.metadata'],
      ['a long value', { metadata: [{ key: 'x', value: 'x'.repeat(501) }] }, 'input.metadata.0.value'],
      ['a host name as an address', { allowedAddresses: ['example.com'] }, 'input.allowedAddresses'],
      ['a network of 129 bits', { allowedAddresses: ['2001:db8::/129'] }, 'input.allowedAddresses'],
      ['51 addresses', { allowedAddresses: times(51, (i) => `10.0.0.${i}`) }, 'input.allowedAddresses'],
      ['a rate limit of 0', { rateLimit: { requests: 0, windowSeconds: 1 } }, 'input.rateLimit.requests'],
      ['a window of 0 s', { rateLimit: { requests: 1, windowSeconds: 0 } }, 'input.rateLimit.windowSeconds'],
      ['a key of a workspace without one', { owner: 'WORKSPACE' as const }, 'input.workspaceId'],
      ['an idempotency key with a space', { idempotencyKey: 'a b' }, 'input.idempotencyKey'],
    ])('%s is rejected', async (_what, input, path) => {
      const refused = await create(await app.admin(), input).expect('InvalidInputError');
      expect(refused.fields.map(({ path }) => path)).toEqual([path]);
    });

    test('every invalid field is reported at once, and no key is created', async () => {
      const member = await app.member();
      const input = { name: '', permissions: ['a b'], expiresAt: '2020-01-01T00:00:00Z' };
      const refused = await create(member, input).expect('InvalidInputError');
      expect(refused.fields.map(({ path }) => path)).toEqual(['input.name', 'input.permissions', 'input.expiresAt']);
      expect(await keysOf(member)).toEqual([]);
    });

    test('the length of a name is counted in characters, not in code units', async () => {
      const { apiKey } = await create(await app.member(), { name: '🗝'.repeat(100) }).expectSuccess();
      expect(apiKey.name).toBe('🗝'.repeat(100));
    });

    test('a member cannot give a permission, and a key cannot give one that it does not have', async () => {
      const member = await app.member();
      const byMember = await create(member, { permissions: ['billing:read'] }).expect('InvalidInputError');
      expect(byMember).toMatchObject({ fields: [{ path: 'input.permissions' }] });

      const admin = await app.admin();
      const maker = await app.apiKey(admin, { scopes: ['API_KEYS_WRITE'], permissions: ['billing:read'] });
      const byKey = await create(maker, { permissions: ['billing:read', 'billing:write'] }).expect('InvalidInputError');
      expect(byKey).toMatchObject({ fields: [{ path: 'input.permissions' }] });
      expect(byKey.message).toContain('billing:write');
      expect(byKey.message).not.toContain('billing:read');
    });

    test('F1.5: a key cannot give a new key an address that it lacks', async () => {
      const member = await app.member();
      const maker = await app.apiKey(member, { allowedAddresses: ['127.0.0.0/8'] });
      for (const address of ['10.0.0.1', '126.0.0.0/7', '0.0.0.0/0', '::1']) {
        const refused = await create(maker, { allowedAddresses: [address] }).expect('InvalidInputError');
        expect(refused, address).toMatchObject({ fields: [{ path: 'input.allowedAddresses' }] });
      }
      expect(await keysOf(member)).toEqual([maker.id]);
    });

    test('F1.5: a key cannot outlive the key that creates it', async () => {
      const member = await app.member();
      const maker = await app.apiKey(member, { expiresAt: inSeconds(60) });
      const refused = await create(maker, { expiresAt: inSeconds(120) }).expect('InvalidInputError');
      expect(refused).toMatchObject({ fields: [{ path: 'input.expiresAt' }] });
      expect(await keysOf(member)).toEqual([maker.id]);
    });
  });

  describe('authorization', () => {
    test('a request without a credential gets UNAUTHENTICATED', async () => {
      const { data } = await create({}).expectError('UNAUTHENTICATED');
      expect(data ?? null).toBeNull();
    });

    test('F4.4: a key without the scope API_KEYS_WRITE gets FORBIDDEN', async () => {
      const member = await app.member();
      const reader = await app.apiKey(member, { scopes: ['API_KEYS_READ'] });
      await create(reader).expectError('FORBIDDEN');
      expect(await keysOf(member)).toEqual([reader.id]);
    });
  });
});

describe.each(backends())('ApiKeyQuotaError: a quota of five keys on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { REKEY_API_KEYS_PER_USER: '5' } });
  });
  afterAll(() => app.close());

  const create = (account: Account) => app.as(account).createApiKey({ name: 'k' });

  test('F0.11: of twenty calls at once exactly five succeed', async () => {
    const member = await app.member();
    const results = await Promise.all(times(20, () => create(member)));
    const refused = results.filter(({ __typename }) => __typename !== 'CreateApiKeySuccess');
    expect(refused).toHaveLength(15);
    for (const result of refused) expect(result).toMatchObject({ __typename: 'ApiKeyQuotaError', limit: 5 });
    const [row] = await app.sql('select count(*)::int as n from api_keys where user_id = ?', [member.id]);
    expect(row.n).toBe(5);
  });

  test('revoked and expired keys, and keys of other users, do not count', async () => {
    const [member, other] = [await app.member(), await app.member()];
    const first = await app.apiKey(member, { expiresAt: inSeconds(3600) });
    const second = await app.apiKey(member);
    for (let i = 0; i < 3; i++) await app.apiKey(member);
    await create(member).expect('ApiKeyQuotaError');
    await create(other).expectSuccess();

    await app.as(member).revokeApiKey({ apiKeyId: second.id }).expectSuccess();
    await create(member).expectSuccess();
    await create(member).expect('ApiKeyQuotaError');

    await app.sql('update api_keys set expires_at = now() where id = ?', [first.id]);
    await create(member).expectSuccess();
    await create(member).expect('ApiKeyQuotaError');
  });
});
