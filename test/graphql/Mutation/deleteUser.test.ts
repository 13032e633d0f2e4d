import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { UnitOfWork } from '../../../src/database/unit-of-work.ts';
import { verifyFrom } from '../../support/api-keys.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../../support/app.ts';
import { auditRows } from '../../support/audit.ts';
import { holdNextCommit, untilLocked } from '../../support/gates.ts';
import { accept, administrator, invite, logsIn, resetTokenOf } from '../../support/people.ts';
import { exchange, jtiOf, login } from '../../support/sessions.ts';
import { until } from '../../support/until.ts';
import { times } from '../../support/values.ts';
import { join, rolesIn, tagsOf } from '../../support/workspaces.ts';

const UNKNOWN = 'usr_00000000000000000000000000';

describe.each(backends())('deleteUser on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app?.close());

  const remove = ({ id: userId }: { id: string }, by: Account = admin) => app.as(by).deleteUser({ userId });

  describe('DeleteUserSuccess', () => {
    test('every credential of the user stops working before the response, and no other one does', async () => {
      const workspaceId = await app.workspace(admin);
      const [member, other] = [await join(app, { workspaceId }), await app.member()];
      const keys = [await app.apiKey(member), await app.apiKey(member, { workspaceId })];
      const secrets = [member.accessToken, (await login(app, member)).accessToken, ...keys.map(({ secret }) => secret)];
      for (const secret of [...secrets, other.accessToken]) expect(await app.accepts(secret)).toBe(true);
      const { userId, receipt } = await remove(member).expectSuccess();
      expect([userId, receipt.propagation]).toEqual([member.id, 'ACKNOWLEDGED']);
      for (const secret of secrets) expect(await app.accepts(secret)).toBe(false);
      expect(await exchange(app, member.refreshToken)).toBe('UNKNOWN');
      expect(await logsIn(app, member.email)).toBe(false);
      expect(await app.accepts(other.accessToken)).toBe(true);
      expect(await app.as(admin).user({ id: member.id })).toBeNull();
      expect(await app.as(admin).session({ id: member.sessionId })).toBeNull();
    });

    test('nothing of the person remains but the id in the audit log', async () => {
      const workspaceId = await app.workspace(admin);
      const headers = { 'user-agent': 'Firefox of Grace' };
      const { user, tokens } = await app
        .as({ headers })
        .register({ email: 'grace.hopper@example.com', password: PASSWORD, displayName: 'Grace Hopper' })
        .expectSuccess();
      const account = { ...tokens, id: user.id };
      await app.as(admin).addWorkspaceMember({ workspaceId, email: user.email }).expectSuccess();
      await app.apiKey(account, { name: 'laptop of Grace' });
      await app.apiKey(account, { name: 'bound of Grace', workspaceId });
      await app
        .as(account)
        .revokeAccessToken({ jti: jtiOf((await login(app, user)).accessToken) })
        .expectSuccess();
      await resetTokenOf(app, user);
      const made = await app.daemonToken(account, workspaceId);
      await remove(user).expectSuccess();

      const tables = await app.sql(`select table_name as name from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`);
      const holding = [];
      for (const { name } of tables) {
        const rows = await app.sql(`select to_jsonb(t)::text as text from ${name} t`);
        if (rows.some(({ text }) => /grace/i.test(text))) throw new Error(`${name} holds personal data.`);
        if (rows.some(({ text }) => text.includes(user.id))) holding.push(name);
      }
      expect(holding).toEqual(['audit_events', 'auth_inval']);
      const own = await auditRows(app, 'actor_user_id = ?', [user.id]);
      expect(own.length).toBeGreaterThan(0);
      for (const event of own) expect(event).toMatchObject({ ip_address: null, user_agent: null });
      // What others did stays as it was.
      const deletion = await auditRows(app, `subject_id = ? and type = 'account.deleted'`, [user.id]);
      expect(deletion).toMatchObject([{ actor_user_id: admin.id, ip_address: '127.0.0.1' }]);
      // A token of the workspace that the person made goes on.
      expect(await app.accepts(made.secret)).toBe(true);
      const { nodes } = await app.as(admin).daemonTokens({ workspaceId });
      expect(nodes).toMatchObject([{ id: made.id, createdBy: null }]);
      expect(await rolesIn(app, workspaceId)).toEqual([[admin.id, 'OWNER']]);
    });

    test('erases every address of the user, also those of keys of a workspace and of rejected requests', async () => {
      const address = '198.51.100.77';
      const own = await start({ env: { REKEY_TRUSTED_PROXIES: '127.0.0.1' } });
      onTestFinished(() => own.close());
      const person = await own.member();
      const owner = await own.admin();
      const workspaceId = await own.workspace(owner);
      await own.as(owner).addWorkspaceMember({ workspaceId, email: person.email, role: 'OWNER' }).expectSuccess();
      const from = own.as({ headers: { authorization: `Bearer ${person.accessToken}`, 'x-forwarded-for': address } });
      const create = async (input: object = {}) => {
        const { apiKey, secret } = await from.createApiKey({ name: 'x', ...input }).expectSuccess();
        return { id: apiKey.id, secret };
      };
      const [used, late] = [await create(), await create()];
      const elsewhere = await create({ allowedAddresses: ['192.0.2.0/24'] });
      const ofWorkspace = await create({ workspaceId, owner: 'WORKSPACE' });
      expect(await verifyFrom(own, used.secret, address)).toBe(204);
      for (let n = 0; n < 2; n++) expect(await verifyFrom(own, elsewhere.secret, address)).toBe(401);
      const usesOf = ({ id }: { id: string }) =>
        own.sql('select 1 from credential_usage where credential_id = ? and last_used_at is not null', [id]);
      await until('the use is written', async () => (await usesOf(used)).length > 0);
      const refusals = `select 1 from audit_events where type = 'api-key.refused' and ip_address_sealed is not null`;
      await until('the refusal is written', async () => (await own.sql(refusals)).length > 0);
      expect(await verifyFrom(own, late.secret, address)).toBe(204);

      await own.as(owner).deleteUser({ userId: person.id }).expectSuccess();
      await until('the late use is written', async () => (await usesOf(late)).length > 0);
      const tables = await own.sql(`select table_name as name from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE'`);
      const holding = [];
      for (const { name } of tables) {
        const rows = await own.sql(`select to_jsonb(t)::text as text from ${name} t`);
        if (rows.some(({ text }) => text.includes(address))) holding.push(name);
      }
      expect(holding).toEqual([]);
      // Addresses are sealed: what is left of them is no plain text.
      const keys = [used, late, elsewhere, ofWorkspace].map(({ id }) => id);
      const among = `in (${keys.map(() => '?').join(', ')})`;
      const sealed = await own.sql(
        `select 'event' as what from audit_events where (actor_user_id = ? or subject_id ${among})
            and (ip_address_sealed is not null or user_agent_sealed is not null)
          union all select 'use' from credential_usage where credential_id ${among} and last_used_from is not null
          union all select 'creation' from api_keys where id ${among} and created_from_ip is not null`,
        [person.id, ...keys, ...keys, ...keys],
      );
      expect(sealed).toEqual([]);
      expect(await own.accepts(ofWorkspace.secret)).toBe(true);
    });

    test('is one row of the log, however many sessions, keys and memberships end', async () => {
      const workspaceId = await app.workspace(admin);
      const member = await join(app, { workspaceId });
      await app.apiKey(member, { workspaceId });
      await app.sql(
        `insert into sessions (id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at)
          select 'ses_gone' || ? || n, ?, '{}', now(), now(), now() + interval '1 day', now() + interval '1 day'
          from generate_series(1, 1200) as n`,
        [member.id, member.id],
      );
      await app.sql(
        `insert into api_keys (id, user_id, name, hint, secret_hash, scopes, permissions, created_at)
          select 'key_gone' || ? || n, ?, '', '', ? || n, '{}', '{}', now() from generate_series(1, 1200) as n`,
        [member.id, member.id, member.id],
      );
      expect(await tagsOf(app, () => remove(member).expectSuccess())).toEqual([`user:${member.id}`]);
    });

    test('the address is free again, and the new account has nothing of the former one', async () => {
      const member = await app.member();
      await remove(member).expectSuccess();
      const { email } = member;
      const { user } = await app.as().register({ email, password: PASSWORD, displayName: 'New' }).expectSuccess();
      expect(user.id).not.toBe(member.id);
      expect(await app.accepts(member.accessToken)).toBe(false);
    });

    test('an invited user: the invitation is no longer valid', async () => {
      const invited = await invite(app);
      await remove(invited).expectSuccess();
      await accept(app, invited.invitationToken).expect('InvitationRejectedError');
    });

    test('an administrator deletes their own account, and leaves no address', async () => {
      const second = await administrator(app);
      await app.as(second).createWorkspace({ name: 'left behind' }).expectSuccess();
      const [workspace] = (await app.as(second).workspaces()).nodes;
      await app.as(second).deleteWorkspace({ workspaceId: workspace!.id }).expectSuccess();
      await remove(second, second).expectSuccess();
      expect(await app.accepts(second.accessToken)).toBe(false);
      const events = await auditRows(app, 'actor_user_id = ?', [second.id]);
      expect(events.map(({ type }) => type)).toContain('account.deleted');
      for (const event of events) expect(event).toMatchObject({ ip_address: null, user_agent: null });
    });

    test('the first administrator can be deleted, and bootstrap stays closed', async () => {
      const own = await start();
      try {
        const first = await own.admin();
        const second = await administrator(own);
        await own.as(second).deleteUser({ userId: first.id }).expectSuccess();
        const input = { setupToken: 'x', email: 'x@example.com', password: PASSWORD, displayName: 'X' };
        await own.as().bootstrap(input).expect('AlreadyBootstrappedError');
      } finally {
        await own.close();
      }
    });

    test('of ten calls at once one succeeds', async () => {
      const member = await app.member();
      const results = await Promise.all(times(10, () => remove(member)));
      const names = results.map(({ __typename }) => __typename).toSorted();
      expect(names).toEqual(['DeleteUserSuccess', ...times(9, () => 'UserNotFoundError')]);
    });
  });

  test('UserNotFoundError: an id that belongs to no user', async () => {
    for (const id of [UNKNOWN, 'nonsense', '']) await remove({ id }).expect('UserNotFoundError');
  });

  test('LastAdministratorError: the last active administrator stays, for every caller', async () => {
    const own = await start();
    try {
      const only = await own.admin();
      await invite(own, { role: 'ADMIN' });
      const disabled = await administrator(own);
      await own.as(only).disableUser({ userId: disabled.id }).expectSuccess();
      const key = await own.apiKey(only, { scopes: ['ADMIN'] });
      for (const caller of [only, key])
        await own.as(caller).deleteUser({ userId: only.id }).expect('LastAdministratorError');
      expect(await own.accepts(only.accessToken)).toBe(true);
      await own.as(only).deleteUser({ userId: disabled.id }).expectSuccess();
    } finally {
      await own.close();
    }
  });

  describe('LastOwnerError', () => {
    test('names every workspace that would have no active owner, and changes nothing', async () => {
      const owner = await app.member();
      const alone = [await app.workspace(owner, 'one'), await app.workspace(owner, 'two')];
      const shared = await app.workspace(owner, 'three');
      await join(app, { workspaceId: shared, role: 'OWNER' });
      await join(app, { workspaceId: alone[0]! });
      const disabled = await join(app, { workspaceId: alone[0]!, role: 'OWNER' });
      await app.as(admin).disableUser({ userId: disabled.id }).expectSuccess();
      const invited = await invite(app);
      const invitation = { workspaceId: alone[1]!, email: invited.email, role: 'OWNER' as const };
      await app.as(admin).addWorkspaceMember(invitation).expectSuccess();
      const before = await app.sql('select count(*)::int as n from audit_events');

      const { workspaces } = await remove(owner).expect('LastOwnerError');
      expect(workspaces.map(({ id }) => id).toSorted()).toEqual(alone.toSorted());
      expect(await app.accepts(owner.accessToken)).toBe(true);
      expect(await app.sql('select count(*)::int as n from audit_events')).toEqual(before);

      // As the message says: another owner, or no workspace.
      await app.as(admin).enableUser({ userId: disabled.id }).expectSuccess();
      await app.as(admin).deleteWorkspace({ workspaceId: alone[1]! }).expectSuccess();
      await remove(owner).expectSuccess();
      expect((await rolesIn(app, shared)).map(([, role]) => role)).toEqual(['OWNER']);
    });

    test('a disabled owner is the last one, too', async () => {
      const owner = await app.member();
      await app.workspace(owner);
      await app.as(admin).disableUser({ userId: owner.id }).expectSuccess();
      await remove(owner).expect('LastOwnerError');
    });

    test('of two owners who are deleted at once, one stays', async () => {
      for (let round = 0; round < 3; round++) {
        const owner = await app.member();
        const workspaceId = await app.workspace(owner);
        const second = await join(app, { workspaceId, role: 'OWNER' });
        const results = await Promise.all([remove(owner), remove(second)]);
        const names = results.map(({ __typename }) => __typename).toSorted();
        expect(names).toEqual(['DeleteUserSuccess', 'LastOwnerError']);
        expect(await rolesIn(app, workspaceId)).toHaveLength(1);
      }
    });

    test('a workspace that the user creates while the deletion waits', async () => {
      const member = await app.member();
      for (const { accessToken } of [member, admin]) expect(await app.accepts(accessToken)).toBe(true);
      const gate = holdNextCommit();
      const creating = app.as(member).createWorkspace({ name: 'just in time' }).expectSuccess();
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const removing = remove(member).expect('LastOwnerError');
      await until('the deletion has begun', () => begun.mock.calls.length > 0);
      await untilLocked(app);
      gate.open();
      const [{ workspace }, { workspaces }] = await Promise.all([creating, removing]);
      expect(workspaces).toMatchObject([{ id: workspace.id }]);
    });
  });

  describe('what the user does at the same time', () => {
    test('a key that is created before the deletion commits ends with it', async () => {
      const member = await app.member();
      for (const { accessToken } of [member, admin]) expect(await app.accepts(accessToken)).toBe(true);
      const gate = holdNextCommit();
      const creating = app.as(member).createApiKey({ name: 'late' }).expectSuccess();
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const removing = remove(member).expectSuccess();
      await until('the deletion has begun', () => begun.mock.calls.length > 0);
      await untilLocked(app);
      gate.open();
      const [{ secret }] = await Promise.all([creating, removing]);
      expect(await app.accepts(secret)).toBe(false);
    });

    test('nothing is created after the user was deleted, and a new member is not found', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(admin);
      for (const { accessToken } of [member, admin]) expect(await app.accepts(accessToken)).toBe(true);
      const gate = holdNextCommit();
      const removing = remove(member).expectSuccess();
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const late = [
        app.as(member).createApiKey({ name: 'too late' }).answer(),
        app.as(member).createWorkspace({ name: 'too late' }).answer(),
      ];
      const adding = app.as(admin).addWorkspaceMember({ workspaceId, email: member.email }).expect('UserNotFoundError');
      await until('all have begun', () => begun.mock.calls.length > 2);
      await untilLocked(app);
      gate.open();
      await removing;
      await adding;
      for (const { errors } of await Promise.all(late))
        expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    });

    test('in the same moment, in many rounds: no request fails, and nothing remains', async () => {
      for (let round = 0; round < 8; round++) {
        const member = await app.member();
        const key = await app.apiKey(member);
        const workspaceId = await app.workspace(admin);
        await app.as(admin).addWorkspaceMember({ workspaceId, email: member.email }).expectSuccess();
        const bound = await app.apiKey(member, { workspaceId });
        const answers = await Promise.all([
          app.as(member).createApiKey({ name: 'late', workspaceId }).answer(),
          app.as(key).createApiKey({ name: 'late' }).answer(),
          app.as(bound).createApiKey({ name: 'late' }).answer(),
          app.as().refreshSession({ refreshToken: member.refreshToken }).answer(),
          app.as().login({ email: member.email, password: PASSWORD }).answer(),
          app.as(admin).removeWorkspaceMember({ workspaceId, userId: member.id }).answer(),
          remove(member).answer(),
        ]);
        const codes = answers.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code) ?? []);
        expect(codes.filter((code) => code !== 'UNAUTHENTICATED')).toEqual([]);
        for (const table of ['api_keys', 'sessions', 'workspace_members'])
          expect(await app.sql(`select 1 from ${table} where user_id = ?`, [member.id])).toEqual([]);
      }
    });
  });

  test('a member, and an administrator’s key without the scope ADMIN, get FORBIDDEN for any user', async () => {
    const member = await app.member();
    const key = await app.apiKey(admin, { scopes: ['API_KEYS_WRITE', 'SESSIONS_WRITE'] });
    for (const caller of [member, key])
      for (const userId of [member.id, admin.id, UNKNOWN])
        await app.as(caller).deleteUser({ userId }).expectError('FORBIDDEN');
  });
});
