import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { UnitOfWork } from '../../../src/database/unit-of-work.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../../support/app.ts';
import { holdNextCommit, untilLocked } from '../../support/gates.ts';
import { expireTokensOf, invite, logsIn, NEW_PASSWORD, resetTokenOf } from '../../support/people.ts';
import { exchange, login } from '../../support/sessions.ts';
import { until } from '../../support/until.ts';
import { times } from '../../support/values.ts';
import { tagsOf } from '../../support/workspaces.ts';

describe.each(backends())('resetPassword on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app?.close());

  const reset = (resetToken: string, newPassword = NEW_PASSWORD) => app.as().resetPassword({ resetToken, newPassword });

  describe('ResetPasswordSuccess', () => {
    test('sets the password and revokes all sessions before the response, by one row; API keys stay active', async () => {
      const member = await app.member();
      const other = await login(app, member);
      const key = await app.apiKey(member);
      const token = await resetTokenOf(app, member);
      for (const { accessToken } of [member, other]) expect(await app.accepts(accessToken)).toBe(true);
      const tags = await tagsOf(app, async () => {
        const { revokedCount, receipt } = await reset(token).expectSuccess();
        expect([revokedCount, receipt.propagation]).toEqual([2, 'ACKNOWLEDGED']);
      });
      expect(tags).toEqual([`user:${member.id}`]);
      for (const { accessToken, refreshToken } of [member, other]) {
        expect(await app.accepts(accessToken)).toBe(false);
        expect(await exchange(app, refreshToken)).toBe('REVOKED');
      }
      expect(await app.accepts(key.secret)).toBe(true);
      expect([await logsIn(app, member.email, NEW_PASSWORD), await logsIn(app, member.email)]).toEqual([true, false]);
    });

    test('it does not log in: no session begins', async () => {
      const member = await app.member();
      await reset(await resetTokenOf(app, member)).expectSuccess();
      expect(await app.as(admin).user({ id: member.id })).toMatchObject({ sessionCount: 0 });
    });

    test('a disabled account stays disabled', async () => {
      const { id: userId, email } = await app.member();
      await app.as(admin).disableUser({ userId }).expectSuccess();
      const { revokedCount } = await reset(await resetTokenOf(app, { id: userId })).expectSuccess();
      expect(revokedCount).toBe(0);
      expect(await logsIn(app, email, NEW_PASSWORD)).toBe(false);
      await app.as(admin).enableUser({ userId }).expectSuccess();
      expect(await logsIn(app, email, NEW_PASSWORD)).toBe(true);
    });

    test('of ten calls at once exactly one succeeds', async () => {
      const token = await resetTokenOf(app, await app.member());
      const results = await Promise.all(times(10, () => reset(token)));
      const names = results.map(({ __typename }) => __typename).toSorted();
      expect(names).toEqual(['ResetPasswordSuccess', ...times(9, () => 'ResetTokenRejectedError')]);
    });

    test('a login that waits while the password is reset fails', async () => {
      const member = await app.member();
      const token = await resetTokenOf(app, member);
      const gate = holdNextCommit();
      const resetting = reset(token).expectSuccess();
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const loggingIn = logsIn(app, member.email);
      if (app.app.config.databaseUrl) await until('the login has begun', () => begun.mock.calls.length > 0);
      await untilLocked(app);
      gate.open();
      expect(await loggingIn).toBe(false);
      await resetting;
      expect(await app.as(admin).user({ id: member.id })).toMatchObject({ sessionCount: 0 });
    });
  });

  test('ResetTokenRejectedError: an unknown, a used, a replaced and an expired token get the same words', async () => {
    const [used, expired, deleted] = [await app.member(), await app.member(), await app.member()];
    const tokens = [await resetTokenOf(app, used), await resetTokenOf(app, expired), await resetTokenOf(app, deleted)];
    await reset(tokens[0]!).expectSuccess();
    await expireTokensOf(app, expired);
    await app.as(admin).deleteUser({ userId: deleted.id }).expectSuccess();
    const replaced = await resetTokenOf(app, used);
    await resetTokenOf(app, used);
    const { invitationToken } = await invite(app);
    const answers = [];
    for (const token of [...tokens, replaced, invitationToken, 'rkp_', '', used.refreshToken])
      answers.push(await reset(token).expect('ResetTokenRejectedError'));
    expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
    expect(await logsIn(app, expired.email)).toBe(true);
  });

  test('InvalidInputError: a weak password is rejected and does not use the token up', async () => {
    const member = await app.member();
    const token = await resetTokenOf(app, member);
    for (const password of ['short', 'correct horse battery staple', member.email]) {
      const { fields } = await reset(token, password).expect('InvalidInputError');
      expect(fields.map(({ path }) => path)).toEqual(['input.newPassword']);
    }
    expect(await logsIn(app, member.email, PASSWORD)).toBe(true);
    await reset(token).expectSuccess();
  });
});
