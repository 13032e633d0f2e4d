import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Base64url } from '../../../src/crypto/hash.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../../support/app.ts';
import { accept, invite, logsIn, NEW_PASSWORD, resetTokenOf } from '../../support/people.ts';

describe.each(backends())('createPasswordReset on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterAll(() => app?.close());

  const reset = (resetToken: string) => app.as().resetPassword({ resetToken, newPassword: NEW_PASSWORD });

  describe('CreatePasswordResetSuccess', () => {
    test('returns a token that is valid for an hour; the current password and the sessions stay valid', async () => {
      const member = await app.member();
      const before = Date.now();
      const result = await app.as(admin).createPasswordReset({ userId: member.id }).expectSuccess();
      expect(result.user.id).toBe(member.id);
      expect(result.resetToken).toMatch(/^rkp_[0-9A-Za-z]{36}$/);
      const [stored] = await app.sql('select * from account_tokens where user_id = ?', [member.id]);
      expect(new Date(stored.expires_at).getTime() - new Date(stored.created_at).getTime()).toBe(3_600_000);
      expect(result.expiresAt).toBe(new Date(stored.expires_at).toISOString());
      expect(Date.parse(result.expiresAt)).toBeGreaterThan(before);
      expect([await logsIn(app, member.email), await app.accepts(member.accessToken)]).toEqual([true, true]);
    });

    test('only a hash of the token is stored, and the token is no credential', async () => {
      const member = await app.member();
      const token = await resetTokenOf(app, member);
      const [stored] = await app.sql('select * from account_tokens where user_id = ?', [member.id]);
      expect(stored.token_hash).toBe(sha256Base64url(token));
      expect(JSON.stringify(stored)).not.toContain(token.slice(4));
      expect(await app.accepts(token)).toBe(false);
      await accept(app, token).expect('InvitationRejectedError');
      await reset(token).expectSuccess();
    });

    test('a second token replaces the first', async () => {
      const member = await app.member();
      const [first, second] = [await resetTokenOf(app, member), await resetTokenOf(app, member)];
      await reset(first).expect('ResetTokenRejectedError');
      await reset(second).expectSuccess();
    });

    test('a change of the password by the user withdraws the token', async () => {
      const member = await app.member();
      const token = await resetTokenOf(app, member);
      const passwords = { currentPassword: PASSWORD, newPassword: 'a wholly different sentence, of mine' };
      await app.as(member).changePassword(passwords).expectSuccess();
      await reset(token).expect('ResetTokenRejectedError');
    });
  });

  test('UserNotFoundError: an unknown user, and one who has not accepted the invitation', async () => {
    const invited = await invite(app);
    const answers = [];
    for (const userId of ['usr_00000000000000000000000000', '', invited.id])
      answers.push(await app.as(admin).createPasswordReset({ userId }).expect('UserNotFoundError'));
    expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
    await accept(app, invited.invitationToken).expectSuccess();
    await reset(await resetTokenOf(app, invited)).expectSuccess();
  });

  test('a member, and an administrator’s key without the scope ADMIN, get FORBIDDEN', async () => {
    const member = await app.member();
    const key = await app.apiKey(admin, { scopes: ['SESSIONS_WRITE'] });
    for (const caller of [member, key])
      for (const { id: userId } of [member, admin])
        await app.as(caller).createPasswordReset({ userId }).expectError('FORBIDDEN');
  });
});
