import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { sha256Base64url } from '../../../src/crypto/hash.ts';
import { UnitOfWork } from '../../../src/database/unit-of-work.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../../support/app.ts';
import { holdNextCommit, untilLocked } from '../../support/gates.ts';
import { accept, administrator, invite, logsIn } from '../../support/people.ts';
import { until } from '../../support/until.ts';
import { times } from '../../support/values.ts';
import { rolesIn } from '../../support/workspaces.ts';

const UNKNOWN = 'wsp_00000000000000000000000000';
const WEEK_MS = 7 * 24 * 3_600_000;

describe.each(backends())('inviteUser on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app?.close());

  const row = async (id: string) => (await app.sql('select * from users where id = ?', [id]))[0];

  describe('InviteUserSuccess', () => {
    test('the user exists with the given values, and cannot log in', async () => {
      const workspaceIds = [await app.workspace(admin), await app.workspace(admin)];
      const email = 'Grace@Example.com';
      const permissions = ['deploy', 'read', 'deploy'];
      const input = { email, displayName: ' Grace ', role: 'ADMIN' as const, permissions, workspaceIds };
      const { user, invitationToken, expiresAt } = await app.as(admin).inviteUser(input).expectSuccess();
      const invited = { email, displayName: 'Grace', role: 'ADMIN', permissions: ['deploy', 'read'] };
      expect(user).toMatchObject({ ...invited, invitedAt: expect.any(String), disabledAt: null });
      expect(user).toMatchObject({ sessionCount: 0, apiKeyCount: 0, lastUsedAt: null });
      expect(await app.as(admin).user({ id: user.id })).toEqual(user);
      expect(invitationToken).toMatch(/^rki_[0-9A-Za-z]{36}$/);
      expect(Date.parse(expiresAt) - Date.parse(user.invitedAt!)).toBe(WEEK_MS);
      expect(await rolesIn(app, workspaceIds[0]!)).toEqual([[admin.id, 'OWNER']]);
      for (const password of [PASSWORD, '', invitationToken]) expect(await logsIn(app, email, password)).toBe(false);
    });

    test('only a hash of the token is stored, and the token is no credential', async () => {
      const { id, invitationToken } = await invite(app);
      const [stored] = await app.sql('select * from account_tokens where user_id = ?', [id]);
      expect(stored.token_hash).toBe(sha256Base64url(invitationToken));
      expect(JSON.stringify(stored)).not.toContain(invitationToken.slice(4));
      expect(await app.accepts(invitationToken)).toBe(false);
      const answer = await app.graphql('{ viewer { scopes } }', {}, { bearer: invitationToken });
      expect([answer.status, answer.errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
      await app
        .as()
        .resetPassword({ resetToken: invitationToken, newPassword: PASSWORD })
        .expect('ResetTokenRejectedError');
      await accept(app, invitationToken).expectSuccess();
    });

    test('a user who has not accepted gets a new token and the new values; the earlier token is rejected', async () => {
      const [first, second] = [await app.workspace(admin), await app.workspace(admin)];
      const before = await invite(app, { role: 'ADMIN', permissions: ['read'], workspaceIds: [first] });
      const changes = { displayName: 'Another', permissions: ['write'], workspaceIds: [second] };
      const after = await invite(app, { email: before.email.toUpperCase(), ...changes });
      expect(after.id).toBe(before.id);
      const role = 'MEMBER';
      const email = before.email.toUpperCase();
      expect(after.user).toMatchObject({ email, displayName: 'Another', role, permissions: ['write'] });
      await accept(app, before.invitationToken).expect('InvitationRejectedError');
      await accept(app, after.invitationToken).expectSuccess();
      expect(await rolesIn(app, first)).toEqual([[admin.id, 'OWNER']]);
      expect(await rolesIn(app, second)).toEqual([
        [admin.id, 'OWNER'],
        [after.id, 'MEMBER'],
      ]);
    });

    test('of ten invitations of one address at once one user is made, and one token is valid', async () => {
      const email = 'at-once@example.com';
      const invitations = await Promise.all(times(10, () => invite(app, { email })));
      expect(new Set(invitations.map(({ id }) => id)).size).toBe(1);
      const answers = [];
      for (const { invitationToken } of invitations) answers.push((await accept(app, invitationToken)).__typename);
      expect(answers.toSorted()).toEqual(['AcceptInvitationSuccess', ...times(9, () => 'InvitationRejectedError')]);
    });

    test('a key of an administrator with the scope ADMIN invites, and gives permissions that it does not hold', async () => {
      const key = await app.apiKey(admin, { scopes: ['ADMIN'] });
      const input = { email: 'by-key@example.com', displayName: 'Ann', permissions: ['anything'] };
      expect((await app.as(key).inviteUser(input).expectSuccess()).user.permissions).toEqual(['anything']);
    });
  });

  describe('EmailTakenError', () => {
    test('an account in use keeps its values, in every spelling of its address and also if it is disabled', async () => {
      const [member, disabled] = [await app.member(), await app.member()];
      const accepted = await invite(app);
      await accept(app, accepted.invitationToken).expectSuccess();
      await app.as(admin).disableUser({ userId: disabled.id }).expectSuccess();
      for (const { id, email } of [member, disabled, accepted]) {
        const before = await row(id);
        for (const spelling of [email, ` ${email.toUpperCase()} `]) {
          const input = { email: spelling, displayName: 'Other', role: 'ADMIN' as const };
          await app.as(admin).inviteUser(input).expect('EmailTakenError');
        }
        expect(await row(id)).toEqual(before);
      }
    });

    test('an invited address cannot register', async () => {
      const { email, invitationToken } = await invite(app);
      await app.as().register({ email, password: PASSWORD, displayName: 'Eve' }).expect('EmailTakenError');
      await accept(app, invitationToken).expectSuccess();
    });

    test('an invitation that waits while the earlier one is accepted changes nothing', async () => {
      const { id, email, invitationToken } = await invite(app);
      const gate = holdNextCommit();
      const accepting = accept(app, invitationToken).expectSuccess();
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const inviting = app
        .as(admin)
        .inviteUser({ email, displayName: 'Late', role: 'ADMIN' })
        .expect('EmailTakenError');
      await until('the invitation has begun', () => begun.mock.calls.length > 0);
      await untilLocked(app);
      gate.open();
      await Promise.all([accepting, inviting]);
      expect(await row(id)).toMatchObject({ role: 'MEMBER', invited_at: null });
      expect((await app.as(admin).user({ id }))!.displayName).toBe('Ann');
      expect(await app.sql('select 1 from account_tokens where user_id = ?', [id])).toEqual([]);
    });
  });

  test('WorkspaceNotFoundError: an unknown workspace among known ones, and no user is created', async () => {
    const email = 'nowhere@example.com';
    for (const workspaceIds of [[UNKNOWN], [await app.workspace(admin), UNKNOWN], ['']]) {
      const input = { email, displayName: 'Ann', workspaceIds };
      const { message } = await app.as(admin).inviteUser(input).expect('WorkspaceNotFoundError');
      expect(message).toContain('`workspaceIds`');
    }
    expect((await app.as(admin).users({ filter: { email } })).nodes).toEqual([]);
  });

  test('InvalidInputError: every wrong field is reported at once, and no user is created', async () => {
    const input = { email: 'no address', displayName: ' ', permissions: ['a,b', '-'] };
    const refused = await app.as(admin).inviteUser(input).expect('InvalidInputError');
    expect(refused.fields.map(({ path }) => path)).toEqual(['input.email', 'input.displayName', 'input.permissions']);
    const reserved = { email: 'ann@canary.invalid', displayName: 'Ann' };
    expect((await app.as(admin).inviteUser(reserved).expect('InvalidInputError')).fields).toMatchObject([
      { path: 'input.email' },
    ]);
  });

  test('a member, and an administrator’s key without the scope ADMIN, get FORBIDDEN', async () => {
    const input = { email: 'forbidden@example.com', displayName: 'Ann' };
    const key = await app.apiKey(admin, { scopes: ['API_KEYS_WRITE', 'WORKSPACES_WRITE'] });
    for (const caller of [await app.member(), key]) await app.as(caller).inviteUser(input).expectError('FORBIDDEN');
    await app.as().inviteUser(input).expectError('UNAUTHENTICATED');
  });

  test('an administrator who has not accepted is no active administrator', async () => {
    const own = await start();
    try {
      const only = await own.admin();
      await invite(own, { role: 'ADMIN' });
      await own.as(only).disableUser({ userId: only.id }).expect('LastAdministratorError');
      const second = await administrator(own);
      await own.as(second).disableUser({ userId: only.id }).expectSuccess();
    } finally {
      await own.close();
    }
  });
});
