// A live connection ends with its credential, wherever and however that ends, and for no other reason.
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Account, pairs, type TestApp } from '../support/app.ts';
import type { Caller } from '../support/calls.ts';
import { EventStream, type Follower, poll, positionOf, Socket, WAYS } from '../support/live.ts';
import { jtiOf } from '../support/sessions.ts';
import { until } from '../support/until.ts';
import { inSeconds } from '../support/values.ts';
import { join } from '../support/workspaces.ts';

/** How an event stream, a WebSocket and a poll end. */
const INVALID = ['UNAUTHENTICATED', '4403', '401'];
const FORBIDDEN = ['FORBIDDEN', '4403', '403'];
const UNAVAILABLE = ['AUTHENTICATION_UNAVAILABLE', '1013', '503'];

describe.each(pairs())('F1.9: a live connection on $name', ({ start }) => {
  /** Connections are open at the near replica. What ends them happens at the far one. */
  let near: TestApp;
  let far: TestApp;
  let close: () => Promise<void>;
  let admin: Account;
  let service: { id: string; secret: string };
  /** A connection of each kind that must stay open throughout. */
  const bystanders: Follower[] = [];
  const idle: Socket[] = [];

  beforeAll(async () => {
    ({ near, far, close } = await start({
      env: { REKEY_REFRESH_PER_MINUTE: '0', REKEY_ACCESS_TOKEN_SECONDS: '3600' },
    }));
    admin = await far.admin();
    service = await far.apiKey(admin, { scopes: ['INTROSPECT'] });
    const after = await positionOf(near.url, service);
    for (const { follow } of WAYS) bystanders.push(await follow(near.url, service, after));
    idle.push(await Socket.open(near.url, { caller: service }));
  });
  afterAll(async () => {
    // They have seen every revocation of this file, and the last one is still to come.
    const key = await far.apiKey(admin);
    await far.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    for (const bystander of bystanders) {
      await until('the bystander sees the last event', async () => (await bystander.event()).credentialId === key.id);
      await bystander.close();
    }
    expect(await idle[0]!.execute('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    await close();
  });
  afterEach(() => until('only the bystanders are connected', () => near.app.live.size === 4));

  /** Follows in all three ways. */
  async function followAll(caller: Caller): Promise<Follower[]> {
    const after = await positionOf(near.url, caller);
    return Promise.all(WAYS.map(({ follow }) => follow(near.url, caller, after)));
  }

  /** A connection of each kind, and a WebSocket without any operation, end like this. */
  async function ends(caller: Caller, work: () => PromiseLike<unknown>, how: string[] = INVALID): Promise<void> {
    const followers = await followAll(caller);
    const socket = await Socket.open(near.url, { caller });
    await until('all are connected', () => near.app.live.size === 8);
    await work();
    expect(await Promise.all(followers.map((follower) => follower.end()))).toEqual(how);
    if (how === FORBIDDEN) await socket.close();
    else expect(await socket.end()).toBe(how[1]);
  }

  const sql = (text: string, ...values: unknown[]) => far.sql(text, values);
  const keyOf = (account: Account, input: object = {}) => far.apiKey(account, { scopes: ['SESSIONS_READ'], ...input });

  describe('of an API key ends', () => {
    test('when the key is revoked', async () => {
      const key = await keyOf(admin);
      await ends(key, () => far.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess());
    });

    test('when the key revokes itself over HTTP', async () => {
      const key = await keyOf(admin, { scopes: ['SESSIONS_READ', 'API_KEYS_WRITE'] });
      await ends(key, () => far.as(key).revokeApiKey({ apiKeyId: key.id }).expectSuccess());
    });

    test('when the secret is replaced', async () => {
      const key = await keyOf(admin);
      await ends(key, () => far.as(admin).rotateApiKey({ apiKeyId: key.id }).expectSuccess());
    });

    test('when the overlap of its former secret is over, and not before', async () => {
      const key = await keyOf(admin);
      await ends(key, async () => {
        await far.as(admin).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 3600 }).expectSuccess();
        expect(await near.accepts(key.secret)).toBe(true);
        await far.as(admin).rotateApiKey({ apiKeyId: key.id }).expectSuccess();
      });
    });

    test('when the key expires', async () => {
      const key = await keyOf(admin, { expiresAt: inSeconds(6) });
      await ends(key, async () => undefined);
    });

    test('when its user is disabled', async () => {
      const member = await far.member();
      await ends(await keyOf(member), () => far.as(admin).disableUser({ userId: member.id }).expectSuccess());
    });

    test.each([
      ['its row is deleted', 'delete from api_keys where id = ?'],
      ['its row is revoked', 'update api_keys set revoked_at = now() where id = ?'],
      ['its row expires', 'update api_keys set expires_at = now() where id = ?'],
      ['its row has another secret', `update api_keys set secret_hash = 'of another ' || id where id = ?`],
      [
        'its user is disabled',
        'update users set disabled_at = now() where id = (select user_id from api_keys where id = ?)',
      ],
    ])('when %s in plain SQL', async (_what, statement) => {
      const key = await keyOf(await far.member());
      await ends(key, () => sql(statement, key.id));
    });

    test('when the member leaves the workspace that it is bound to', async () => {
      const workspaceId = await far.workspace(admin);
      const member = await join(far, { workspaceId });
      const key = await keyOf(member, { workspaceId });
      await ends(key, () => far.as(admin).removeWorkspaceMember({ workspaceId, userId: member.id }).expectSuccess());
    });

    test('when the workspace that it is bound to is deleted', async () => {
      const member = await far.member();
      const workspaceId = await far.workspace(member);
      const key = await keyOf(member, { workspaceId });
      await ends(key, () => far.as(member).deleteWorkspace({ workspaceId }).expectSuccess());
    });
  });

  describe('of a session ends', () => {
    test('F1.8: at the logout', async () => {
      const member = await far.member();
      await ends(member, () => far.as(member).logout());
    });

    test('when an administrator revokes it', async () => {
      const member = await far.member();
      await ends(member, () => far.as(admin).revokeSession({ sessionId: member.sessionId }).expectSuccess());
    });

    test('when all sessions are revoked', async () => {
      const member = await far.member();
      await ends(member, () => far.as(admin).revokeAllSessions({ userId: member.id }).expectSuccess());
    });

    test('when its access token is revoked', async () => {
      const member = await far.member();
      await ends(member, () =>
        far
          .as(admin)
          .revokeAccessToken({ jti: jtiOf(member.accessToken) })
          .expectSuccess(),
      );
    });

    test('when a copy of its refresh token is used', async () => {
      const member = await far.member();
      await ends(member, async () => {
        await far.as().refreshSession({ refreshToken: member.refreshToken }).expectSuccess();
        await sql(
          `update refresh_tokens set used_at = used_at - interval '1 minute' where session_id = ?`,
          member.sessionId,
        );
        await far.as().refreshSession({ refreshToken: member.refreshToken }).expect('RefreshTokenRejectedError');
      });
    });

    test('when its row is deleted in plain SQL', async () => {
      const member = await far.member();
      await ends(member, () => sql('delete from sessions where id = ?', member.sessionId));
    });

    test('and not with a refresh, after which the former access token is still valid', async () => {
      const member = await far.member();
      const followers = await followAll(member);
      await far.as().refreshSession({ refreshToken: member.refreshToken }).expectSuccess();
      const key = await far.apiKey(member);
      await far.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      for (const follower of followers) {
        expect(await follower.event()).toMatchObject({ credentialId: key.id });
        await follower.close();
      }
    });
  });

  describe('of a daemon ends', () => {
    test('when its token is revoked', async () => {
      const member = await far.member();
      const workspaceId = await far.workspace(member);
      const token = await far.daemonToken(member, workspaceId, { scopes: ['SESSIONS_READ'] });
      await ends(token, () => far.as(member).revokeDaemonToken({ daemonTokenId: token.id }).expectSuccess());
    });

    test('when all its tokens are revoked', async () => {
      const member = await far.member();
      const workspaceId = await far.workspace(member);
      const token = await far.daemonToken(member, workspaceId, { scopes: ['SESSIONS_READ'], daemonId: 'd' });
      await ends(token, () => far.as(member).revokeDaemon({ workspaceId, daemonId: 'd' }).expectSuccess());
    });

    test('when its workspace is deleted', async () => {
      const member = await far.member();
      const workspaceId = await far.workspace(member);
      const token = await far.daemonToken(member, workspaceId, { scopes: ['SESSIONS_READ'] });
      await ends(token, () => far.as(member).deleteWorkspace({ workspaceId }).expectSuccess());
    });

    test('and not when the token was renewed before its former expiry', async () => {
      const member = await far.member();
      const workspaceId = await far.workspace(member);
      const expiresAt = inSeconds(8);
      const token = await far.daemonToken(member, workspaceId, { scopes: ['SESSIONS_READ'], expiresAt });
      const followers = await followAll(token);
      await until('the token is renewed', async () => {
        const renewal = await far.as(token).renewDaemonToken();
        return renewal.__typename === 'RenewDaemonTokenSuccess';
      });
      await until('the former expiry has passed', () => Date.now() > Date.parse(expiresAt) + 500);
      const bound = await far.apiKey(member, { workspaceId });
      await far.as(member).revokeApiKey({ apiKeyId: bound.id }).expectSuccess();
      for (const follower of followers) {
        expect(await follower.event()).toMatchObject({ credentialId: bound.id });
        await follower.close();
      }
    });
  });

  describe('of a credential that is narrowed', () => {
    test.each([
      ['does not hold the scope any more', ['INTROSPECT', 'API_KEYS_READ'], '{API_KEYS_READ}'],
      ['sees less than before', ['INTROSPECT', 'SESSIONS_READ'], '{SESSIONS_READ}'],
    ])('ends if it %s', async (_what, scopes, left) => {
      const key = await keyOf(admin, { scopes });
      await ends(key, () => sql('update api_keys set scopes = ? where id = ?', left, key.id), FORBIDDEN);
    });

    test('ends if an update takes the scope away', async () => {
      const key = await keyOf(admin, { scopes: ['INTROSPECT', 'API_KEYS_READ'] });
      const narrow = () =>
        far
          .as(admin)
          .updateApiKey({ apiKeyId: key.id, scopes: ['API_KEYS_READ'] })
          .expectSuccess();
      await ends(key, narrow, FORBIDDEN);
      expect(await near.accepts(key.secret)).toBe(true);
    });

    test('ends if a policy revokes the credential', async () => {
      const workspaceId = await far.workspace(admin);
      const key = await keyOf(admin, { workspaceId });
      await ends(key, () => far.as(admin).setCredentialPolicy({ workspaceId, requiresExpiry: true }).expectSuccess());
    });

    test('ends if its user is no administrator any more', async () => {
      const other = await far.member();
      await sql(`update users set role = 'ADMIN' where id = ?`, other.id);
      const { accessToken } = (
        await far.as().login({ email: other.email, password: 'tidal lantern quarrel oboe' }).expectSuccess()
      ).tokens;
      await ends({ accessToken }, () => sql(`update users set role = 'MEMBER' where id = ?`, other.id), FORBIDDEN);
    });

    test('goes on if it still holds what it needs', async () => {
      const key = await keyOf(admin, { scopes: ['INTROSPECT', 'SESSIONS_READ'], permissions: ['a', 'b'] });
      const followers = await followAll(key);
      for (const change of [`scopes = '{INTROSPECT}'`, `permissions = '{a}'`, `permissions = '{}'`]) {
        await sql(`update api_keys set ${change} where id = ?`, key.id);
      }
      for (const follower of followers) {
        for (let n = 0; n < 3; n++) expect(await follower.event()).toMatchObject({ credentialId: key.id });
        await follower.close();
      }
    });
  });

  test('goes on when everything is invalidated and its credential is valid', async () => {
    const key = await keyOf(admin);
    const followers = await followAll(key);
    await sql(`select auth_invalidate('*')`);
    for (const follower of followers) {
      expect(await follower.event()).toMatchObject({ kind: 'ALL' });
      await follower.close();
    }
  });

  test('goes on when the replica starts cold, and leaves out nothing', async () => {
    const key = await keyOf(admin);
    const followers = await followAll(key);
    // The rows are committed before the replica looks: it has forgotten its position, and applies none of them.
    const sync = vi.spyOn(near.app.replica, 'requestSync').mockImplementation(() => undefined);
    onTestFinished(() => sync.mockRestore());
    await near.sql('delete from auth_replica');
    await near.sql(
      `update api_keys set expires_at = coalesce(expires_at, clock_timestamp() + interval '10 years') - interval '1 second' where id = ?`,
      [key.id],
    );
    await near.sql(
      `update api_keys set expires_at = coalesce(expires_at, clock_timestamp() + interval '10 years') - interval '1 second' where id = ?`,
      [key.id],
    );
    await near.app.replica.sync();
    for (const follower of followers) {
      const [one, two] = [await follower.event(), await follower.event()];
      expect([one.credentialId, two.credentialId]).toEqual([key.id, key.id]);
      expect(Number(two.sequence)).toBe(Number(one.sequence) + 1);
      await follower.close();
    }
  });

  test('delivers nothing to a credential that was revoked, also not the event of its own end', async () => {
    const key = await keyOf(admin, { scopes: ['INTROSPECT'] });
    const stream = await EventStream.open(near.url, { caller: key });
    const socket = await Socket.open(near.url, { caller: key });
    socket.subscribe();
    await far.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    await far
      .as(admin)
      .revokeApiKey({ apiKeyId: (await keyOf(admin)).id })
      .expectSuccess();
    expect(await stream.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(await stream.next()).toBe(null);
    expect(await socket.message()).toBe(null);
  });
});

describe.each(pairs())('every live connection on $name', ({ start }) => {
  test('ends with AUTHENTICATION_UNAVAILABLE if there is no lease for longer than allowed, and a new one is rejected', async () => {
    const { near, close } = await start({ overrides: { live: { withoutLeaseMs: 100, everyMs: 10 } } });
    onTestFinished(close);
    const key = await near.apiKey(await near.admin(), { scopes: ['INTROSPECT'] });
    const after = await positionOf(near.url, key);
    const followers = await Promise.all(WAYS.map(({ follow }) => follow(near.url, key, after)));
    const [idle, anonymous] = [await Socket.open(near.url, { caller: key }), await Socket.open(near.url)];
    await until('all are connected', () => near.app.live.size === 5);
    const lease = vi.spyOn(near.app.replica, 'leaseRemaining').mockReturnValue(0);
    onTestFinished(() => lease.mockRestore());
    expect(await Promise.all(followers.map((follower) => follower.end()))).toEqual(UNAVAILABLE);
    expect(await idle.end()).toBe('1013');
    expect(await anonymous.execute('{ __typename }')).toEqual({ data: { __typename: 'Query' } });

    const polled = await poll(near.url, key);
    expect([polled.status, polled.headers['retry-after']]).toEqual([503, '1']);
    const stream = await EventStream.open(near.url, { caller: key });
    expect([stream.status, stream.headers['retry-after']]).toEqual([503, '1']);
    expect(await stream.end()).toBe('AUTHENTICATION_UNAVAILABLE');
    lease.mockRestore();
    for (const { follow } of WAYS) await (await follow(near.url, key, after)).close();
  });

  test('ends when the replica stops, with the code that says to connect again, and a new one is rejected', async () => {
    const { near, close } = await start();
    onTestFinished(close);
    const key = await near.apiKey(await near.admin(), { scopes: ['INTROSPECT'] });
    const [stream, socket] = [
      await EventStream.open(near.url, { caller: key }),
      await Socket.open(near.url, { caller: key }),
    ];
    socket.subscribe();
    const polled = poll(near.url, key, { after: await positionOf(near.url, key), wait: 10_000 });
    await until('all are connected', () => near.app.live.size === 3);
    near.app.drain();
    expect(await stream.next()).toBe(null);
    expect(await socket.closed).toEqual({ code: 1001, reason: 'This replica stops. Connect again.' });
    expect((await polled).status).toBe(200);
    await until('every place is free', () => near.app.live.size === 0);

    const late = await EventStream.open(near.url, { caller: key });
    expect([late.status, late.headers['retry-after']]).toEqual([503, '1']);
    await expect(Socket.open(near.url, { caller: key })).rejects.toMatchObject({
      response: {
        statusCode: 503,
        headers: expect.objectContaining({ 'retry-after': '1', 'x-request-id': expect.any(String) }),
      },
    });
  });
});
