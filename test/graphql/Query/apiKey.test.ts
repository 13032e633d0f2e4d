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

  test('a member finds their own key', async () => {
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

  test('a revoked key is still returned', async () => {
    const member = await app.member();
    const { id } = await app.apiKey(member);
    await app.mutate('revokeApiKey', { apiKeyId: id }, '', as(member));
    expect(await read(id, as(member))).toMatchObject({ status: 'REVOKED', revokedAt: expect.any(String) });
  });

  test('F4.1: a member gets null for another user’s key and for an unknown one', async () => {
    const member = await app.member();
    const foreign = await app.apiKey(await app.member());
    for (const id of [foreign.id, 'key_00000000000000000000000000', 'nonsense', '', "' or true --", '%']) {
      expect(await read(id, as(member))).toBeNull();
    }
  });

  test('an administrator finds the key of any user', async () => {
    const member = await app.member();
    const { id } = await app.apiKey(member);
    expect((await read(id, as(await app.admin()))).user.id).toBe(member.id);
  });

  test('an administrator’s key without the scope ADMIN finds only keys of that administrator', async () => {
    const reader = await app.apiKey(await app.admin(), { scopes: ['API_KEYS_READ'] });
    const foreign = await app.apiKey(await app.member());
    expect(await read(foreign.id, { apiKey: reader.secret })).toBeNull();
    expect((await read(reader.id, { apiKey: reader.secret })).id).toBe(reader.id);
  });

  test('a key that is bound to a workspace finds only keys of that workspace', async () => {
    const member = await app.member();
    const selection = '... on CreateWorkspaceSuccess { workspace { id } }';
    const { workspace } = await app.mutate('createWorkspace', { name: 'w' }, selection, as(member));
    const bound = await app.apiKey(member, { workspaceId: workspace.id });
    const outside = await app.apiKey(member);
    expect((await read(bound.id, { apiKey: bound.secret })).workspace).toEqual({ id: workspace.id });
    expect(await read(outside.id, { apiKey: bound.secret })).toBeNull();
  });

  test('an invalid id gets BAD_USER_INPUT, not an internal error', async () => {
    const { data, errors } = await app.graphql(DOCUMENT, { id: 'key_\u0000' }, as(await app.member()));
    expect(data).toEqual({ apiKey: null });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('F4.4: a key without the scope API_KEYS_READ gets FORBIDDEN, even for itself', async () => {
    const withoutScope = await app.apiKey(await app.member(), { scopes: [] });
    const { data, errors } = await app.graphql(DOCUMENT, { id: withoutScope.id }, { apiKey: withoutScope.secret });
    expect(data).toEqual({ apiKey: null });
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});
