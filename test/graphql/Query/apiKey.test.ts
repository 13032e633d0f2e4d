import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, type Presented, type TestApp } from '../../support/app.ts';
import { as } from '../../support/sessions.ts';

const DOCUMENT = `query ($id: ID!) { apiKey(id: $id) {
  id name hint status scopes user { id email } workspace { id } lastUsedAt revokedAt
} }`;

describe.each(backends())('apiKey on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const read = async (id: string, credential: Presented) => {
    const { data, errors } = await app.graphql(DOCUMENT, { id }, credential);
    expect(errors).toBeUndefined();
    return data.apiKey;
  };

  test('a key of one’s own is found', async () => {
    const member = await app.member();
    const { id, hint } = await app.apiKey(member);
    expect(await read(id, as(member))).toEqual({
      id,
      hint,
      name: 'a key of the tests',
      status: 'ACTIVE',
      scopes: ['API_KEYS_READ', 'API_KEYS_WRITE'],
      user: { id: member.id, email: member.email },
      workspace: null,
      lastUsedAt: null,
      revokedAt: null,
    });
  });

  test('a revoked key can still be looked at', async () => {
    const member = await app.member();
    const { id } = await app.apiKey(member);
    await app.mutate('revokeApiKey', { apiKeyId: id }, '', as(member));
    expect(await read(id, as(member))).toMatchObject({ status: 'REVOKED', revokedAt: expect.any(String) });
  });

  test('F4.1: somebody else’s key is not found, like one that does not exist', async () => {
    const member = await app.member();
    const foreign = await app.apiKey(await app.member());
    for (const id of [foreign.id, 'key_00000000000000000000000000', 'nonsense', '', "' or true --", '%']) {
      expect(await read(id, as(member))).toBeNull();
    }
  });

  test('an administrator finds anybody’s key', async () => {
    const member = await app.member();
    const { id } = await app.apiKey(member);
    expect((await read(id, as(await app.admin()))).user.id).toBe(member.id);
  });

  test('an administrator’s key that lacks the scope ADMIN finds only the administrator’s', async () => {
    const reader = await app.apiKey(await app.admin(), { scopes: ['API_KEYS_READ'] });
    const foreign = await app.apiKey(await app.member());
    expect(await read(foreign.id, { apiKey: reader.secret })).toBeNull();
    expect((await read(reader.id, { apiKey: reader.secret })).id).toBe(reader.id);
  });

  test('a key that is bound to a workspace finds the keys of that workspace alone', async () => {
    const member = await app.member();
    const selection = '... on CreateWorkspaceSuccess { workspace { id } }';
    const { workspace } = await app.mutate('createWorkspace', { name: 'w' }, selection, as(member));
    const bound = await app.apiKey(member, { workspaceId: workspace.id });
    const outside = await app.apiKey(member);
    expect((await read(bound.id, { apiKey: bound.secret })).workspace).toEqual({ id: workspace.id });
    expect(await read(outside.id, { apiKey: bound.secret })).toBeNull();
  });

  test('an id that no key can have is the caller’s mistake, not a failure of the service', async () => {
    const { data, errors } = await app.graphql(DOCUMENT, { id: 'key_\u0000' }, as(await app.member()));
    expect(data).toEqual({ apiKey: null });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('F4.4: a key without the scope reads nothing, not even itself', async () => {
    const blind = await app.apiKey(await app.member(), { scopes: [] });
    const { data, errors } = await app.graphql(DOCUMENT, { id: blind.id }, { apiKey: blind.secret });
    expect(data).toEqual({ apiKey: null });
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});
