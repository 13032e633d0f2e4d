import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { join, outsiders, rolesIn, tagsOf } from '../../support/workspaces.ts';

describe.each(backends())('setWorkspaceMemberRole on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
  });
  afterAll(() => app.close());

  describe('SetWorkspaceMemberRoleSuccess', () => {
    test('a promotion has no receipt and appends no row, and the new owner manages the workspace', async () => {
      const workspaceId = await app.workspace(owner);
      const member = await join(app, { workspaceId });
      const tags = await tagsOf(app, async () => {
        const input = { workspaceId, userId: member.id, role: 'OWNER' } as const;
        const set = await app.as(owner).setWorkspaceMemberRole(input).expectSuccess();
        expect(set).toMatchObject({
          workspace: { id: workspaceId },
          user: { id: member.id },
          role: 'OWNER',
          receipt: null,
        });
      });
      expect(tags).toEqual([]);
      await app.as(member).updateWorkspace({ workspaceId, name: 'by the new owner' }).expectSuccess();
    });

    test('a demotion appends one row, has a receipt, and keys of the member act with the lower role', async () => {
      const workspaceId = await app.workspace(owner);
      const second = await join(app, { workspaceId, role: 'OWNER' });
      const key = await app.apiKey(second, { workspaceId, scopes: ['WORKSPACES_WRITE'] });
      await app.as(key).updateWorkspace({ workspaceId, name: 'as an owner' }).expectSuccess();
      const input = { workspaceId, userId: second.id, role: 'MEMBER' } as const;
      const tags = await tagsOf(app, async () => {
        for (const _ of [1, 2]) {
          const { receipt } = await app.as(owner).setWorkspaceMemberRole(input).expectSuccess();
          expect(receipt?.propagation).toBe('ACKNOWLEDGED');
        }
      });
      expect(tags).toEqual([`member:${workspaceId}:${second.id}`]);
      for (const caller of [second, key])
        await app.as(caller).updateWorkspace({ workspaceId, name: 'as a member' }).expectError('FORBIDDEN');
      expect(await app.accepts(key.secret)).toBe(true);
    });

    test('an owner gives up the role if there is another owner, and an administrator changes every role', async () => {
      const workspaceId = await app.workspace(owner);
      const second = await join(app, { workspaceId });
      const set = (caller: Account, userId: string, role: 'MEMBER' | 'OWNER') =>
        app.as(caller).setWorkspaceMemberRole({ workspaceId, userId, role }).expectSuccess();
      await set(await app.admin(), second.id, 'OWNER');
      await set(owner, owner.id, 'MEMBER');
      expect(await rolesIn(app, workspaceId)).toEqual([
        [owner.id, 'MEMBER'],
        [second.id, 'OWNER'],
      ]);
    });
  });

  test('WorkspaceNotFoundError: a workspace that the caller may not see, in the same words as an unknown one', async () => {
    const workspaceId = await app.workspace(owner);
    const input = { workspaceId, userId: owner.id, role: 'MEMBER' } as const;
    const unknown = await app
      .as(owner)
      .setWorkspaceMemberRole({ ...input, workspaceId: 'wsp_00000000000000000000000000' })
      .expect('WorkspaceNotFoundError');
    for (const caller of await outsiders(app))
      expect(await app.as(caller).setWorkspaceMemberRole(input)).toEqual(unknown);
  });

  test('UserNotFoundError: a user who is no member, in the same words as an unknown one', async () => {
    const workspaceId = await app.workspace(owner);
    const messages = await Promise.all(
      [(await app.member()).id, 'usr_00000000000000000000000000'].map(async (userId) => {
        const input = { workspaceId, userId, role: 'OWNER' } as const;
        return (await app.as(owner).setWorkspaceMemberRole(input).expect('UserNotFoundError')).message;
      }),
    );
    expect(messages[1]).toBe(messages[0]);
  });

  describe('LastOwnerError', () => {
    test('the last owner keeps the role, and an owner whose account is disabled does not count', async () => {
      const workspaceId = await app.workspace(owner);
      const disabled = await join(app, { workspaceId, role: 'OWNER' });
      await app
        .as(await app.admin())
        .disableUser({ userId: disabled.id })
        .expectSuccess();
      for (const caller of [owner, await app.admin()]) {
        const input = { workspaceId, userId: owner.id, role: 'MEMBER' } as const;
        const { workspaces } = await app.as(caller).setWorkspaceMemberRole(input).expect('LastOwnerError');
        expect(workspaces.map(({ id }) => id)).toEqual([workspaceId]);
      }
      expect(await rolesIn(app, workspaceId)).toContainEqual([owner.id, 'OWNER']);
    });

    test('of ten owners who give up the role at once, one keeps it', async () => {
      const workspaceId = await app.workspace(owner);
      const owners = [owner];
      while (owners.length < 10) owners.push(await join(app, { workspaceId, role: 'OWNER' }));
      const results = await Promise.all(
        owners.map((each) => app.as(each).setWorkspaceMemberRole({ workspaceId, userId: each.id, role: 'MEMBER' })),
      );
      expect(results.filter(({ __typename }) => __typename === 'LastOwnerError')).toHaveLength(1);
      expect((await rolesIn(app, workspaceId)).filter(([, role]) => role === 'OWNER')).toHaveLength(1);
    });
  });

  test('a member who is no owner changes no role, not even their own', async () => {
    const workspaceId = await app.workspace(owner);
    const member = await join(app, { workspaceId });
    for (const userId of [member.id, owner.id])
      await app.as(member).setWorkspaceMemberRole({ workspaceId, userId, role: 'OWNER' }).expectError('FORBIDDEN');
  });
});
