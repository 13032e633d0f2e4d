// What followers learn of each revocation, and that all three ways to follow show the same.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, PASSWORD, type TestApp } from '../../support/app.ts';
import { EventStream, type FeedEvent, poll, positionOf, WAYS } from '../../support/live.ts';
import { jtiOf, login } from '../../support/sessions.ts';
import { inSeconds, times } from '../../support/values.ts';
import { join } from '../../support/workspaces.ts';

type Expected = Partial<FeedEvent>;

describe.each(backends())('revocations on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let service: { id: string; secret: string };

  beforeAll(async () => {
    app = await start({ env: { REKEY_REFRESH_PER_MINUTE: '0' } });
    admin = await app.admin();
    service = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
  });
  afterAll(() => app.close());

  /** The events that this work causes, as a service that sees all of them receives them. */
  async function eventsOf(work: () => PromiseLike<unknown>): Promise<FeedEvent[]> {
    const after = await positionOf(app.url, service);
    await work();
    const { json } = await poll(app.url, service, { after });
    return json.events;
  }

  const invalidateEverything = () => app.changeBySql(`select auth_invalidate('*')`);

  const none = { userId: null, workspaceId: null, daemonId: null };

  describe('an event tells what ended or was narrowed, why, and to whom it belongs', () => {
    test('of an API key', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const [own, bound] = [await app.apiKey(member), await app.apiKey(member, { workspaceId })];
      const events = await eventsOf(async () => {
        await app.as(member).rotateApiKey({ apiKeyId: own.id }).expectSuccess();
        await app.as(member).rotateApiKey({ apiKeyId: bound.id, overlapSeconds: 60 }).expectSuccess();
        await app.as(member).revokeApiKey({ apiKeyId: own.id, reason: 'COMPROMISED' }).expectSuccess();
        await app.as(member).revokeApiKey({ apiKeyId: bound.id }).expectSuccess();
      });
      const ofOwn = { ...none, kind: 'API_KEY', credentialId: own.id, userId: member.id };
      const ofBound = { ...none, kind: 'API_KEY', credentialId: bound.id, userId: member.id, workspaceId };
      expect(events).toMatchObject<Expected[]>([
        { ...ofOwn, effect: 'NARROWED', reason: 'ROTATED' },
        { ...ofBound, effect: 'NARROWED', reason: 'ROTATED' },
        { ...ofOwn, effect: 'ENDED', reason: 'COMPROMISED' },
        { ...ofBound, effect: 'ENDED', reason: 'UNSPECIFIED' },
      ]);
    });

    test('of a signing key: of each rotation, also of one that moves no expiry', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const [endless, ending] = [
        await app.signingKey(member, workspaceId),
        await app.signingKey(member, workspaceId, { expiresAt: inSeconds(600) }),
      ];
      const events = await eventsOf(async () => {
        for (const { id: signingKeyId } of [endless, ending])
          await app.as(member).rotateSigningKey({ signingKeyId, overlapSeconds: 3600 }).expectSuccess();
        await app.as(member).revokeSigningKey({ signingKeyId: ending.id, reason: 'COMPROMISED' }).expectSuccess();
      });
      const of = { ...none, kind: 'SIGNING_KEY', workspaceId };
      expect(events).toMatchObject<Expected[]>([
        { ...of, credentialId: endless.id, effect: 'NARROWED', reason: 'ROTATED' },
        { ...of, credentialId: ending.id, effect: 'NARROWED', reason: 'ROTATED' },
        { ...of, credentialId: ending.id, effect: 'ENDED', reason: 'COMPROMISED' },
      ]);
    });

    test('of a session, of all sessions, and of an access token', async () => {
      const member = await app.member();
      const sessions = await Promise.all(times(3, () => login(app, member)));
      const [one, two, three] = [sessions[0]!, sessions[1]!, sessions[2]!];
      const events = await eventsOf(async () => {
        await app.as(one).logout();
        await app.as(two).revokeSession({ sessionId: three.sessionId, reason: 'COMPROMISED' }).expectSuccess();
        await app
          .as(two)
          .revokeAccessToken({ jti: jtiOf(two.accessToken) })
          .expectSuccess();
        await app.as(member).revokeAllSessions({ exceptCurrent: true }).expectSuccess();
        const passwords = { currentPassword: PASSWORD, newPassword: 'quarrel oboe tidal lantern' };
        await app.as(member).changePassword(passwords).expectSuccess();
      });
      const owner = { ...none, userId: member.id };
      const user = { ...owner, kind: 'USER', credentialId: member.id, effect: 'NARROWED' };
      expect(events).toMatchObject<Expected[]>([
        { ...owner, kind: 'SESSION', credentialId: one.sessionId, effect: 'ENDED', reason: 'SIGNED_OUT' },
        { ...owner, kind: 'SESSION', credentialId: three.sessionId, effect: 'ENDED', reason: 'COMPROMISED' },
        {
          ...owner,
          kind: 'ACCESS_TOKEN',
          credentialId: jtiOf(two.accessToken),
          effect: 'ENDED',
          reason: 'UNSPECIFIED',
        },
        { ...user, reason: 'SIGNED_OUT' },
        { ...user, reason: 'SIGNED_OUT' },
      ]);
    });

    test('of a session whose idle expiry is moved by plain SQL', async () => {
      const member = await app.member();
      const move = (interval: string) =>
        app.changeBySql(
          `update sessions set idle_expires_at = clock_timestamp() + interval '${interval}' where id = ?`,
          [member.sessionId],
        );
      const events = await eventsOf(async () => {
        await move('1 minute');
        await move('-1 second');
      });
      const session = { ...none, kind: 'SESSION', credentialId: member.sessionId, userId: member.id };
      expect(events).toMatchObject<Expected[]>([
        { ...session, effect: 'NARROWED', reason: 'UNSPECIFIED' },
        { ...session, effect: 'ENDED', reason: 'UNSPECIFIED' },
      ]);
    });

    test('of a session whose refresh token was used twice', async () => {
      const member = await app.member();
      await app.as().refreshSession({ refreshToken: member.refreshToken }).expectSuccess();
      await app.sql(
        `update refresh_tokens set used_at = used_at - interval '1 minute' where session_id = ? and used_at is not null`,
        [member.sessionId],
      );
      const events = await eventsOf(() =>
        app.as().refreshSession({ refreshToken: member.refreshToken }).expect('RefreshTokenRejectedError'),
      );
      expect(events).toMatchObject<Expected[]>([
        {
          ...none,
          kind: 'SESSION',
          credentialId: member.sessionId,
          userId: member.id,
          effect: 'ENDED',
          reason: 'REUSED',
        },
      ]);
    });

    test('of a user', async () => {
      const member = await app.member();
      const events = await eventsOf(async () => {
        await app.as(admin).disableUser({ userId: member.id }).expectSuccess();
        await app.as(admin).enableUser({ userId: member.id }).expectSuccess();
      });
      const user = { ...none, kind: 'USER', credentialId: member.id, userId: member.id };
      expect(events[0]).toMatchObject({ ...user, effect: 'ENDED', reason: 'ADMINISTRATIVE' });
      for (const event of events.slice(1)) expect(event).toMatchObject({ ...user, effect: 'NARROWED' });
    });

    test('of a member, and of a workspace', async () => {
      const owner = await app.member();
      const workspaceId = await app.workspace(owner);
      const second = await join(app, { workspaceId, role: 'OWNER' });
      const events = await eventsOf(async () => {
        const of = { workspaceId, userId: second.id };
        await app
          .as(owner)
          .setWorkspaceMemberRole({ ...of, role: 'MEMBER' })
          .expectSuccess();
        await app.as(owner).removeWorkspaceMember(of).expectSuccess();
        await app.sql('update workspaces set requires_signed_requests = true where id = ?', [workspaceId]);
        await app.as(owner).deleteWorkspace({ workspaceId }).expectSuccess();
      });
      const member = { ...none, kind: 'WORKSPACE_MEMBER', credentialId: second.id, userId: second.id, workspaceId };
      const workspace = { ...none, kind: 'WORKSPACE', credentialId: workspaceId, workspaceId };
      expect(events).toMatchObject<Expected[]>([
        { ...member, effect: 'NARROWED', reason: 'UNSPECIFIED' },
        { ...member, effect: 'ENDED', reason: 'REMOVED' },
        { ...workspace, effect: 'NARROWED', reason: 'UNSPECIFIED' },
        { ...workspace, effect: 'ENDED', reason: 'UNSPECIFIED' },
      ]);
    });

    test('of a daemon token, and of a daemon', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const daemonId = 'build host 1';
      const token = await app.daemonToken(member, workspaceId, { daemonId });
      await app.daemonToken(member, workspaceId, { daemonId });
      const events = await eventsOf(async () => {
        await app.as(member).revokeDaemonToken({ daemonTokenId: token.id, reason: 'COMPROMISED' }).expectSuccess();
        await app.as(member).revokeDaemon({ workspaceId, daemonId, reason: 'ADMINISTRATIVE' }).expectSuccess();
      });
      const owner = { userId: null, workspaceId, daemonId };
      expect(events).toMatchObject<Expected[]>([
        { ...owner, kind: 'DAEMON_TOKEN', credentialId: token.id, effect: 'ENDED', reason: 'COMPROMISED' },
        { ...owner, kind: 'DAEMON', credentialId: daemonId, effect: 'ENDED', reason: 'ADMINISTRATIVE' },
      ]);
    });

    test('of everything', async () => {
      const events = await eventsOf(invalidateEverything);
      expect(events).toMatchObject<Expected[]>([
        { ...none, kind: 'ALL', credentialId: '*', effect: 'NARROWED', reason: 'UNSPECIFIED' },
      ]);
    });

    test('and a change that narrows nothing has none', async () => {
      const member = await app.member();
      const events = await eventsOf(async () => {
        const { id } = await app.apiKey(member);
        await app.as(member).apiKey({ id });
        await app.as().refreshSession({ refreshToken: member.refreshToken }).expectSuccess();
        await app.as(member).createWorkspace({ name: 'w' }).expectSuccess();
        await app.as(member).revokeApiKey({ apiKeyId: 'key_00000000000000000000000000' }).expect('ApiKeyNotFoundError');
      });
      expect(events).toEqual([]);
    });
  });

  describe('who sees what', () => {
    /** The ids that these callers see of the same work. */
    async function seenBy(
      callers: Parameters<typeof poll>[1][],
      work: () => PromiseLike<unknown>,
    ): Promise<string[][]> {
      const after = await positionOf(app.url, service);
      await work();
      const pages = await Promise.all(callers.map((caller) => poll(app.url, caller, { after })));
      return pages.map(({ json }) => json.events.map((event: FeedEvent) => `${event.kind} ${event.credentialId}`));
    }

    test('a member sees the end of a workspace, also when it is deleted, and nothing of other members', async () => {
      const [owner, member, other] = [await app.member(), await app.member(), await app.member()];
      const workspaceId = await app.workspace(owner);
      for (const { email } of [member, other]) {
        await app.as(admin).addWorkspaceMember({ workspaceId, email, role: 'MEMBER' }).expectSuccess();
      }
      const bound = await app.apiKey(member, { workspaceId });
      const seen = await seenBy([owner, member, other], async () => {
        await app.as(member).revokeApiKey({ apiKeyId: bound.id }).expectSuccess();
        await app.as(owner).removeWorkspaceMember({ workspaceId, userId: other.id }).expectSuccess();
        await app.as(owner).deleteWorkspace({ workspaceId }).expectSuccess();
      });
      const [key, removal, end] = [`API_KEY ${bound.id}`, `WORKSPACE_MEMBER ${other.id}`, `WORKSPACE ${workspaceId}`];
      expect(seen).toEqual([[end], [key, end], [removal]]);
      expect(await app.sql('select * from workspace_departures')).toEqual([]);
    });

    test('a credential of a workspace sees the rows of the workspace, of every member, and ALL', async () => {
      const [owner, member] = [await app.member(), await app.member()];
      const workspaceId = await app.workspace(owner);
      await app.as(admin).addWorkspaceMember({ workspaceId, email: member.email, role: 'MEMBER' }).expectSuccess();
      const follower = await app.apiKey(owner, { workspaceId, scopes: ['SESSIONS_READ'] });
      const [bound, personal] = [await app.apiKey(member, { workspaceId }), await app.apiKey(owner)];
      const daemon = await app.daemonToken(owner, workspaceId);
      const [seen] = await seenBy([follower], async () => {
        await app.as(member).revokeApiKey({ apiKeyId: bound.id }).expectSuccess();
        await app.as(owner).revokeApiKey({ apiKeyId: personal.id }).expectSuccess();
        await app.as(owner).revokeDaemonToken({ daemonTokenId: daemon.id }).expectSuccess();
        await app.as(admin).disableUser({ userId: member.id }).expectSuccess();
        await invalidateEverything();
      });
      expect(seen).toEqual([`API_KEY ${bound.id}`, `DAEMON_TOKEN ${daemon.id}`, 'ALL *']);
    });

    test('a person does not learn of people with whom they share nothing', async () => {
      const [member, stranger] = [await app.member(), await app.member()];
      const key = await app.apiKey(stranger, { workspaceId: await app.workspace(stranger) });
      const [seen] = await seenBy([member], async () => {
        await app.as(stranger).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
        await app.as(stranger).logout();
        await app.as(admin).disableUser({ userId: stranger.id }).expectSuccess();
      });
      expect(seen).toEqual([]);
    });
  });

  describe.each(WAYS)('by $name', ({ follow }) => {
    test('events arrive from a position on, then live, in order, with the same content as by every other way', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const after = await positionOf(app.url, service);
      const change = async (count: number) => {
        for (const _ of times(count, () => null)) {
          const key = await app.apiKey(member);
          await app.as(member).rotateApiKey({ apiKeyId: key.id }).expectSuccess();
          await app.as(member).revokeApiKey({ apiKeyId: key.id, reason: 'COMPROMISED' }).expectSuccess();
        }
      };
      await change(3);
      const follower = await follow(app.url, service, after);
      await change(3);
      await app.as(member).deleteWorkspace({ workspaceId }).expectSuccess();
      const events: FeedEvent[] = [];
      while (events.length < 13) events.push(await follower.event());
      await follower.close();
      expect(events.map(({ sequence }) => Number(sequence))).toEqual(times(13, (n) => Number(after) + 1 + n));
      const { json } = await poll(app.url, service, { after });
      expect(events).toEqual(json.events);
    });

    test('each position is one from which to continue', async () => {
      const after = await positionOf(app.url, service);
      for (const _ of times(4, () => null))
        await app.sql(
          `update api_keys set expires_at = coalesce(expires_at, clock_timestamp() + interval '10 years') - interval '1 second' where id = ?`,
          [service.id],
        );
      const follower = await follow(app.url, service, after);
      const first = await follower.event();
      await follower.close();
      const next = await follow(app.url, service, first.sequence);
      expect(Number((await next.event()).sequence)).toBe(Number(first.sequence) + 1);
      await next.close();
    });
  });

  describe('`after`', () => {
    const errorOf = async (after: unknown, query?: string) => {
      const stream = await EventStream.open(app.url, { caller: service, query, variables: { after } });
      const result = await stream.next();
      expect(await stream.next()).toBe(null);
      return result?.errors?.[0];
    };

    test.each(['', ' ', 'x', '-1', '1.5', '0x1', '1e3', '+1', '١', '1234567890123456'])(
      '%j is no position: BAD_USER_INPUT',
      async (after) => {
        expect(await errorOf(after)).toMatchObject({
          path: ['revocations'],
          extensions: { code: 'BAD_USER_INPUT' },
          message: expect.stringContaining('`after`'),
        });
      },
    );

    test('beyond the newest position is BAD_USER_INPUT', async () => {
      const beyond = String(Number(await positionOf(app.url, service)) + 1);
      expect(await errorOf(beyond)).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT' },
        message: '`after` is beyond the end of the log.',
      });
    });

    test('before what the log still holds is POSITION_TOO_OLD, with nothing before it', async () => {
      for (const _ of times(3, () => null))
        await app.sql(
          `update api_keys set expires_at = coalesce(expires_at, clock_timestamp() + interval '10 years') - interval '1 second' where id = ?`,
          [service.id],
        );
      await app.app.replica.sync();
      const end = Number(await positionOf(app.url, service));
      await app.sql('delete from auth_inval where seq < ?', [end]);
      // A replica that starts cold has no row in its memory.
      await app.sql('delete from auth_replica');
      await app.app.replica.sync();
      expect(await errorOf(String(end - 2))).toMatchObject({
        path: ['revocations'],
        extensions: { code: 'POSITION_TOO_OLD' },
        message: expect.stringContaining('without `after`'),
      });
      const stream = await EventStream.open(app.url, { caller: service, variables: { after: String(end - 1) } });
      expect((await stream.event()).sequence).toBe(String(end));
      stream.close();
    });

    test('null, or none, begins now', async () => {
      for (const variables of [{ after: null }, {}, undefined]) {
        const stream = await EventStream.open(app.url, { caller: service, variables });
        const before = Number(await positionOf(app.url, service));
        await app.sql(
          `update api_keys set expires_at = coalesce(expires_at, clock_timestamp() + interval '10 years') - interval '1 second' where id = ?`,
          [service.id],
        );
        expect(Number((await stream.event()).sequence)).toBe(before + 1);
        stream.close();
      }
    });
  });

  test('a subscription may rename its field, use fragments, and select what it needs', async () => {
    const query = `subscription Follow($from: String) { ended: revocations(after: $from) { ...F __typename } }
      fragment F on RevocationEvent { id: credentialId kind }`;
    const from = await positionOf(app.url, service);
    const stream = await EventStream.open(app.url, { caller: service, query, variables: { from } });
    await app.sql(
      `update api_keys set expires_at = coalesce(expires_at, clock_timestamp() + interval '10 years') - interval '1 second' where id = ?`,
      [service.id],
    );
    expect(await stream.next()).toEqual({
      data: { ended: { id: service.id, kind: 'API_KEY', __typename: 'RevocationEvent' } },
    });
    stream.close();
  });
});
