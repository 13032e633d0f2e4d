import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { times } from '../../support/values.ts';
import { join, outsiders, rolesIn, tagsOf } from '../../support/workspaces.ts';

describe.each(backends())('removeWorkspaceMember on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let owner: Account;
  beforeAll(async () => {
    app = await start();
    [admin, owner] = [await app.admin(), await app.member()];
  });
  afterAll(() => app.close());

  const statusOf = async (key: { id: string }, by: Account) => {
    const found = await app.as(by).apiKey({ id: key.id });
    return [found?.status, found?.revocationReason];
  };

  describe('RemoveWorkspaceMemberSuccess', () => {
    test('every bound key of the member stops working before the response, and no other credential does', async () => {
      const [workspaceId, elsewhere] = [await app.workspace(owner), await app.workspace(owner)];
      const member = await join(app, { workspaceId });
      await app.as(owner).addWorkspaceMember({ workspaceId: elsewhere, email: member.email }).expectSuccess();
      const ended = [await app.apiKey(member, { workspaceId }), await app.apiKey(member, { workspaceId })];
      const others = [
        (await app.apiKey(member)).secret,
        (await app.apiKey(member, { workspaceId: elsewhere })).secret,
        (await app.apiKey(owner, { workspaceId })).secret,
        member.accessToken,
      ];
      for (const secret of [...ended.map((key) => key.secret), ...others]) expect(await app.accepts(secret)).toBe(true);
      const input = { workspaceId, userId: member.id };
      const { workspace, receipt } = await app.as(owner).removeWorkspaceMember(input).expectSuccess();
      expect(workspace.id).toBe(workspaceId);
      expect(receipt.propagation).toBe('ACKNOWLEDGED');
      for (const { secret } of ended) expect(await app.accepts(secret)).toBe(false);
      for (const secret of others) expect(await app.accepts(secret)).toBe(true);
      for (const key of ended) expect(await statusOf(key, member)).toEqual(['REVOKED', 'REMOVED']);
      expect(await rolesIn(app, workspaceId)).toEqual([[owner.id, 'OWNER']]);
    });

    test('is one row of the log, however many keys end', async () => {
      const workspaceId = await app.workspace(owner);
      const member = await join(app, { workspaceId });
      await app.sql(
        `insert into api_keys (id, user_id, workspace_id, name, hint, secret_hash, scopes, permissions, created_at)
          select 'key_' || ? || n, ?, ?, '', '', ? || n, '{}', '{}', now() from generate_series(1, 1500) as n`,
        [workspaceId, member.id, workspaceId, workspaceId],
      );
      const input = { workspaceId, userId: member.id };
      const tags = await tagsOf(app, () => app.as(owner).removeWorkspaceMember(input).expectSuccess());
      expect(tags).toEqual([`member:${workspaceId}:${member.id}`]);
      const active = 'select 1 from api_keys where workspace_id = ? and revoked_at is null';
      expect(await app.sql(active, [workspaceId])).toEqual([]);
    });

    test('joining again revives no key, and a new one works', async () => {
      const workspaceId = await app.workspace(owner);
      const member = await join(app, { workspaceId });
      const key = await app.apiKey(member, { workspaceId });
      expect(await app.accepts(key.secret)).toBe(true);
      await app.as(owner).removeWorkspaceMember({ workspaceId, userId: member.id }).expectSuccess();
      await app.as(owner).addWorkspaceMember({ workspaceId, email: member.email, role: 'OWNER' }).expectSuccess();
      expect(await app.accepts(key.secret)).toBe(false);
      await app.as(member).rotateApiKey({ apiKeyId: key.id }).expect('ApiKeyRevokedError');
      expect(await app.accepts((await app.apiKey(member, { workspaceId })).secret)).toBe(true);
    });

    test('in plain SQL: the keys stop working and stay revoked when the user joins again', async () => {
      const workspaceId = await app.workspace(owner);
      const member = await join(app, { workspaceId });
      const key = await app.apiKey(member, { workspaceId });
      expect(await app.accepts(key.secret)).toBe(true);
      await app.sql('delete from workspace_members where workspace_id = ? and user_id = ?', [workspaceId, member.id]);
      await expect.poll(() => app.accepts(key.secret)).toBe(false);
      const insert = `insert into workspace_members (workspace_id, user_id, role, created_at) values (?, ?, 'OWNER', now())`;
      await app.sql(insert, [workspaceId, member.id]);
      expect(await app.accepts(key.secret)).toBe(false);
      expect(await statusOf(key, member)).toEqual(['REVOKED', 'REMOVED']);
    });

    test('a member leaves, and no longer reads the workspace on any path', async () => {
      const workspaceId = await app.workspace(owner);
      const member = await join(app, { workspaceId });
      const key = await app.apiKey(member, { workspaceId });
      const document = `mutation ($input: RemoveWorkspaceMemberInput!) { removeWorkspaceMember(input: $input) {
        ... on RemoveWorkspaceMemberSuccess { workspace { id members { nodes { role } } } } } }`;
      const bearer = member.accessToken;
      const input = { workspaceId, userId: member.id };
      const { data, errors } = await app.graphql(document, { input }, { bearer });
      expect([errors, data.removeWorkspaceMember.workspace]).toEqual([
        undefined,
        { id: workspaceId, members: { nodes: [] } },
      ]);
      expect(await app.as(member).workspace({ id: workspaceId })).toBeNull();
      expect((await app.as(member).apiKey({ id: key.id }))?.workspace).toBeNull();
      expect((await app.as(admin).apiKey({ id: key.id }))?.workspace).toEqual({ id: workspaceId });
    });

    test('a key that is bound to the workspace removes members with the role of its user, also its user', async () => {
      const workspaceId = await app.workspace(owner);
      const second = await join(app, { workspaceId, role: 'OWNER' });
      const member = await join(app, { workspaceId });
      const key = await app.apiKey(second, { workspaceId, scopes: ['WORKSPACES_WRITE'] });
      await app.as(key).removeWorkspaceMember({ workspaceId, userId: member.id }).expectSuccess();
      await app.as(key).removeWorkspaceMember({ workspaceId, userId: second.id }).expectSuccess();
      expect(await app.accepts(key.secret)).toBe(false);
    });

    test('an administrator who is no member removes one', async () => {
      const workspaceId = await app.workspace(owner);
      const member = await join(app, { workspaceId });
      await app.as(admin).removeWorkspaceMember({ workspaceId, userId: member.id }).expectSuccess();
    });
  });

  test('WorkspaceNotFoundError: a workspace that the caller may not see, in the same words as an unknown one', async () => {
    const workspaceId = await app.workspace(owner);
    const [outsider] = await outsiders(app);
    const input = { workspaceId: 'wsp_00000000000000000000000000', userId: owner.id };
    const unknown = await app.as(owner).removeWorkspaceMember(input).expect('WorkspaceNotFoundError');
    for (const caller of [outsider!, ...(await outsiders(app))])
      expect(await app.as(caller).removeWorkspaceMember({ workspaceId, userId: owner.id })).toEqual(unknown);
    const former = await join(app, { workspaceId });
    await app.as(former).removeWorkspaceMember({ workspaceId, userId: former.id }).expectSuccess();
    expect(await app.as(former).removeWorkspaceMember({ workspaceId, userId: former.id })).toEqual(unknown);
  });

  test('UserNotFoundError: a user who is no member, in the same words as an unknown one', async () => {
    const workspaceId = await app.workspace(owner);
    const answers = await Promise.all(
      [(await app.member()).id, 'usr_00000000000000000000000000', ''].map((userId) =>
        app.as(owner).removeWorkspaceMember({ workspaceId, userId }).expect('UserNotFoundError'),
      ),
    );
    expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
  });

  describe('LastOwnerError', () => {
    test('the last owner stays for every caller, and an owner whose account is disabled does not count', async () => {
      const workspaceId = await app.workspace(owner);
      await join(app, { workspaceId });
      const disabled = await join(app, { workspaceId, role: 'OWNER' });
      const key = await app.apiKey(owner, { workspaceId, scopes: ['WORKSPACES_WRITE'] });
      await app.as(admin).disableUser({ userId: disabled.id }).expectSuccess();
      for (const caller of [owner, admin, key]) {
        const input = { workspaceId, userId: owner.id };
        const { workspaces } = await app.as(caller).removeWorkspaceMember(input).expect('LastOwnerError');
        expect(workspaces.map(({ id }) => id)).toEqual([workspaceId]);
      }
      expect(await app.accepts(key.secret)).toBe(true);
      await app.as(owner).removeWorkspaceMember({ workspaceId, userId: disabled.id }).expectSuccess();
    });

    test('of ten owners who leave at once, one stays', async () => {
      const workspaceId = await app.workspace(owner);
      const owners = [owner];
      while (owners.length < 10) owners.push(await join(app, { workspaceId, role: 'OWNER' }));
      const results = await Promise.all(
        owners.map((each) => app.as(each).removeWorkspaceMember({ workspaceId, userId: each.id })),
      );
      const names = results.map(({ __typename }) => __typename).toSorted();
      expect(names).toEqual(['LastOwnerError', ...times(9, () => 'RemoveWorkspaceMemberSuccess')]);
      expect(await rolesIn(app, workspaceId)).toHaveLength(1);
    });

    test('of owners who remove, demote and leave at once, also with keys that are bound to the workspace, one stays', async () => {
      for (let round = 0; round < 3; round++) {
        const workspaceId = await app.workspace(owner);
        const owners = [owner];
        while (owners.length < 6) owners.push(await join(app, { workspaceId, role: 'OWNER' }));
        const keys = await Promise.all(
          owners.map((each) => app.apiKey(each, { workspaceId, scopes: ['WORKSPACES_WRITE'] })),
        );
        const answers = await Promise.all(
          owners.flatMap(({ id: userId }, index) => {
            const next = owners[(index + 1) % owners.length]!;
            return [
              app.as(keys[index]!).removeWorkspaceMember({ workspaceId, userId }).answer(),
              app.as(next).setWorkspaceMemberRole({ workspaceId, userId, role: 'MEMBER' }).answer(),
              app.as(next).removeWorkspaceMember({ workspaceId, userId }).answer(),
            ];
          }),
        );
        const codes = answers.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code) ?? []);
        expect(codes.filter((code) => !['UNAUTHENTICATED', 'FORBIDDEN'].includes(code))).toEqual([]);
        const roles = await rolesIn(app, workspaceId);
        expect(roles.filter(([, role]) => role === 'OWNER')).toHaveLength(1);
        // Each key works as long as its user is a member.
        const remaining = roles.map(([userId]) => userId);
        for (const [index, { id }] of owners.entries())
          expect(await app.accepts(keys[index]!.secret)).toBe(remaining.includes(id));
      }
    });
  });

  test('a member who is no owner removes no other member', async () => {
    const workspaceId = await app.workspace(owner);
    const [member, other] = [await join(app, { workspaceId }), await join(app, { workspaceId })];
    const key = await app.apiKey(member, { workspaceId, scopes: ['WORKSPACES_WRITE'] });
    for (const caller of [member, key])
      await app.as(caller).removeWorkspaceMember({ workspaceId, userId: other.id }).expectError('FORBIDDEN');
    expect(await rolesIn(app, workspaceId)).toHaveLength(3);
  });
});
