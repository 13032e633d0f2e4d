import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';

const SELECTION = `... on CreateWorkspaceSuccess { workspace { id name requiresSignedRequests createdAt } }
  ... on InvalidInputError { fields { path } }`;

describe.each(backends())('createWorkspace on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const create = (credential: object, name = 'a team') =>
    app.mutate('createWorkspace', { name }, SELECTION, credential);
  const workspacesOf = async ({ accessToken }: Account) =>
    (await app.graphql('{ workspaces { nodes { id name } } }', {}, { bearer: accessToken })).data.workspaces.nodes;

  test('CreateWorkspaceSuccess: whoever makes a workspace owns it', async () => {
    const member = await app.member();
    const { workspace } = await create({ bearer: member.accessToken }, ' Blue Team ');
    expect(workspace).toEqual({
      id: expect.stringMatching(/^wsp_/),
      name: 'Blue Team',
      requiresSignedRequests: false,
      createdAt: expect.any(String),
    });
    expect(await workspacesOf(member)).toEqual([{ id: workspace.id, name: 'Blue Team' }]);
    const sql = 'select user_id, role from workspace_members where workspace_id = ?';
    const members = await app.sql(sql, [workspace.id]);
    expect(members).toEqual([{ user_id: member.id, role: 'OWNER' }]);
  });

  test('CreateWorkspaceSuccess: a key with the scope makes one for its owner', async () => {
    const member = await app.member();
    const key = await app.apiKey(member, { scopes: ['WORKSPACES_WRITE'] });
    const { workspace } = await create({ apiKey: key.secret });
    expect(await workspacesOf(member)).toEqual([{ id: workspace.id, name: 'a team' }]);
  });

  test.each([
    ['an empty name', ' '],
    ['101 characters', 'x'.repeat(101)],
    ['a control character', 'a\u0007b'],
  ])('InvalidInputError: %s is refused, and nothing is made', async (_what, name) => {
    const member = await app.member();
    const refused = await create({ bearer: member.accessToken }, name);
    expect(refused).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: 'input.name' }] });
    expect(await workspacesOf(member)).toEqual([]);
  });

  test('a key without the scope, and a key that is bound to a workspace, make none', async () => {
    const member = await app.member();
    const { workspace } = await create({ bearer: member.accessToken });
    const keys = [
      await app.apiKey(member, { scopes: ['WORKSPACES_READ'] }),
      await app.apiKey(member, { scopes: ['WORKSPACES_WRITE'], workspaceId: workspace.id }),
    ];
    for (const { secret } of keys) {
      const document = 'mutation { createWorkspace(input: { name: "another" }) { __typename } }';
      const { errors } = await app.graphql(document, {}, { apiKey: secret });
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
    expect(await workspacesOf(member)).toHaveLength(1);
  });
});
