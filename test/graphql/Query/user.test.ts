import { EntityManager } from '@mikro-orm/sql';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { accept, invite, memberWith } from '../../support/people.ts';
import { later, login } from '../../support/sessions.ts';
import { join } from '../../support/workspaces.ts';

describe.each(backends())('user on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app?.close());

  test('an administrator finds every user, active, invited or disabled, and nothing for another id', async () => {
    const [member, disabled] = [await app.member(), await app.member()];
    await app.as(admin).disableUser({ userId: disabled.id }).expectSuccess();
    for (const { id, email } of [admin, member, disabled, await invite(app)])
      expect(await app.as(admin).user({ id })).toMatchObject({ id, email });
    for (const id of ['usr_00000000000000000000000000', '', 'x', (await app.apiKey(admin)).id])
      expect(await app.as(admin).user({ id })).toBeNull();
  });

  test('a member, and an administrator’s key without the scope ADMIN, get FORBIDDEN', async () => {
    const member = await app.member();
    const key = await app.apiKey(admin, { scopes: ['API_KEYS_READ'] });
    for (const caller of [member, key]) await app.as(caller).user({ id: member.id }).expectError('FORBIDDEN');
  });

  test('counts active sessions and keys', async () => {
    const member = await app.member();
    const [second, expired] = [await login(app, member), await login(app, member)];
    const [, revoked, over] = [await app.apiKey(member), await app.apiKey(member), await app.apiKey(member)];
    const counts = async () => {
      const { sessionCount, apiKeyCount } = (await app.as(admin).user({ id: member.id }))!;
      return [sessionCount, apiKeyCount];
    };
    expect(await counts()).toEqual([3, 3]);
    await later(app, expired.sessionId, 3_000_000);
    await app.as(member).revokeSession({ sessionId: second.sessionId }).expectSuccess();
    await app.as(member).revokeApiKey({ apiKeyId: revoked.id }).expectSuccess();
    await app.sql(`update api_keys set expires_at = now() where id = ?`, [over.id]);
    expect(await counts()).toEqual([1, 1]);
    await app.as(admin).disableUser({ userId: member.id }).expectSuccess();
    expect(await counts()).toEqual([0, 1]);
  });

  test('`lastUsedAt` is the latest use of a session or a key', async () => {
    const invited = await invite(app);
    const lastUsedAt = async () => (await app.as(admin).user({ id: invited.id }))?.lastUsedAt;
    expect(await lastUsedAt()).toBeNull();
    const { tokens } = await accept(app, invited.invitationToken).expectSuccess();
    expect(await lastUsedAt()).toBe(tokens.session.createdAt);
    const key = await app.apiKey(tokens);
    const used = `insert into credential_usage values (?, now() + interval '1 hour')
      on conflict (credential_id) do update set last_used_at = excluded.last_used_at`;
    await app.sql(used, [key.id]);
    const [{ at }] = await app.sql('select last_used_at as at from credential_usage where credential_id = ?', [key.id]);
    expect(await lastUsedAt()).toBe(new Date(at).toISOString());
  });

  test('a list reads the counts of all of its users at once', async () => {
    for (let n = 0; n < 3; n++) await app.member();
    const execute = vi.spyOn(EntityManager.prototype, 'execute');
    await app.as(admin).users({ first: 10 });
    const reads = execute.mock.calls.filter(([text]) => /group by/.test(String(text)));
    expect(reads).toHaveLength(4);
  });

  describe('what is only for the user and for administrators', () => {
    const PRIVATE = ['sessionCount', 'apiKeyCount', 'permissions'];

    test('the user reads it, also with a key and in the response to a login', async () => {
      const member = await memberWith(app, ['read']);
      const key = await app.apiKey(member);
      const fields = `user { ${PRIVATE.join(' ')} lastUsedAt }`;
      for (const credential of [{ bearer: member.accessToken }, { apiKey: key.secret }]) {
        const { data, errors } = await app.graphql(`{ viewer { ${fields} } }`, {}, credential);
        expect(errors).toBeUndefined();
        expect(data.viewer.user).toMatchObject({ permissions: ['read'], sessionCount: 1, apiKeyCount: 1 });
      }
      const { invitationToken } = await invite(app);
      const document = `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) {
        ... on AcceptInvitationSuccess { ${fields} } } }`;
      const input = { invitationToken, password: 'quartz fjord bandwagon umbra' };
      const { data, errors } = await app.graphql(document, { input });
      expect([errors, data.acceptInvitation.user.sessionCount]).toEqual([undefined, 1]);
    });

    test('a service that introspects reads it', async () => {
      const member = await memberWith(app, ['read']);
      const { secret } = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
      const document = `{ introspect(token: "${member.accessToken}") { user { ${PRIVATE.join(' ')} } } }`;
      const { data, errors } = await app.graphql(document, {}, { apiKey: secret });
      expect([errors, data.introspect.user.permissions]).toEqual([undefined, ['read']]);
    });

    test('a member of the same workspace, its owner included, gets FORBIDDEN, and null for `lastUsedAt`', async () => {
      const owner = await app.member();
      const workspaceId = await app.workspace(owner);
      await join(app, { workspaceId });
      const read = (fields: string) =>
        app.graphql(
          `{ workspace(id: "${workspaceId}") { members { nodes { role user { id ${fields} } } } } }`,
          {},
          { bearer: owner.accessToken },
        );
      for (const field of PRIVATE) {
        const { errors } = await read(field);
        expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
      }
      const { data, errors } = await read('email displayName role lastUsedAt');
      expect(errors).toBeUndefined();
      const uses = data.workspace.members.nodes.map(({ user }: { user: { lastUsedAt: unknown } }) => user.lastUsedAt);
      expect(uses).toEqual([null, expect.any(String)]);
    });
  });
});
