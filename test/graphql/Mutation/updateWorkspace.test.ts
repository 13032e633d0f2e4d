import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { outsiders } from '../../support/workspaces.ts';

describe.each(backends())('updateWorkspace on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
  });
  afterAll(() => app.close());

  const nameOf = async (id: string) => (await app.sql('select name from workspaces where id = ?', [id]))[0].name;

  describe('UpdateWorkspaceSuccess', () => {
    test('an owner and an administrator change the name', async () => {
      for (const caller of [owner, await app.admin()]) {
        const workspaceId = await app.workspace(owner);
        const { workspace, receipt } = await app
          .as(caller)
          .updateWorkspace({ workspaceId, name: ' Blue Team ' })
          .expectSuccess();
        expect(workspace).toMatchObject({ id: workspaceId, name: 'Blue Team', requiresSignedRequests: false });
        expect(receipt).toBeNull();
        expect((await app.as(owner).workspace({ id: workspaceId }))?.name).toBe('Blue Team');
      }
    });

    test('an update that changes nothing succeeds', async () => {
      const workspaceId = await app.workspace(owner, 'the same');
      for (const changes of [{}, { name: 'the same' }, { requiresSignedRequests: false }]) {
        const { workspace } = await app
          .as(owner)
          .updateWorkspace({ workspaceId, ...changes })
          .expectSuccess();
        expect(workspace.name).toBe('the same');
      }
    });

    test('a key that is bound to the workspace changes it with the role of its user, and no other workspace', async () => {
      const [workspaceId, other] = [await app.workspace(owner), await app.workspace(owner)];
      const key = await app.apiKey(owner, { workspaceId, scopes: ['WORKSPACES_WRITE'] });
      await app.as(key).updateWorkspace({ workspaceId, name: 'by a key' }).expectSuccess();
      await app.as(key).updateWorkspace({ workspaceId: other, name: 'by a key' }).expect('WorkspaceNotFoundError');
      expect([await nameOf(workspaceId), await nameOf(other)]).toEqual(['by a key', 'a workspace of the tests']);
    });
  });

  test('WorkspaceNotFoundError: a workspace that the caller may not see, in the same words as an unknown one', async () => {
    const workspaceId = await app.workspace(owner);
    const unknown = await app
      .as(owner)
      .updateWorkspace({ workspaceId: 'wsp_00000000000000000000000000', name: 'x' })
      .expect('WorkspaceNotFoundError');
    for (const caller of await outsiders(app)) {
      const refused = await app.as(caller).updateWorkspace({ workspaceId, name: 'x' }).expect('WorkspaceNotFoundError');
      expect(refused).toEqual(unknown);
    }
    expect(await nameOf(workspaceId)).toBe('a workspace of the tests');
  });

  describe('InvalidInputError', () => {
    test.each([
      ['an empty name', { name: ' ' }, 'input.name'],
      ['a name of 101 characters', { name: 'x'.repeat(101) }, 'input.name'],
      ['no name', { name: null }, 'input.name'],
      ['neither with nor without signed requests', { requiresSignedRequests: null }, 'input.requiresSignedRequests'],
    ])('%s is rejected, and nothing is changed', async (_what, changes, path) => {
      const workspaceId = await app.workspace(owner);
      const input = { workspaceId, name: 'changed', ...changes };
      const { fields } = await app.as(owner).updateWorkspace(input).expect('InvalidInputError');
      expect(fields.map((field) => field.path)).toEqual([path]);
      expect(await nameOf(workspaceId)).toBe('a workspace of the tests');
    });
  });

  test('a member who is no owner gets FORBIDDEN, also with a key that is bound to the workspace', async () => {
    const workspaceId = await app.workspace(owner);
    const member = await app.member();
    await app.as(owner).addWorkspaceMember({ workspaceId, email: member.email }).expectSuccess();
    const key = await app.apiKey(member, { workspaceId, scopes: ['WORKSPACES_WRITE'] });
    for (const caller of [member, key])
      await app.as(caller).updateWorkspace({ workspaceId, name: 'x' }).expectError('FORBIDDEN');
    expect(await nameOf(workspaceId)).toBe('a workspace of the tests');
  });
});
