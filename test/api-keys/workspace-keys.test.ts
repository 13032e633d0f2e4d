// API keys that belong to a workspace: who manages them, what they may do, and what they survive.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scope } from '../../src/client/index.ts';
import { workspaceKey } from '../support/api-keys.ts';
import { type Account, backends, type Presented, type TestApp } from '../support/app.ts';
import type { Caller } from '../support/calls.ts';
import { inSeconds, times } from '../support/values.ts';
import { join, outsiders, rolesIn } from '../support/workspaces.ts';

const OF_WORKSPACES: Scope[] = [
  ...(['API_KEYS_READ', 'API_KEYS_WRITE', 'WORKSPACES_READ', 'WORKSPACES_WRITE', 'DAEMON_TOKENS_READ'] as const),
  ...(['DAEMON_TOKENS_WRITE', 'SIGNING_KEYS_READ', 'SIGNING_KEYS_WRITE', 'AUDIT_READ'] as const),
];

describe.each(backends())('a key that belongs to a workspace, on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start({ env: { REKEY_API_KEYS_PER_USER: '3' } });
    owner = await app.member();
    workspaceId = await app.workspace(owner);
  });
  afterAll(() => app.close());

  const create = (caller: Caller, input: object = {}) =>
    app.as(caller).createApiKey({ name: 'x', owner: 'WORKSPACE', workspaceId, ...input });
  const idsOf = async (caller: Caller, filter?: object) =>
    (await app.as(caller).apiKeys({ first: 100, ...(filter ? { filter } : {}) })).nodes.map(({ id }) => id);

  test('has no user, has a creator, and counts for no quota of a user', async () => {
    const other = await join(app, { workspaceId, role: 'OWNER' });
    const keys = await Promise.all(times(5, () => workspaceKey(app, other, workspaceId)));
    const key = await app.as(other).apiKey({ id: keys[0]!.id });
    expect(key).toMatchObject({ user: null, workspace: { id: workspaceId }, createdBy: { id: other.id } });
    const { data } = await app.graphql(
      '{ viewer { user { id } workspace { id } credential { id } } }',
      {},
      { apiKey: keys[0]!.secret },
    );
    expect(data.viewer).toEqual({ user: null, workspace: { id: workspaceId }, credential: { id: keys[0]!.id } });
    const { headers } = await fetch(`${app.url}/v1/verify`, { headers: { 'x-api-key': keys[0]!.secret } });
    expect(headers.get('x-rekey-user')).toBe('-');
    expect(headers.get('x-rekey-workspace')).toBe(workspaceId);
    for (const { id } of keys) await app.as(other).revokeApiKey({ apiKeyId: id }).expectSuccess();
  });

  test('survives the end of the membership of the user who created it, and the deletion of that user', async () => {
    const creator = await join(app, { workspaceId, role: 'OWNER' });
    const [key, bound] = [await workspaceKey(app, creator, workspaceId), await app.apiKey(creator, { workspaceId })];
    for (const { secret } of [key, bound]) expect(await app.accepts(secret)).toBe(true);
    await app.as(owner).removeWorkspaceMember({ workspaceId, userId: creator.id }).expectSuccess();
    expect([await app.accepts(key.secret), await app.accepts(bound.secret)]).toEqual([true, false]);
    expect((await app.as(owner).apiKey({ id: key.id }))!.createdBy).toBeNull(); // They share no workspace any more.
    expect((await app.as(await app.admin()).apiKey({ id: key.id }))!.createdBy).toEqual({ id: creator.id });
    await app.sql('delete from users where id = ?', [creator.id]);
    expect(await app.accepts(key.secret)).toBe(true);
    expect((await app.as(await app.admin()).apiKey({ id: key.id }))!.createdBy).toBeNull();
    await app.sql('truncate workspace_members');
    expect(await app.accepts(key.secret)).toBe(true);
    await app.sql(
      `insert into workspace_members (workspace_id, user_id, role, created_at) values (?, ?, 'OWNER', now())`,
      [workspaceId, owner.id],
    );
  });

  test('ends with its workspace, by the row of the workspace', async () => {
    const own = await app.workspace(owner);
    const key = await workspaceKey(app, owner, own);
    expect(await app.accepts(key.secret)).toBe(true);
    await app.as(owner).deleteWorkspace({ workspaceId: own }).expectSuccess();
    expect(await app.accepts(key.secret)).toBe(false);
  });

  test('is revoked like any other key, in plain SQL, too', async () => {
    const [one, other] = [await workspaceKey(app, owner, workspaceId), await workspaceKey(app, owner, workspaceId)];
    for (const { secret } of [one, other]) expect(await app.accepts(secret)).toBe(true);
    await app.as(owner).revokeApiKey({ apiKeyId: one.id }).expectSuccess();
    expect(await app.accepts(one.secret)).toBe(false);
    await app.sql('update api_keys set revoked_at = now() where id = ?', [other.id]);
    await expect.poll(() => app.accepts(other.secret)).toBe(false);
  });

  describe('who manages it', () => {
    test('an owner and an administrator: they see, change, rotate and revoke it', async () => {
      for (const caller of [owner, await app.admin()]) {
        const key = await workspaceKey(app, caller, workspaceId);
        expect(await idsOf(owner)).toContain(key.id);
        await app.as(caller).updateApiKey({ apiKeyId: key.id, name: 'renamed' }).expectSuccess();
        const { secret } = await app.as(caller).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 60 }).expectSuccess();
        await app.as(caller).endApiKeyOverlap({ apiKeyId: key.id }).expectSuccess();
        expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, true]);
        await app.as(caller).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
        expect(await app.accepts(secret)).toBe(false);
      }
    });

    test('a member who is no owner creates none, and finds none', async () => {
      const member = await join(app, { workspaceId });
      const key = await workspaceKey(app, owner, workspaceId);
      await create(member).expectError('FORBIDDEN');
      expect(await idsOf(member)).toEqual([]);
      expect(await idsOf(member, { workspaceId, owner: 'WORKSPACE' })).toEqual([]);
      expect(await app.as(member).apiKey({ id: key.id })).toBeNull();
      await app.as(member).rotateApiKey({ apiKeyId: key.id }).expect('ApiKeyNotFoundError');
      await app.as(member).revokeApiKey({ apiKeyId: key.id }).expect('ApiKeyNotFoundError');
      const bound = await app.apiKey(member, { workspaceId });
      await create(bound).expectError('FORBIDDEN');
      expect(await idsOf(bound)).toEqual([bound.id]);
    });

    test('a demoted owner loses it at once', async () => {
      const second = await join(app, { workspaceId, role: 'OWNER' });
      const key = await workspaceKey(app, second, workspaceId);
      expect(await idsOf(second)).toContain(key.id);
      await app.as(owner).setWorkspaceMemberRole({ workspaceId, userId: second.id, role: 'MEMBER' }).expectSuccess();
      expect(await idsOf(second)).toEqual([]);
      await app.as(second).revokeApiKey({ apiKeyId: key.id }).expect('ApiKeyNotFoundError');
      expect(await app.accepts(key.secret)).toBe(true);
    });

    test('a caller who may not see the workspace gets the same answer as for an unknown one', async () => {
      const unknown = await create(owner, { workspaceId: 'wsp_00000000000000000000000000' }).expect(
        'WorkspaceNotFoundError',
      );
      const outsider = await app.member();
      const elsewhere = await workspaceKey(app, outsider, await app.workspace(outsider), {
        scopes: ['API_KEYS_WRITE'],
      });
      for (const caller of [outsider, elsewhere])
        expect(await create(caller).expect('WorkspaceNotFoundError')).toEqual(unknown);
      expect(await outsiders(app)).toHaveLength(2);
    });

    test('a bound key of an owner manages the keys of its workspace, and of no other one', async () => {
      const other = await app.workspace(owner);
      const [here, there] = [await workspaceKey(app, owner, workspaceId), await workspaceKey(app, owner, other)];
      const bound = await app.apiKey(owner, { workspaceId });
      const seen = await idsOf(bound);
      expect(seen).toContain(here.id);
      expect(seen).not.toContain(there.id);
      await app.as(bound).revokeApiKey({ apiKeyId: there.id }).expect('ApiKeyNotFoundError');
      await app.as(bound).revokeApiKey({ apiKeyId: here.id }).expectSuccess();
      await app.as(owner).revokeApiKey({ apiKeyId: bound.id }).expectSuccess();
    });

    test('a daemon token creates and sees none', async () => {
      const scopes: Scope[] = ['API_KEYS_READ', 'API_KEYS_WRITE'];
      const daemon = await app.daemonToken(owner, workspaceId, { scopes });
      await create(daemon).expectError('FORBIDDEN');
      expect(await idsOf(daemon)).toEqual([]);
    });
  });

  describe('what it holds', () => {
    test('every scope of a workspace, and no other one', async () => {
      const { apiKey } = await create(owner, { scopes: OF_WORKSPACES }).expectSuccess();
      expect(apiKey.scopes).toEqual(OF_WORKSPACES);
      const admin = await app.admin();
      for (const scope of ['ADMIN', 'INTROSPECT', 'SESSIONS_READ', 'SESSIONS_WRITE'] as const) {
        const { fields } = await create(admin, { scopes: ['API_KEYS_READ', scope] }).expect('InvalidInputError');
        expect(fields.map(({ path }) => path)).toEqual(['input.scopes']);
      }
    });

    test('scopes that plain SQL adds do not count', async () => {
      const key = await workspaceKey(app, owner, workspaceId, { scopes: ['API_KEYS_READ'] });
      await app.sql(`update api_keys set scopes = '{ADMIN,INTROSPECT,SESSIONS_READ,API_KEYS_READ}' where id = ?`, [
        key.id,
      ]);
      const { headers } = await fetch(`${app.url}/v1/verify`, { headers: { 'x-api-key': key.secret } });
      expect(headers.get('x-rekey-scopes')).toBe('API_KEYS_READ');
    });

    test('a workspace must be named, unless the caller is bound to one', async () => {
      const { fields } = await app
        .as(owner)
        .createApiKey({ name: 'x', owner: 'WORKSPACE' })
        .expect('InvalidInputError');
      expect(fields.map(({ path }) => path)).toEqual(['input.workspaceId']);
    });

    test('API_KEYS_*: it creates, sees and manages the keys of its workspace, and none of its members', async () => {
      const key = await workspaceKey(app, owner, workspaceId, {
        scopes: ['API_KEYS_READ', 'API_KEYS_WRITE'],
        expiresAt: inSeconds(3600),
      });
      const personal = await app.apiKey(owner, { workspaceId });
      // What it makes belongs to the workspace, also if nothing of that is said.
      const made = await app.as(key).createApiKey({ name: 'made' }).expectSuccess();
      expect(await app.as(owner).apiKey({ id: made.apiKey.id })).toMatchObject({
        user: null,
        workspace: { id: workspaceId },
        createdBy: null,
      });
      expect(made.apiKey.expiresAt).not.toBeNull();
      const seen = await idsOf(key);
      expect(seen).toContain(made.apiKey.id);
      expect(seen).not.toContain(personal.id);
      await app.as(key).revokeApiKey({ apiKeyId: personal.id }).expect('ApiKeyNotFoundError');
      await app.as(key).revokeApiKey({ apiKeyId: made.apiKey.id }).expectSuccess();
      await app
        .as(key)
        .createApiKey({ name: 'x', scopes: ['WORKSPACES_READ'] })
        .expect('ScopeNotHeldError');
      await app.as(owner).revokeApiKey({ apiKeyId: personal.id }).expectSuccess();
    });

    test('WORKSPACES_*: it manages its workspace like an owner, and reads no people', async () => {
      const own = await app.workspace(owner);
      const key = await workspaceKey(app, owner, own, { scopes: ['WORKSPACES_READ', 'WORKSPACES_WRITE'] });
      const member = await join(app, { workspaceId: own });
      await app.as(key).updateWorkspace({ workspaceId: own, name: 'by a key' }).expectSuccess();
      await app.as(key).setWorkspaceMemberRole({ workspaceId: own, userId: member.id, role: 'OWNER' }).expectSuccess();
      await app.as(key).removeWorkspaceMember({ workspaceId: own, userId: member.id }).expectSuccess();
      expect(await rolesIn(app, own)).toEqual([[owner.id, 'OWNER']]);
      await app.as(key).updateWorkspace({ workspaceId, name: 'x' }).expect('WorkspaceNotFoundError');
      expect((await app.as(key).workspaces()).nodes.map(({ id }) => id)).toEqual([own]);
      await app.as(key).createWorkspace({ name: 'x' }).expectError('FORBIDDEN');
    });

    test('WORKSPACES_*: it reads only the id of a member that it adds or changes', async () => {
      const own = await app.workspace(owner);
      const key = await workspaceKey(app, owner, own, { scopes: ['WORKSPACES_READ', 'WORKSPACES_WRITE'] });
      const account = await app.member();
      const changes = [
        ['addWorkspaceMember', { workspaceId: own, email: account.email }],
        ['setWorkspaceMemberRole', { workspaceId: own, userId: account.id, role: 'OWNER' }],
      ] as const;
      const personal = ['email', 'displayName', 'role', 'createdAt', 'disabledAt', 'invitedAt', 'lastUsedAt'];
      for (const [field, input] of changes) {
        const type = `${field[0]!.toUpperCase()}${field.slice(1)}`;
        const changed = (selection: string, presented: Presented) =>
          app.graphql(
            `mutation ($input: ${type}Input!) { ${field}(input: $input) { ... on ${type}Success { user { ${selection} } } } }`,
            { input },
            presented,
          );
        const { data } = await changed('id', { apiKey: key.secret });
        expect(data[field].user).toEqual({ id: account.id });
        for (const name of [...personal, 'permissions', 'sessionCount', 'apiKeyCount']) {
          const { data: none, errors } = await changed(name, { apiKey: key.secret });
          expect(
            errors?.map(({ extensions }) => extensions.code),
            name,
          ).toEqual(['FORBIDDEN']);
          expect(JSON.stringify(none)).not.toContain(account.email);
        }
        const byOwner = await changed('id email displayName', { bearer: owner.accessToken });
        expect(byOwner.data[field].user).toMatchObject({ id: account.id, email: account.email });
      }
    });

    test('DAEMON_TOKENS_* and SIGNING_KEYS_*: it creates both for its workspace', async () => {
      const scopes: Scope[] = ['DAEMON_TOKENS_READ', 'DAEMON_TOKENS_WRITE', 'SIGNING_KEYS_READ', 'SIGNING_KEYS_WRITE'];
      const key = await workspaceKey(app, owner, workspaceId, { scopes });
      const daemon = await app.daemonToken(key, workspaceId);
      expect(await app.accepts(daemon.secret)).toBe(true);
      await app.as(key).createSigningKey({ workspaceId }).expectSuccess();
      await app
        .as(key)
        .createDaemonToken({ workspaceId: await app.workspace(owner), daemonId: 'x', expiresAt: inSeconds(60) })
        .expect('WorkspaceNotFoundError');
    });
  });

  test('the list of an owner has the keys of the owner and of the workspaces together, newest first, page by page', async () => {
    const member = await app.member();
    const [one, other] = [await app.workspace(member), await app.workspace(member)];
    const keys = [
      await app.apiKey(member),
      await workspaceKey(app, member, one),
      await workspaceKey(app, member, other),
      await app.apiKey(member, { workspaceId: one }),
      await workspaceKey(app, member, one),
    ].map(({ id }) => id);
    const newestFirst = keys.toReversed();
    expect(await idsOf(member)).toEqual(newestFirst);
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const page = await app.as(member).apiKeys({ first: 2, after });
      seen.push(...page.nodes.map(({ id }) => id));
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor ?? null;
    }
    expect(seen).toEqual(newestFirst);
    expect(await idsOf(member, { owner: 'USER' })).toEqual([keys[3], keys[0]]);
    expect(await idsOf(member, { owner: 'WORKSPACE' })).toEqual([keys[4], keys[2], keys[1]]);
    expect(await idsOf(member, { workspaceId: one })).toEqual([keys[4], keys[3], keys[1]]);
    expect(await idsOf(member, { userId: member.id })).toEqual([keys[3], keys[0]]);
  });
});
