import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type Presented, type TestApp } from '../../support/app.ts';
import { as } from '../../support/sessions.ts';

const DOCUMENT = 'query ($id: ID!) { workspace(id: $id) { id name requiresSignedRequests createdAt } }';

describe.each(backends())('workspace on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const read = async (id: string, credential: Presented) => {
    const { data, errors } = await app.graphql(DOCUMENT, { id }, credential);
    expect(errors).toBeUndefined();
    return data.workspace;
  };
  async function workspaceOf(account: Account): Promise<{ id: string }> {
    const selection = '... on CreateWorkspaceSuccess { workspace { id name requiresSignedRequests createdAt } }';
    return (await app.mutate('createWorkspace', { name: 'w' }, selection, as(account))).workspace;
  }

  test('a member finds their own workspace with all fields', async () => {
    const member = await app.member();
    const workspace = await workspaceOf(member);
    expect(await read(workspace.id, as(member))).toEqual(workspace);
  });

  test('a member gets null for another user’s workspace and for an unknown one, and an administrator finds any', async () => {
    const member = await app.member();
    const { id } = await workspaceOf(await app.member());
    for (const other of [id, 'wsp_00000000000000000000000000', '']) expect(await read(other, as(member))).toBeNull();
    expect((await read(id, as(await app.admin()))).id).toBe(id);
  });

  test('a key that is bound to a workspace finds only that workspace, even if it belongs to an administrator', async () => {
    const [member, admin] = [await app.member(), await app.admin()];
    const other = await workspaceOf(member);
    for (const owner of [member, admin]) {
      const bound = await workspaceOf(owner);
      const key = await app.apiKey(owner, { workspaceId: bound.id, scopes: ['WORKSPACES_READ'] });
      expect((await read(bound.id, { apiKey: key.secret })).id).toBe(bound.id);
      expect(await read(other.id, { apiKey: key.secret })).toBeNull();
    }
  });

  test('a key with scopes beyond a workspace cannot be bound to one, and loses these scopes if SQL binds it', async () => {
    const admin = await app.admin();
    const bound = await workspaceOf(admin);
    const refused = await app.mutate(
      'createApiKey',
      { name: 'both', workspaceId: bound.id, scopes: ['ADMIN', 'INTROSPECT', 'WORKSPACES_READ'] },
      '... on InvalidInputError { fields { path } }',
      { bearer: admin.accessToken },
    );
    expect(refused).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: 'input.scopes' }] });
    const key = await app.apiKey(admin, { scopes: ['ADMIN', 'WORKSPACES_READ'] });
    expect(await app.accepts(key.secret)).toBe(true);
    await app.sql('update api_keys set workspace_id = ? where id = ?', [bound.id, key.id]);
    const scopes = async () =>
      (await app.graphql('{ viewer { scopes } }', {}, { apiKey: key.secret })).data.viewer.scopes;
    await expect.poll(scopes).toEqual(['WORKSPACES_READ']);
    const other = await workspaceOf(await app.member());
    expect(await read(other.id, { apiKey: key.secret })).toBeNull();
  });

  test('a key without the scope WORKSPACES_READ gets FORBIDDEN', async () => {
    const member = await app.member();
    const { id } = await workspaceOf(member);
    const key = await app.apiKey(member);
    const { errors } = await app.graphql(DOCUMENT, { id }, { apiKey: key.secret });
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});
