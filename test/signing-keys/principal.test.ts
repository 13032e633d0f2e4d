// A signing key as the only credential of a request: who it is, what it may do, and when it ends.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import type { Credential } from '../support/account.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { signedHeaders } from '../support/signing.ts';
import { inSeconds } from '../support/values.ts';
import { tagsOf } from '../support/workspaces.ts';

const VIEWER = `{ viewer { credential { __typename id status expiresAt } user { id } workspace { id name }
  scopes permissions } }`;

describe.each(backends())('a signing key on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let member: Account;
  let workspaceId: string;
  let key: Credential;
  const scopes = ['WORKSPACES_READ', 'SIGNING_KEYS_READ', 'SIGNING_KEYS_WRITE', 'API_KEYS_READ', 'API_KEYS_WRITE'];
  const expiresAt = inSeconds(3600);
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    member = await app.member();
    workspaceId = await app.workspace(member, 'of the key');
    key = await app.signingKey(admin, workspaceId, { scopes, permissions: ['deploy:all'], expiresAt });
  });
  afterAll(() => app.close());

  const verify = (by: Credential, target = '/v1/verify') =>
    fetch(`${app.url}${target}`, { headers: signedHeaders(by, { target }) });
  const accepts = async (by: Credential) => (await verify(by)).status === 204;

  test('passes /v1/verify with its identity, and without a user', async () => {
    const { status, headers } = await verify(key, '/v1/verify?permission=deploy:all');
    const identity = Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-rekey-')));
    expect([status, identity]).toEqual([
      204,
      {
        'x-rekey-user': '-',
        'x-rekey-workspace': workspaceId,
        'x-rekey-credential': key.id,
        'x-rekey-scopes': 'API_KEYS_READ,API_KEYS_WRITE,WORKSPACES_READ,SIGNING_KEYS_READ,SIGNING_KEYS_WRITE',
        'x-rekey-permissions': 'deploy:all',
        'x-rekey-expires': expiresAt,
      },
    ]);
    expect((await verify(key, '/v1/verify?permission=deploy:none')).status).toBe(403);
    expect((await verify(key, '/v1/verify?permissions=deploy:all')).status).toBe(400);
  });

  test('is the viewer of GraphQL, by its own type', async () => {
    const { data } = await app.graphql(VIEWER, {}, { signedBy: key });
    expect(data.viewer).toEqual({
      credential: { __typename: 'SigningKey', id: key.id, status: 'ACTIVE', expiresAt },
      user: null,
      workspace: { id: workspaceId, name: 'of the key' },
      scopes: ['API_KEYS_READ', 'API_KEYS_WRITE', 'WORKSPACES_READ', 'SIGNING_KEYS_READ', 'SIGNING_KEYS_WRITE'],
      permissions: ['deploy:all'],
    });
  });

  test('F3.17: sees its workspace, no other one, and no user or credential of a user', async () => {
    const bound = await app.apiKey(member, { workspaceId });
    const other = await app.workspace(member);
    const calls = app.as({ signedBy: key });
    expect((await calls.workspaces()).nodes.map(({ id }) => id)).toEqual([workspaceId]);
    expect(await calls.workspace({ id: other })).toBeNull();
    expect((await calls.apiKeys()).nodes).toEqual([]);
    expect(await calls.apiKey({ id: bound.id })).toBeNull();
    await calls.rotateApiKey({ apiKeyId: bound.id }).expect('ApiKeyNotFoundError');
    await calls.revokeApiKey({ apiKeyId: bound.id }).expect('ApiKeyNotFoundError');
    expect(await app.accepts(bound.secret)).toBe(true);
    for (const call of [calls.sessions(), calls.users(), calls.daemonTokens({ workspaceId })])
      await call.expectError('FORBIDDEN');
  });

  test('F1.5: creates no credential of a user, and does nothing else that only a user can do', async () => {
    const calls = app.as({ signedBy: key });
    await calls.createApiKey({ name: 'a key', workspaceId }).expectError('FORBIDDEN');
    await calls.changePassword({ currentPassword: PASSWORD, newPassword: PASSWORD }).expect('NotASessionError');
    await calls.logout().expect('NotASessionError');
    await calls.renewDaemonToken().expect('NotADaemonTokenError');
    for (const call of [
      calls.createWorkspace({ name: 'a workspace' }),
      calls.updateWorkspace({ workspaceId, requiresSignedRequests: true }),
      calls.deleteWorkspace({ workspaceId }),
      calls.disableUser({ userId: member.id }),
    ]) {
      await call.expectError('FORBIDDEN');
    }
  });

  test('holds no scope beyond its workspace, also if plain SQL writes one', async () => {
    const wide = await app.signingKey(member, workspaceId);
    await app.sql(
      `update signing_keys set scopes = '{ADMIN,INTROSPECT,SESSIONS_WRITE,NONSENSE,AUDIT_READ}' where id = ?`,
      [wide.id],
    );
    const { data } = await app.graphql('{ viewer { scopes } }', {}, { signedBy: wide });
    expect(data.viewer.scopes).toEqual(['AUDIT_READ']);
  });

  test('neither its id nor its secret is a bearer credential, and neither is active when it is introspected', async () => {
    for (const text of [key.id, key.secret, makeSecret('rks')]) {
      expect(await app.accepts(text), text).toBe(false);
      const headers = { 'x-api-key': text };
      expect((await fetch(`${app.url}/v1/verify`, { headers })).status).toBe(401);
      expect(await app.as(admin).introspect({ token: text })).toMatchObject({ active: false });
    }
    // The rejection of its id as a secret does not affect its signatures, and the other way round.
    expect(await accepts(key)).toBe(true);
    expect(await app.accepts(key.id)).toBe(false);
  });

  test('beside an API key, its id is no credential', async () => {
    const { secret } = await app.apiKey(member);
    const headers = { 'x-api-key': secret, authorization: `Bearer ${key.id}` };
    expect((await fetch(`${app.url}/v1/verify`, { headers })).status).toBe(204);
  });

  test('F1.12: its last use is shown, and only that of accepted requests', async () => {
    const [rejected, used] = [await app.signingKey(member, workspaceId), await app.signingKey(member, workspaceId)];
    const lastUses = async () => {
      const { nodes } = await app.as(member).signingKeys({ workspaceId, first: 2 });
      return nodes.map(({ id, lastUsedAt }) => [id, lastUsedAt]);
    };
    expect(await accepts({ id: rejected.id, secret: makeSecret('rks') })).toBe(false);
    expect(await accepts(used)).toBe(true);
    // Uses are written in their order. So a use of the rejected key would be written, too.
    const expected = [
      [used.id, expect.any(String)],
      [rejected.id, null],
    ];
    await expect.poll(lastUses, { timeout: 10_000 }).toEqual(expected);
    await app.app.jobs['purging last uses']!();
    expect(await lastUses()).toEqual(expected);
  });

  test('is counted by its kind in the metrics', async () => {
    await accepts(key);
    await accepts({ id: key.id, secret: makeSecret('rks') });
    const text = await (await fetch(`${app.url}/metrics`)).text();
    for (const outcome of ['accepted', 'refused']) {
      expect(text).toMatch(
        new RegExp(`^rekey_authentications_total\\{kind="signingKey",outcome="${outcome}"\\} [1-9]`, 'm'),
      );
    }
  });

  describe('ends', () => {
    test('with its workspace, by one row of the log for all keys', async () => {
      const gone = await app.workspace(member);
      const keys = [await app.signingKey(member, gone), await app.signingKey(member, gone)];
      for (const each of keys) expect(await accepts(each)).toBe(true);
      const tags = await tagsOf(app, () => app.as(member).deleteWorkspace({ workspaceId: gone }).expectSuccess());
      expect(tags).toEqual([`workspace:${gone}`]);
      for (const each of keys) expect(await accepts(each)).toBe(false);
    });

    test('F1.3: with its workspace, in plain SQL', async () => {
      const gone = await app.workspace(member);
      const each = await app.signingKey(member, gone);
      expect(await accepts(each)).toBe(true);
      await app.sql('delete from workspaces where id = ?', [gone]);
      await expect.poll(() => accepts(each)).toBe(false);
    });

    test('F3.16: at its expiry, cached or not', async () => {
      const each = await app.signingKey(member, workspaceId, { expiresAt: inSeconds(1) });
      expect(await accepts(each)).toBe(true);
      await expect.poll(() => accepts(each), { timeout: 5000 }).toBe(false);
      const { nodes } = await app.as(member).signingKeys({ workspaceId, first: 1 });
      expect(nodes[0]).toMatchObject({ id: each.id, status: 'EXPIRED', revokedAt: null });
    });

    test.each([
      ['is revoked', 'revoked_at = now()'],
      ['expires earlier', `expires_at = now() - interval '1 hour'`],
    ])('when its row %s in plain SQL', async (_what, change) => {
      const each = await app.signingKey(member, workspaceId);
      expect(await accepts(each)).toBe(true);
      await app.sql(`update signing_keys set ${change} where id = ?`, [each.id]);
      await expect.poll(() => accepts(each)).toBe(false);
    });

    test('but not with the user who created it, or when that user is disabled or leaves the workspace', async () => {
      const creator = await app.member();
      await app.sql(
        `insert into workspace_members (workspace_id, user_id, role, created_at) values (?, ?, 'MEMBER', now())`,
        [workspaceId, creator.id],
      );
      const each = await app.signingKey(creator, workspaceId);
      const createdBy = async () => (await app.as(member).signingKeys({ workspaceId, first: 1 })).nodes[0]!.createdBy;
      expect(await createdBy()).toEqual({ id: creator.id });
      await app.as(admin).disableUser({ userId: creator.id }).expectSuccess();
      expect(await accepts(each)).toBe(true);
      await app.sql('delete from workspace_members where user_id = ?', [creator.id]);
      await app.sql('delete from users where id = ?', [creator.id]);
      await app.app.replica.sync();
      expect(await accepts(each)).toBe(true);
      expect(await createdBy()).toBeNull();
    });
  });

  test('that plain SQL moves to another workspace acts for none: its secret is sealed for the former one', async () => {
    const each = await app.signingKey(member, workspaceId);
    const other = await app.workspace(member);
    expect((await verify(each)).headers.get('x-rekey-workspace')).toBe(workspaceId);
    await app.sql('update signing_keys set workspace_id = ? where id = ?', [other, each.id]);
    await app.app.replica.sync();
    const moved = await verify(each);
    expect([moved.status, moved.headers.get('x-rekey-workspace')]).toEqual([503, null]);
  });

  test('a secret that was sealed for another key cannot be used: neither accepted nor rejected', async () => {
    const [one, other] = [await app.signingKey(member, workspaceId), await app.signingKey(member, workspaceId)];
    await app.sql(
      `update signing_keys set secret_sealed = (select secret_sealed from signing_keys where id = ?) where id = ?`,
      [other.id, one.id],
    );
    await app.app.replica.sync();
    for (const secret of [one.secret, other.secret]) {
      const { status, headers } = await verify({ id: one.id, secret });
      expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    }
    expect(await accepts(other)).toBe(true);
  });
});
