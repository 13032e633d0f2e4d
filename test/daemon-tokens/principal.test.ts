// A caller without a user: what every endpoint and every resolver does with a daemon token, and what ends one.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { SCOPES, staysInWorkspace } from '../../src/identity/scope.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { inSeconds } from '../support/values.ts';
import { tagsOf } from '../support/workspaces.ts';

const VIEWER = `{ viewer { credential { __typename id status expiresAt } user { id } workspace { id name }
  scopes permissions } }`;
const scopes = SCOPES.filter(staysInWorkspace);

describe.each(backends())('a daemon token on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let member: Account;
  let workspaceId: string;
  let daemon: { id: string; secret: string };
  const expiresAt = inSeconds(3600);
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    member = await app.member();
    workspaceId = await app.workspace(member, 'of the daemon');
    daemon = await app.daemonToken(admin, workspaceId, { scopes, permissions: ['deploy:all'], expiresAt });
  });
  afterAll(() => app.close());

  const verify = (headers: Record<string, string>, path = '/v1/verify') => fetch(`${app.url}${path}`, { headers });

  describe('as the caller', () => {
    test('passes /v1/verify in both headers, with `-` for the user', async () => {
      const presented: Record<string, string>[] = [
        { authorization: `Bearer ${daemon.secret}` },
        { 'x-api-key': daemon.secret },
      ];
      for (const headers of presented) {
        for (let again = 0; again < 2; again++) {
          const response = await verify(headers, '/v1/verify?permission=deploy:all');
          const identity = [...response.headers].filter(([name]) => name.startsWith('x-rekey-'));
          expect([response.status, Object.fromEntries(identity)]).toEqual([
            204,
            {
              'x-rekey-user': '-',
              'x-rekey-workspace': workspaceId,
              'x-rekey-credential': daemon.id,
              'x-rekey-scopes': scopes.join(','),
              'x-rekey-permissions': 'deploy:all',
              'x-rekey-expires': expiresAt,
            },
          ]);
        }
      }
      expect((await verify({ 'x-api-key': daemon.secret }, '/v1/verify?permission=deploy:none')).status).toBe(403);
    });

    test('F1.6: a header of the client names neither a user nor a workspace', async () => {
      const headers = {
        'x-api-key': daemon.secret,
        'x-user-id': member.id,
        'x-rekey-user': member.id,
        'x-rekey-workspace': 'wsp_x',
      };
      const response = await verify(headers);
      expect(response.headers.get('x-rekey-user')).toBe('-');
      expect(response.headers.get('x-rekey-workspace')).toBe(workspaceId);
      const { data } = await app.graphql(VIEWER, {}, { apiKey: daemon.secret, headers });
      expect(data.viewer).toMatchObject({ user: null, workspace: { id: workspaceId } });
    });

    test('is the viewer, with a workspace and without a user', async () => {
      const { data } = await app.graphql(VIEWER, {}, { bearer: daemon.secret });
      expect(data.viewer).toEqual({
        credential: { __typename: 'DaemonToken', id: daemon.id, status: 'ACTIVE', expiresAt },
        user: null,
        workspace: { id: workspaceId, name: 'of the daemon' },
        scopes,
        permissions: ['deploy:all'],
      });
    });

    test('sees its workspace, no other one, and no user or credential of a user', async () => {
      const key = await app.apiKey(member, { workspaceId });
      const other = await app.workspace(member);
      const calls = app.as(daemon);
      expect((await calls.workspaces()).nodes.map(({ id }) => id)).toEqual([workspaceId]);
      expect(await calls.workspace({ id: workspaceId })).toMatchObject({ id: workspaceId });
      expect(await calls.workspace({ id: other })).toBeNull();
      const members = `{ workspace(id: "${workspaceId}") { members { nodes { user { email } } } } }`;
      const { data } = await app.graphql(members, {}, { bearer: daemon.secret });
      expect(data.workspace.members.nodes).toEqual([]);
      expect((await calls.apiKeys()).nodes).toEqual([]);
      expect((await calls.apiKeys({ filter: { userId: '' } })).nodes).toEqual([]);
      expect(await calls.apiKey({ id: key.id })).toBeNull();
      await calls.rotateApiKey({ apiKeyId: key.id }).expect('ApiKeyNotFoundError');
      await calls.revokeApiKey({ apiKeyId: key.id }).expect('ApiKeyNotFoundError');
      expect(await app.accepts(key.secret)).toBe(true);
      expect((await calls.sessions()).nodes).toEqual([]);
      expect((await calls.revocations()).nodes).toEqual([]);
      for (const call of [calls.users(), calls.introspect({ token: 'x' })]) {
        await call.expectError('FORBIDDEN');
      }
    });

    test('F1.5: creates no credential of a user, and does nothing else that only a user can do', async () => {
      const calls = app.as(daemon);
      await calls.createApiKey({ name: 'a key' }).expectError('FORBIDDEN');
      await calls.createApiKey({ name: 'a key', workspaceId }).expectError('FORBIDDEN');
      await calls.createWorkspace({ name: 'a workspace' }).expectError('FORBIDDEN');
      await calls.changePassword({ currentPassword: PASSWORD, newPassword: PASSWORD }).expect('NotASessionError');
      await calls.logout().expect('NotASessionError');
      const joining = { workspaceId, email: (await app.member()).email };
      await calls.addWorkspaceMember(joining).expect('WorkspaceNotFoundError');
      await calls.removeWorkspaceMember({ workspaceId, userId: member.id }).expect('WorkspaceNotFoundError');
      await calls
        .setWorkspaceMemberRole({ workspaceId, userId: member.id, role: 'MEMBER' })
        .expect('WorkspaceNotFoundError');
      await calls.updateWorkspace({ workspaceId, name: 'renamed' }).expect('WorkspaceNotFoundError');
      await calls.deleteWorkspace({ workspaceId }).expect('WorkspaceNotFoundError');
      for (const call of [
        calls.revokeAllSessions({}),
        calls.revokeAllSessions({ userId: member.id }),
        calls.revokeSession({ sessionId: member.sessionId }),
        calls.revokeAccessToken({ jti: 'x' }),
        calls.disableUser({ userId: member.id }),
        calls.enableUser({ userId: member.id }),
      ]) {
        await call.expectError('FORBIDDEN');
      }
    });

    test('holds no scope beyond its workspace, also if plain SQL writes one', async () => {
      const wide = await app.daemonToken(member, workspaceId);
      await app.sql(
        `update daemon_tokens set scopes = '{ADMIN,INTROSPECT,SESSIONS_WRITE,NONSENSE,AUDIT_READ}' where id = ?`,
        [wide.id],
      );
      const { data } = await app.graphql('{ viewer { scopes } }', {}, { apiKey: wide.secret });
      expect(data.viewer.scopes).toEqual(['AUDIT_READ']);
    });

    test('is recorded as the actor, without a user', async () => {
      const made = await app.daemonToken(daemon, workspaceId, { expiresAt });
      const [event] = await app.sql('select * from audit_events where subject_id = ?', [made.id]);
      expect(event).toMatchObject({
        type: 'daemon-token.created',
        actor_user_id: null,
        actor_credential_id: daemon.id,
        workspace_id: workspaceId,
      });
    });
  });

  describe('for other callers', () => {
    test('is introspected over GraphQL and HTTP', async () => {
      const query = `query ($token: String!) { introspect(token: $token) { active user { id } workspace { id }
        credential { __typename id } scopes permissions expiresAt } }`;
      const { data } = await app.graphql(query, { token: daemon.secret }, { bearer: admin.accessToken });
      expect(data.introspect).toEqual({
        active: true,
        user: null,
        workspace: { id: workspaceId },
        credential: { __typename: 'DaemonToken', id: daemon.id },
        scopes,
        permissions: ['deploy:all'],
        expiresAt,
      });
      const response = await fetch(`${app.url}/v1/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin.accessToken}` },
        body: new URLSearchParams({ token: daemon.secret }),
      });
      expect(await response.json()).toMatchObject({
        active: true,
        sub: daemon.id,
        credential: daemon.id,
        workspace: workspaceId,
        exp: Math.floor(Date.parse(expiresAt) / 1000),
      });
    });

    test('F1.12: its last use is shown as for API keys', async () => {
      const used = await app.daemonToken(member, workspaceId);
      await app.accepts(used.secret);
      const lastUsedAt = async () =>
        (await app.as(member).daemonTokens({ workspaceId, first: 1 })).nodes[0]!.lastUsedAt;
      await expect.poll(lastUsedAt, { timeout: 10_000 }).toEqual(expect.any(String));
      await app.app.jobs['purging last uses']!();
      expect(await lastUsedAt()).not.toBeNull();
    });

    test('is counted by its kind in the metrics', async () => {
      await app.accepts(daemon.secret);
      await app.accepts(makeSecret('rkd'));
      const text = await (await fetch(`${app.url}/metrics`)).text();
      for (const outcome of ['accepted', 'refused']) {
        expect(text).toMatch(
          new RegExp(`^rekey_authentications_total\\{kind="daemonToken",outcome="${outcome}"\\} [1-9]`, 'm'),
        );
      }
    });
  });

  describe('ends', () => {
    test('with its workspace, by one row of the log for all tokens', async () => {
      const gone = await app.workspace(member);
      const tokens = [];
      for (const daemonId of ['one', 'two']) tokens.push(await app.daemonToken(member, gone, { daemonId }));
      for (const { secret } of tokens) expect(await app.accepts(secret)).toBe(true);
      const tags = await tagsOf(app, () => app.as(member).deleteWorkspace({ workspaceId: gone }).expectSuccess());
      expect(tags).toEqual([`workspace:${gone}`]);
      for (const { secret } of tokens) expect(await app.accepts(secret)).toBe(false);
    });

    test('F1.3: with its workspace, in plain SQL', async () => {
      const gone = await app.workspace(member);
      const token = await app.daemonToken(member, gone);
      expect(await app.accepts(token.secret)).toBe(true);
      await app.sql('delete from workspaces where id = ?', [gone]);
      await expect.poll(() => app.accepts(token.secret)).toBe(false);
    });

    test('at its expiry, cached or not', async () => {
      const token = await app.daemonToken(member, workspaceId, { expiresAt: inSeconds(1) });
      expect(await app.accepts(token.secret)).toBe(true);
      await expect.poll(() => app.accepts(token.secret), { timeout: 5000 }).toBe(false);
      const { nodes } = await app.as(member).daemonTokens({ workspaceId, first: 1 });
      expect(nodes[0]).toMatchObject({ id: token.id, status: 'EXPIRED', revokedAt: null });
    });

    test.each([
      ['revoked_at = now()', 'its row is revoked in plain SQL'],
      [`expires_at = now() - interval '1 hour'`, 'its end is moved to an earlier time'],
      [`secret_hash = 'another'`, 'its secret is replaced'],
    ])('when %s: %s', async (change) => {
      const token = await app.daemonToken(member, workspaceId);
      expect(await app.accepts(token.secret)).toBe(true);
      await app.sql(`update daemon_tokens set ${change} where id = ?`, [token.id]);
      await expect.poll(() => app.accepts(token.secret)).toBe(false);
      await app.sql('delete from daemon_tokens where id = ?', [token.id]);
    });

    test('but not with the user who created it, or when that user is disabled or leaves the workspace', async () => {
      const creator = await app.member();
      await app.sql(
        `insert into workspace_members (workspace_id, user_id, role, created_at) values (?, ?, 'MEMBER', now())`,
        [workspaceId, creator.id],
      );
      const token = await app.daemonToken(creator, workspaceId);
      const createdBy = async () => (await app.as(member).daemonTokens({ workspaceId, first: 1 })).nodes[0]!.createdBy;
      expect(await createdBy()).toEqual({ id: creator.id });
      await app.as(admin).disableUser({ userId: creator.id }).expectSuccess();
      expect(await app.accepts(token.secret)).toBe(true);
      await app.sql('delete from workspace_members where user_id = ?', [creator.id]);
      expect(await app.accepts(token.secret)).toBe(true);
      expect(await createdBy()).toBeNull(); // The member shares no workspace with that user any more.
      await app.sql('delete from users where id = ?', [creator.id]);
      await app.app.replica.sync();
      expect(await app.accepts(token.secret)).toBe(true);
      expect(await createdBy()).toBeNull();
    });
  });

  test('a daemon token that is deleted during a request that selects it is rejected', async () => {
    const token = await app.daemonToken(member, workspaceId);
    const { authenticator } = app.app;
    const authenticate = authenticator.authenticate.bind(authenticator);
    authenticator.authenticate = async (...request) => {
      const found = await authenticate(...request);
      await app.sql('delete from daemon_tokens where id = ?', [token.id]);
      return found;
    };
    try {
      expect((await app.graphql(VIEWER, {}, { apiKey: token.secret })).status).toBe(401);
    } finally {
      authenticator.authenticate = authenticate;
    }
  });

  test('no secret of another kind is accepted as a daemon token', async () => {
    const key = await app.apiKey(member, { workspaceId });
    await app.sql(
      `update daemon_tokens set secret_hash = (select secret_hash from api_keys where id = ?)
        where id = (select max(id) from daemon_tokens)`,
      [key.id],
    );
    const { headers } = await verify({ 'x-api-key': key.secret });
    expect(headers.get('x-rekey-credential')).toBe(key.id);
  });
});
