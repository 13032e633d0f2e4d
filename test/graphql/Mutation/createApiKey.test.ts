import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type Presented, type TestApp } from '../../support/app.ts';

const KEY = `id name hint scopes permissions createdAt createdFromIp expiresAt lastUsedAt rotatedAt previousSecretExpiresAt
  revokedAt revocationReason status user { id } workspace { id }`;
const SELECTION = `... on CreateApiKeySuccess { secret apiKey { ${KEY} } } ... on ScopeNotHeldError { scopes }
  ... on ApiKeyQuotaError { limit } ... on InvalidInputError { fields { path message } }`;
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe.each(backends())('createApiKey on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const create = (credential: Presented, input: object = {}) =>
    app.mutate('createApiKey', { name: 'deploy bot', ...input }, SELECTION, credential);

  async function keysOf(account: Account): Promise<string[]> {
    const { data } = await app.graphql('{ apiKeys(first: 100) { nodes { id } } }', {}, { bearer: account.accessToken });
    return data.apiKeys.nodes.map((key: { id: string }) => key.id);
  }

  async function workspaceOf(account: Account): Promise<string> {
    const selection = '... on CreateWorkspaceSuccess { workspace { id } }';
    const made = await app.mutate('createWorkspace', { name: 'a team' }, selection, { bearer: account.accessToken });
    return made.workspace.id;
  }

  describe('CreateApiKeySuccess', () => {
    test('F4.2: whoever has nothing but an account gets a first key, and it works at once', async () => {
      const member = await app.member();
      const { __typename, secret, apiKey } = await create({ bearer: member.accessToken });
      expect(__typename).toBe('CreateApiKeySuccess');
      expect(secret).toMatch(/^rka_[0-9A-Za-z]{36}$/);
      for (const credential of [{ bearer: secret }, { apiKey: secret }]) {
        const { data } = await app.graphql('{ viewer { user { id } credential { id } } }', {}, credential);
        expect(data.viewer).toEqual({ user: { id: member.id }, credential: { id: apiKey.id } });
      }
    });

    test('F0.11: a key has a name, scopes, an end, the address it was made from, and nothing that has not happened', async () => {
      const member = await app.member();
      const expiresAt = inSeconds(3600);
      const { apiKey, secret } = await create(
        { bearer: member.accessToken },
        { name: '  nightly backup ', scopes: ['API_KEYS_READ', 'SESSIONS_READ', 'API_KEYS_READ'], expiresAt },
      );
      expect(apiKey).toEqual({
        id: expect.stringMatching(/^key_[0-9a-hjkmnp-tv-z]{26}$/i),
        name: 'nightly backup',
        hint: `rka_…${secret.slice(-4)}`,
        scopes: ['API_KEYS_READ', 'SESSIONS_READ'],
        permissions: [],
        createdAt: expect.any(String),
        createdFromIp: '127.0.0.1',
        expiresAt,
        lastUsedAt: null,
        rotatedAt: null,
        previousSecretExpiresAt: null,
        revokedAt: null,
        revocationReason: null,
        status: 'ACTIVE',
        user: { id: member.id },
        workspace: null,
      });
      expect(Math.abs(Date.parse(apiKey.createdAt) - Date.now())).toBeLessThan(10_000);
    });

    test('the id of a key does not work as its secret', async () => {
      const { apiKey } = await create({ bearer: (await app.member()).accessToken });
      expect(await app.accepts(apiKey.id)).toBe(false);
    });

    test('F4.4: the secret is in its one answer, which nobody may keep, and neither in the database nor in the log', async () => {
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

    test('F0.11: a key can be read again, its secret never: no type that a query reaches has one', async () => {
      const member = await app.member();
      const document = '{ __schema { types { name fields { type { name ofType { name } } } } } }';
      const { data } = await app.graphql(document, {}, { bearer: member.accessToken });
      type Type = { name: string; fields: { type: { name: string; ofType: { name: string } | null } }[] | null };
      const withSecrets = (data.__schema.types as Type[])
        .filter(({ fields }) => fields?.some(({ type }) => [type.name, type.ofType?.name].includes('Secret')))
        .map(({ name }) => name);
      expect(withSecrets).toContain('CreateApiKeySuccess');
      expect(withSecrets.filter((name) => !/Success$|^SessionTokens$/.test(name))).toEqual([]);
    });

    test('F1.10: who made it, when and from where is recorded in the same commit', async () => {
      const member = await app.member();
      const { apiKey } = await create({ bearer: member.accessToken });
      const sql = 'select * from audit_events where subject_id = ?';
      const events = await app.sql(sql, [apiKey.id]);
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        type: 'api-key.created',
        actor_user_id: member.id,
        actor_credential_id: member.sessionId,
        ip_address: '127.0.0.1',
      });
    });

    test('F4.7: an X-Forwarded-For from nobody we trust is not believed, and breaks nothing however long it is', async () => {
      const headers = { 'x-forwarded-for': Array.from({ length: 300 }, (_, i) => `203.0.113.${i % 256}`).join(', ') };
      const { apiKey } = await create({ bearer: (await app.member()).accessToken, headers });
      expect(apiKey.createdFromIp).toBe('127.0.0.1');
    });

    test('a session makes keys without an end, for they may outlive it', async () => {
      const { apiKey } = await create({ bearer: (await app.member()).accessToken });
      expect(apiKey.expiresAt).toBeNull();
    });

    test('F1.5: a key of a key ends with its maker where nothing else is said', async () => {
      const expiresAt = inSeconds(3600);
      const maker = await app.apiKey(await app.member(), { expiresAt });
      const { apiKey } = await create({ apiKey: maker.secret });
      expect(apiKey.expiresAt).toBe(expiresAt);
    });

    test('a key can be bound to a workspace of its owner, and makes keys for that one alone, named or not', async () => {
      const member = await app.member();
      const workspaceId = await workspaceOf(member);
      const bound = await app.apiKey(member, { workspaceId });
      for (const input of [{}, { workspaceId }]) {
        const { apiKey } = await create({ apiKey: bound.secret }, input);
        expect(apiKey.workspace).toEqual({ id: workspaceId });
      }
    });

    test('an administrator gives any permission to a key, and the key hands on what it holds', async () => {
      const admin = await app.admin();
      const permissions = ['billing:read', 'billing:write'];
      const maker = await app.apiKey(admin, { scopes: ['API_KEYS_WRITE'], permissions });
      const { apiKey } = await create({ apiKey: maker.secret }, { permissions: ['billing:read', 'billing:read'] });
      expect(apiKey.permissions).toEqual(['billing:read']);
    });
  });

  describe('ScopeNotHeldError', () => {
    test('F1.5: a key never gets a scope that its maker does not hold', async () => {
      const member = await app.member();
      const maker = await app.apiKey(member, { scopes: ['API_KEYS_WRITE'] });
      const refused = await create({ apiKey: maker.secret }, { scopes: ['SESSIONS_WRITE', 'API_KEYS_WRITE'] });
      expect(refused).toMatchObject({ __typename: 'ScopeNotHeldError', scopes: ['SESSIONS_WRITE'] });
      expect(await keysOf(member)).toEqual([maker.id]);
    });

    test.each(['ADMIN', 'INTROSPECT'])('no member gives a key the scope %s', async (scope) => {
      const member = await app.member();
      const refused = await create({ bearer: member.accessToken }, { scopes: ['API_KEYS_READ', scope] });
      expect(refused).toMatchObject({ __typename: 'ScopeNotHeldError', scopes: [scope] });
      expect(await keysOf(member)).toEqual([]);
    });
  });

  test('a key that is bound to a workspace has no say in the sessions of its owner', async () => {
    const member = await app.member();
    const scopes = ['SESSIONS_READ', 'SESSIONS_WRITE'];
    for (const scope of scopes) {
      const refused = await create(
        { bearer: member.accessToken },
        { scopes: [scope], workspaceId: await workspaceOf(member) },
      );
      expect(refused).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: 'input.scopes' }] });
    }
    // One that was made when that was allowed.
    const bound = await app.apiKey(member, { scopes });
    await app.sql('update api_keys set workspace_id = ? where id = ?', [await workspaceOf(member), bound.id]);
    for (const document of [
      '{ sessions { nodes { id } } }',
      'mutation { revokeAllSessions(input: {}) { __typename } }',
    ]) {
      const { errors } = await app.graphql(document, {}, { apiKey: bound.secret });
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    expect(await app.accepts(member.accessToken)).toBe(true);
  });

  describe('WorkspaceNotFoundError', () => {
    test('a workspace of somebody else is not found, in the same words as one that does not exist', async () => {
      const member = await app.member();
      const foreign = await workspaceOf(await app.member());
      const [one, other] = await Promise.all(
        [foreign, 'wsp_00000000000000000000000000'].map((workspaceId) =>
          create({ bearer: member.accessToken }, { workspaceId }),
        ),
      );
      expect(one.__typename).toBe('WorkspaceNotFoundError');
      expect(other).toEqual(one);
      expect(await keysOf(member)).toEqual([]);
    });

    test('a key that is bound to a workspace makes none for another one of its owner', async () => {
      const member = await app.member();
      const [mine, alsoMine] = [await workspaceOf(member), await workspaceOf(member)];
      const bound = await app.apiKey(member, { workspaceId: mine });
      const refused = await create({ apiKey: bound.secret }, { workspaceId: alsoMine });
      expect(refused.__typename).toBe('WorkspaceNotFoundError');
      expect(await keysOf(member)).toEqual([bound.id]);
    });
  });

  describe('InvalidInputError', () => {
    test.each([
      ['an empty name', { name: ' ' }, 'input.name'],
      ['a name of 101 characters', { name: 'x'.repeat(101) }, 'input.name'],
      ['a name with a line break', { name: 'a\nb' }, 'input.name'],
      ['a name with a control character', { name: 'a\u0007b' }, 'input.name'],
      ['F1.10: an end in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'input.expiresAt'],
      ['F1.10: an end that is now', { expiresAt: new Date().toISOString() }, 'input.expiresAt'],
      ['a permission with a comma', { permissions: ['a,b'] }, 'input.permissions'],
      ['an empty permission', { permissions: [''] }, 'input.permissions'],
      ['a permission of 101 characters', { permissions: ['x'.repeat(101)] }, 'input.permissions.0'],
      ['a permission that means none in a list', { permissions: ['-'] }, 'input.permissions'],
      [
        'permissions that no gateway passes on',
        { permissions: Array.from({ length: 21 }, (_, i) => `${i}`.padEnd(98, 'x')) },
        'input.permissions',
      ],
      ['51 permissions', { permissions: Array.from({ length: 51 }, (_, i) => `p${i}`) }, 'input.permissions'],
    ])('%s is refused', async (_what, input, path) => {
      const refused = await create({ bearer: (await app.admin()).accessToken }, input);
      expect(refused.__typename).toBe('InvalidInputError');
      expect(refused.fields.map((field: { path: string }) => field.path)).toEqual([path]);
    });

    test('everything that is wrong is said at once', async () => {
      const member = await app.member();
      const input = { name: '', permissions: ['a b'], expiresAt: '2020-01-01T00:00:00Z' };
      const refused = await create({ bearer: member.accessToken }, input);
      expect(refused.fields.map((field: { path: string }) => field.path)).toEqual([
        'input.name',
        'input.permissions',
        'input.expiresAt',
      ]);
      expect(await keysOf(member)).toEqual([]);
    });

    test('names are counted in characters, whatever they are written in', async () => {
      const { apiKey } = await create({ bearer: (await app.member()).accessToken }, { name: '🗝'.repeat(100) });
      expect(apiKey.name).toBe('🗝'.repeat(100));
    });

    test('a member gives no permission, and neither does a key one that it lacks', async () => {
      const member = await app.member();
      const byMember = await create({ bearer: member.accessToken }, { permissions: ['billing:read'] });
      expect(byMember).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: 'input.permissions' }] });

      const admin = await app.admin();
      const maker = await app.apiKey(admin, { scopes: ['API_KEYS_WRITE'], permissions: ['billing:read'] });
      const byKey = await create({ apiKey: maker.secret }, { permissions: ['billing:read', 'billing:write'] });
      expect(byKey).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: 'input.permissions' }] });
      expect(byKey.message).toContain('billing:write');
      expect(byKey.message).not.toContain('billing:read');
    });

    test('F1.5: no key outlives the key that makes it', async () => {
      const member = await app.member();
      const maker = await app.apiKey(member, { expiresAt: inSeconds(60) });
      const refused = await create({ apiKey: maker.secret }, { expiresAt: inSeconds(120) });
      expect(refused).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: 'input.expiresAt' }] });
      expect(await keysOf(member)).toEqual([maker.id]);
    });
  });

  describe('who may not', () => {
    const DOCUMENT = 'mutation { createApiKey(input: { name: "k" }) { __typename } }';

    test('nobody makes a key without a credential', async () => {
      const answer = await app.graphql(DOCUMENT);
      expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
      expect(answer.data ?? null).toBeNull();
    });

    test('F4.4: a leaked key that was not made to manage keys makes none', async () => {
      const member = await app.member();
      const reader = await app.apiKey(member, { scopes: ['API_KEYS_READ'] });
      const answer = await app.graphql(DOCUMENT, {}, { apiKey: reader.secret });
      expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      expect(await keysOf(member)).toEqual([reader.id]);
    });
  });
});

describe.each(backends())('a quota of five keys on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { REKEY_API_KEYS_PER_USER: '5' } });
  });
  afterAll(() => app.close());

  const create = (account: Account, input: object = {}) =>
    app.mutate('createApiKey', { name: 'k', ...input }, SELECTION, { bearer: account.accessToken });

  test('F0.11: of twenty keys made at once, five are made', async () => {
    const member = await app.member();
    const results = await Promise.all(Array.from({ length: 20 }, () => create(member)));
    const refused = results.filter(({ __typename }) => __typename !== 'CreateApiKeySuccess');
    expect(refused).toHaveLength(15);
    for (const result of refused) expect(result).toMatchObject({ __typename: 'ApiKeyQuotaError', limit: 5 });
    const [row] = await app.sql('select count(*)::int as n from api_keys where user_id = ?', [member.id]);
    expect(row.n).toBe(5);
  });

  test('keys that no longer work take no place, and neither do those of others', async () => {
    const [member, other] = [await app.member(), await app.member()];
    const first = await app.apiKey(member, { expiresAt: inSeconds(3600) });
    const second = await app.apiKey(member);
    for (let i = 0; i < 3; i++) await app.apiKey(member);
    expect((await create(member)).__typename).toBe('ApiKeyQuotaError');
    expect((await create(other)).__typename).toBe('CreateApiKeySuccess');

    await app.mutate('revokeApiKey', { apiKeyId: second.id }, '', { bearer: member.accessToken });
    expect((await create(member)).__typename).toBe('CreateApiKeySuccess');
    expect((await create(member)).__typename).toBe('ApiKeyQuotaError');

    await app.sql('update api_keys set expires_at = now() where id = ?', [first.id]);
    expect((await create(member)).__typename).toBe('CreateApiKeySuccess');
    expect((await create(member)).__typename).toBe('ApiKeyQuotaError');
  });
});
