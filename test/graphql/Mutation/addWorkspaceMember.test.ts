import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { times } from '../../support/values.ts';
import { join, outsiders, rolesIn, tagsOf } from '../../support/workspaces.ts';

describe.each(backends())('addWorkspaceMember on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
    workspaceId = await app.workspace(owner);
  });
  afterAll(() => app.close());

  describe('AddWorkspaceMemberSuccess', () => {
    test.each(['MEMBER', 'OWNER'] as const)(
      'the user is a %s of the workspace, in any spelling of the address',
      async (role) => {
        const account = await app.member();
        const email = ` ${account.email.toUpperCase()}`;
        const added = await app.as(owner).addWorkspaceMember({ workspaceId, email, role }).expectSuccess();
        expect(added).toMatchObject({
          workspace: { id: workspaceId },
          user: { id: account.id },
          role,
        });
        expect(await rolesIn(app, workspaceId)).toContainEqual([account.id, role]);
        expect(await app.as(account).workspace({ id: workspaceId })).toMatchObject({ id: workspaceId });
      },
    );

    test('the role defaults to MEMBER, and the log gets no row', async () => {
      const { email } = await app.member();
      const tags = await tagsOf(app, async () => {
        const { role } = await app.as(owner).addWorkspaceMember({ workspaceId, email }).expectSuccess();
        expect(role).toBe('MEMBER');
      });
      expect(tags).toEqual([]);
    });

    test('a user who is a member keeps their role', async () => {
      const present = await join(app, { workspaceId, role: 'OWNER' });
      const before = await rolesIn(app, workspaceId);
      const { role } = await app.as(owner).addWorkspaceMember({ workspaceId, email: present.email }).expectSuccess();
      expect(role).toBe('OWNER');
      expect(await rolesIn(app, workspaceId)).toEqual(before);
    });

    test('of ten calls at once for one user, each succeeds and one adds them', async () => {
      const account = await app.member();
      const input = { workspaceId, email: account.email };
      await Promise.all(times(10, () => app.as(owner).addWorkspaceMember(input).expectSuccess()));
      const events = `select 1 from audit_events where type = 'workspace.member-added' and data ->> 'userId' = ?`;
      expect(await app.sql(events, [account.id])).toHaveLength(1);
    });

    test('a key that is bound to the workspace adds members with the role of its user', async () => {
      const key = await app.apiKey(owner, { workspaceId, scopes: ['WORKSPACES_WRITE'] });
      const account = await app.member();
      const { user } = await app.as(key).addWorkspaceMember({ workspaceId, email: account.email }).expectSuccess();
      expect(user).toEqual({ id: account.id });
    });
  });

  test('WorkspaceNotFoundError: a workspace that the caller may not see, in the same words as an unknown one', async () => {
    const { email } = await app.member();
    const unknown = await app
      .as(owner)
      .addWorkspaceMember({ workspaceId: 'wsp_00000000000000000000000000', email })
      .expect('WorkspaceNotFoundError');
    for (const caller of await outsiders(app))
      expect(await app.as(caller).addWorkspaceMember({ workspaceId, email })).toEqual(unknown);
  });

  describe('UserNotFoundError', () => {
    test.each(['unknown@example.com', 'no address', ''])('no account has the address "%s"', async (email) => {
      const { message } = await app.as(owner).addWorkspaceMember({ workspaceId, email }).expect('UserNotFoundError');
      expect(message).toBe('User not found. Check `email`.');
    });
  });

  test('a member who is no owner gets FORBIDDEN, whether or not the address has an account', async () => {
    const member = await join(app, { workspaceId });
    for (const email of [(await app.member()).email, 'unknown@example.com'])
      await app.as(member).addWorkspaceMember({ workspaceId, email }).expectError('FORBIDDEN');
  });
});
