import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { times } from '../../support/values.ts';
import { join, outsiders, tagsOf } from '../../support/workspaces.ts';

describe.each(backends())('deleteWorkspace on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
  });
  afterAll(() => app.close());

  /** A workspace with two members, each with two keys that are bound to it. */
  async function workspaceWithKeys() {
    const workspaceId = await app.workspace(owner);
    const member = await join(app, { workspaceId });
    const keys = [];
    for (const each of [owner, owner, member, member]) keys.push(await app.apiKey(each, { workspaceId }));
    for (const { secret } of keys) expect(await app.accepts(secret)).toBe(true);
    return { workspaceId, member, keys };
  }
  const exists = async (id: string) => (await app.sql('select 1 from workspaces where id = ?', [id])).length > 0;

  describe('DeleteWorkspaceSuccess', () => {
    test('every bound key of every member stops working before the response, with one row of the log', async () => {
      const { workspaceId, member, keys } = await workspaceWithKeys();
      const others = [(await app.apiKey(member)).secret, member.accessToken];
      const tags = await tagsOf(app, async () => {
        const deleted = await app.as(owner).deleteWorkspace({ workspaceId }).expectSuccess();
        expect(deleted).toMatchObject({ workspaceId, receipt: { propagation: 'ACKNOWLEDGED' } });
        for (const { secret } of keys) expect(await app.accepts(secret)).toBe(false);
        for (const secret of others) expect(await app.accepts(secret)).toBe(true);
      });
      expect(tags).toEqual([`workspace:${workspaceId}`]);
      expect(await app.as(owner).workspace({ id: workspaceId })).toBeNull();
      expect(await app.as(owner).apiKey({ id: keys[0]!.id })).toBeNull();
    });

    test('in plain SQL: the same', async () => {
      const { workspaceId, keys } = await workspaceWithKeys();
      const tags = await tagsOf(app, () => app.sql('delete from workspaces where id = ?', [workspaceId]));
      expect(tags).toEqual([`workspace:${workspaceId}`]);
      for (const { secret } of keys) await expect.poll(() => app.accepts(secret)).toBe(false);
    });

    test('an administrator deletes every workspace, and a key of an owner the one that it is bound to', async () => {
      const { workspaceId } = await workspaceWithKeys();
      await app
        .as(await app.admin())
        .deleteWorkspace({ workspaceId })
        .expectSuccess();
      const another = await app.workspace(owner);
      const key = await app.apiKey(owner, { workspaceId: another, scopes: ['WORKSPACES_WRITE'] });
      await app.as(key).deleteWorkspace({ workspaceId: another }).expectSuccess();
      expect(await app.accepts(key.secret)).toBe(false);
      expect([await exists(workspaceId), await exists(another)]).toEqual([false, false]);
    });

    test('while members create keys for it: no key remains', async () => {
      for (let round = 0; round < 3; round++) {
        const { workspaceId, member } = await workspaceWithKeys();
        const made = times(5, () => app.as(member).createApiKey({ name: 'k', workspaceId }).answer());
        const deleted = app.as(owner).deleteWorkspace({ workspaceId }).expectSuccess();
        const answers = await Promise.all(made);
        await deleted;
        for (const { data, errors } of answers) {
          expect(errors).toBeUndefined();
          const { __typename: name, secret } = data.createApiKey;
          if (name === 'CreateApiKeySuccess') expect(await app.accepts(secret)).toBe(false);
          else expect(name).toBe('WorkspaceNotFoundError');
        }
      }
    });
  });

  test('WorkspaceNotFoundError: a workspace that the caller may not see, in the same words as an unknown one', async () => {
    const workspaceId = await app.workspace(owner);
    const id = 'wsp_00000000000000000000000000';
    const unknown = await app.as(owner).deleteWorkspace({ workspaceId: id }).expect('WorkspaceNotFoundError');
    for (const caller of await outsiders(app))
      expect(await app.as(caller).deleteWorkspace({ workspaceId })).toEqual(unknown);
    expect(await exists(workspaceId)).toBe(true);
    await app.as(owner).deleteWorkspace({ workspaceId }).expectSuccess();
    expect(await app.as(owner).deleteWorkspace({ workspaceId })).toEqual(unknown);
  });

  test('a member who is no owner gets FORBIDDEN', async () => {
    const { workspaceId, member } = await workspaceWithKeys();
    await app.as(member).deleteWorkspace({ workspaceId }).expectError('FORBIDDEN');
    expect(await exists(workspaceId)).toBe(true);
  });
});
