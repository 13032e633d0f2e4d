import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { UnitOfWork } from '../../../src/database/unit-of-work.ts';
import { type Account, backends, PASSWORD, startTestApp, type TestApp } from '../../support/app.ts';
import { holdNextCommit, untilLocked } from '../../support/gates.ts';
import { accept, expireTokensOf, held, invite, logsIn, NEW_PASSWORD, resetTokenOf } from '../../support/people.ts';
import { until } from '../../support/until.ts';
import { times } from '../../support/values.ts';
import { rolesIn } from '../../support/workspaces.ts';

describe.each(backends())('acceptInvitation on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app?.close());

  describe('AcceptInvitationSuccess', () => {
    test('sets the password, joins the workspaces as a member and logs in', async () => {
      const workspaceIds = [await app.workspace(admin), await app.workspace(admin)];
      const { id, email, invitationToken } = await invite(app, { permissions: ['deploy'], workspaceIds });
      const { user, tokens } = await accept(app, invitationToken).expectSuccess();
      expect(user).toMatchObject({ id, email, role: 'MEMBER' });
      expect(await app.as(tokens).viewer()).toMatchObject({ user: { id }, permissions: ['deploy'] });
      expect(await held(app, tokens.accessToken)).toMatchObject({ permissions: ['deploy'] });
      expect((await app.as(tokens).workspaces()).nodes.map((each) => each.id).toSorted()).toEqual(
        workspaceIds.toSorted(),
      );
      for (const workspaceId of workspaceIds)
        expect(await rolesIn(app, workspaceId)).toEqual([
          [admin.id, 'OWNER'],
          [id, 'MEMBER'],
        ]);
      expect(await app.as(admin).user({ id })).toMatchObject({ invitedAt: null, sessionCount: 1 });
      expect(await logsIn(app, email)).toBe(true);
      expect(await logsIn(app, email, NEW_PASSWORD)).toBe(false);
    });

    test('an invited administrator holds every scope', async () => {
      const { invitationToken } = await invite(app, { role: 'ADMIN' });
      const { tokens } = await accept(app, invitationToken).expectSuccess();
      expect((await app.as(tokens).viewer()).scopes).toContain('ADMIN');
    });

    test('of ten calls at once exactly one succeeds, and one session begins', async () => {
      const workspaceIds = [await app.workspace(admin)];
      const { id, invitationToken } = await invite(app, { workspaceIds });
      const results = await Promise.all(times(10, () => accept(app, invitationToken)));
      const names = results.map(({ __typename }) => __typename).toSorted();
      expect(names).toEqual(['AcceptInvitationSuccess', ...times(9, () => 'InvitationRejectedError')]);
      expect(await app.as(admin).user({ id })).toMatchObject({ sessionCount: 1 });
      expect(await rolesIn(app, workspaceIds[0]!)).toHaveLength(2);
    });

    test('a workspace that was deleted meanwhile is left out, and a membership that exists stays as it is', async () => {
      const [gone, owned] = [await app.workspace(admin), await app.workspace(admin)];
      const { id, email, invitationToken } = await invite(app, { workspaceIds: [gone, owned] });
      await app.as(admin).deleteWorkspace({ workspaceId: gone }).expectSuccess();
      await app.as(admin).addWorkspaceMember({ workspaceId: owned, email, role: 'OWNER' }).expectSuccess();
      const { tokens } = await accept(app, invitationToken).expectSuccess();
      expect((await app.as(tokens).workspaces()).nodes.map((each) => each.id)).toEqual([owned]);
      expect(await rolesIn(app, owned)).toContainEqual([id, 'OWNER']);
    });

    test('the credential of the request does not matter', async () => {
      const { id, invitationToken } = await invite(app);
      const input = { invitationToken, password: PASSWORD };
      const { tokens } = await app.as(admin).acceptInvitation(input).expectSuccess();
      expect((await app.as(tokens).viewer()).user?.id).toBe(id);
    });
  });

  describe('InvitationRejectedError', () => {
    test('an unknown, a used, a replaced and an expired token get the same words', async () => {
      const [used, replaced, expired] = [await invite(app), await invite(app), await invite(app)];
      await accept(app, used.invitationToken).expectSuccess();
      await invite(app, { email: replaced.email });
      await expireTokensOf(app, expired);
      const reset = await resetTokenOf(app, await app.member());
      const unknown = await invite(app);
      await app.as(admin).deleteUser({ userId: unknown.id }).expectSuccess();
      const tokens = [used, replaced, expired, unknown].map(({ invitationToken }) => invitationToken);
      const answers = [];
      for (const token of [...tokens, reset, used.invitationToken.toLowerCase(), 'rki_', '', used.id])
        answers.push(await accept(app, token).expect('InvitationRejectedError'));
      expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
      expect(await logsIn(app, expired.email)).toBe(false);
    });

    test('a disabled account is not accepted and stays disabled; once it is enabled, the same token works', async () => {
      const { id: userId, email, invitationToken } = await invite(app);
      await app.as(admin).disableUser({ userId }).expectSuccess();
      await accept(app, invitationToken).expect('InvitationRejectedError');
      expect(await app.as(admin).user({ id: userId })).toMatchObject({
        disabledAt: expect.any(String),
        invitedAt: expect.any(String),
      });
      await app.as(admin).enableUser({ userId }).expectSuccess();
      await accept(app, invitationToken).expectSuccess();
      expect(await logsIn(app, email)).toBe(true);
    });

    test('an account that is disabled while the password is hashed is not accepted', async () => {
      const { id: userId, email, invitationToken } = await invite(app);
      expect(await app.accepts(admin.accessToken)).toBe(true); // Cached: it must not wait for the one connection.
      const gate = holdNextCommit();
      const disabling = app.as(admin).disableUser({ userId }).expectSuccess();
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const accepting = accept(app, invitationToken).expect('InvitationRejectedError');
      if (app.app.config.databaseUrl) await until('the acceptance has begun', () => begun.mock.calls.length > 0);
      await untilLocked(app);
      gate.open();
      await Promise.all([disabling, accepting]);
      await app.as(admin).enableUser({ userId }).expectSuccess();
      expect(await logsIn(app, email)).toBe(false);
    });

    test('a token that is replaced while the password is hashed is not accepted', async () => {
      const { email, invitationToken } = await invite(app);
      const gate = holdNextCommit();
      const inviting = invite(app, { email });
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const accepting = accept(app, invitationToken).expect('InvitationRejectedError');
      if (app.app.config.databaseUrl) await until('the acceptance has begun', () => begun.mock.calls.length > 0);
      await untilLocked(app);
      gate.open();
      const [replaced] = await Promise.all([inviting, accepting]);
      await accept(app, replaced.invitationToken).expectSuccess();
    });
  });

  test('InvalidInputError: a weak password is rejected and does not use the token up', async () => {
    const { email, invitationToken } = await invite(app, { displayName: 'Marguerite Yourcenar' });
    for (const password of ['short', 'correct horse battery staple', 'Marguerite Yourcenar', email]) {
      const refused = await accept(app, invitationToken, password).expect('InvalidInputError');
      expect(refused.fields.map(({ path }) => path)).toEqual(['input.password']);
    }
    await accept(app, invitationToken).expectSuccess();
  });
});

test('the rate per address is limited, and a text without the form of a token is not counted', async () => {
  const app = await startTestApp({ env: { REKEY_REGISTER_PER_MINUTE: '2' } });
  try {
    const { invitationToken } = await invite(app);
    for (let attempt = 0; attempt < 5; attempt++) await accept(app, 'rki_nonsense').expect('InvitationRejectedError');
    for (let attempt = 0; attempt < 2; attempt++)
      await accept(app, invitationToken, 'weak').expect('InvalidInputError');
    const limited = await accept(app, invitationToken).expectError('RATE_LIMITED');
    expect([limited.status, limited.headers.has('retry-after')]).toEqual([429, true]);
    const resetToken = await resetTokenOf(app, await app.admin());
    await app.as().resetPassword({ resetToken, newPassword: NEW_PASSWORD }).expectError('RATE_LIMITED');
  } finally {
    await app.close();
  }
});
