import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';

describe.each(backends())('createWorkspace on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const create = (caller: Caller, name = 'a team') => app.as(caller).createWorkspace({ name });
  const workspacesOf = async (account: Account) =>
    (await app.as(account).workspaces()).nodes.map(({ id, name }) => ({ id, name }));

  test('CreateWorkspaceSuccess: the caller becomes the owner of the workspace', async () => {
    const member = await app.member();
    const { workspace } = await create(member, ' Blue Team ').expectSuccess();
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

  test('CreateWorkspaceSuccess: a key with the scope WORKSPACES_WRITE creates a workspace for its owner', async () => {
    const member = await app.member();
    const key = await app.apiKey(member, { scopes: ['WORKSPACES_WRITE'] });
    const { workspace } = await create(key).expectSuccess();
    expect(await workspacesOf(member)).toEqual([{ id: workspace.id, name: 'a team' }]);
  });

  test.each([
    ['an empty name', ' '],
    ['a name of 101 characters', 'x'.repeat(101)],
    ['a name with a control character', 'a\u0007b'],
  ])('InvalidInputError: %s is rejected, and no workspace is created', async (_what, name) => {
    const member = await app.member();
    const refused = await create(member, name).expect('InvalidInputError');
    expect(refused).toMatchObject({ fields: [{ path: 'input.name' }] });
    expect(await workspacesOf(member)).toEqual([]);
  });

  test('a key without the scope WORKSPACES_WRITE, or bound to a workspace, gets FORBIDDEN', async () => {
    const member = await app.member();
    const { workspace } = await create(member).expectSuccess();
    const keys = [
      await app.apiKey(member, { scopes: ['WORKSPACES_READ'] }),
      await app.apiKey(member, { scopes: ['WORKSPACES_WRITE'], workspaceId: workspace.id }),
    ];
    for (const key of keys) await create(key, 'another').expectError('FORBIDDEN');
    expect(await workspacesOf(member)).toHaveLength(1);
  });
});
