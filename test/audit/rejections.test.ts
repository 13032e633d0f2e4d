// Rejected requests are recorded with their kind and address, and many of them make only a few events.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { auditRows, verified } from '../support/audit.ts';
import { exchange } from '../support/sessions.ts';
import { times } from '../support/values.ts';

describe.each(backends())('rejected requests on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start({ env: { REKEY_LOGIN_PER_MINUTE: '1000' } });
    admin = await app.admin();
  });
  afterAll(() => app.close());

  const wrong = { password: 'not the password of any account' };
  const login = (email: string, password = wrong.password) => app.as().login({ email, password });
  /** Waits for the events of this type that match, which are written after the answers. */
  const events = async (type: string, { subject = null as string | null, count = 1 } = {}) => {
    const where = `type = '${type}' and subject_id is not distinct from ?`;
    await vi.waitUntil(async () => (await auditRows(app, where, [subject])).length >= count, { timeout: 10_000 });
    return auditRows(app, where, [subject]);
  };

  test('a login with a wrong password: the account, the reason and the address', async () => {
    const member = await app.register();
    await login(member.email).expect('InvalidCredentialsError');
    expect(await events('account.login-rejected', { subject: member.id })).toMatchObject([
      {
        ...{ outcome: 'REFUSED', reason: 'WRONG_PASSWORD', ip_address: '127.0.0.1', actor_user_id: null },
        data: { count: 1, replica: expect.stringMatching(/./) },
      },
    ]);
    await app.as(admin).disableUser({ userId: member.id }).expectSuccess();
    await login(member.email, PASSWORD).expect('InvalidCredentialsError');
    const [, disabled] = await events('account.login-rejected', { subject: member.id, count: 2 });
    expect(disabled).toMatchObject({ reason: 'ACCOUNT_DISABLED' });
  });

  test('a login with an unknown email address: the audit log does not contain that address', async () => {
    await login('unknown-account@example.com').expect('InvalidCredentialsError');
    const [event] = await events('account.login-rejected');
    expect(event).toMatchObject({ reason: 'UNKNOWN_ACCOUNT', ip_address: '127.0.0.1', outcome: 'REFUSED' });
    const rows = await app.sql('select to_jsonb(e)::text as text from audit_events e');
    expect(rows.filter(({ text }) => text.includes('unknown-account'))).toEqual([]);
  });

  test('many failed logins make two events: the first one at once, and later the count of the others', async () => {
    const member = await app.register();
    const before = (await auditRows(app)).length;
    for (const _ of times(20, Number)) await login(member.email).expect('InvalidCredentialsError');
    await app.app.audit.rejections.summarize({ all: true });
    const found = await events('account.login-rejected', { subject: member.id, count: 2 });
    expect(found.map(({ data }) => data.count)).toEqual([1, 19]);
    expect(found.map(({ ip_address }) => ip_address)).toEqual(['127.0.0.1', '127.0.0.1']);
    expect((await auditRows(app)).length - before).toBeLessThan(8); // With the counts of the tests above.
    expect(await verified(app)).toMatchObject({ problems: [] });
  });

  test('a wrong current password, and a refresh token that is expired or unknown', async () => {
    const member = await app.register();
    await app
      .as(member)
      .changePassword({ currentPassword: wrong.password, newPassword: 'quartz fjord bandwagon umbra' });
    expect(await events('account.password-rejected', { subject: member.id })).toMatchObject([
      { actor_user_id: member.id, reason: 'WRONG_PASSWORD' },
    ]);
    await app.as(member).logout().expectSuccess();
    expect(await exchange(app, member.refreshToken)).toBe('REVOKED');
    expect(await events('session.refresh-rejected', { subject: member.sessionId })).toMatchObject([
      { actor_user_id: member.id, reason: 'REVOKED' },
    ]);
    expect(await exchange(app, 'rkr_unknown')).toBe('UNKNOWN');
    expect(await events('session.refresh-rejected')).toMatchObject([{ reason: 'UNKNOWN', actor_user_id: null }]);
  });

  test('a credential that does not authenticate a request: its kind and the address', async () => {
    const key = await app.apiKey(admin);
    await app.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    expect(await app.accepts(key.secret)).toBe(false);
    const found = await events('credential.rejected');
    expect(found.map(({ data }) => data.kind)).toContain('apiKey');
    expect(found[0]).toMatchObject({ outcome: 'REFUSED', ip_address: '127.0.0.1' });
    const texts = await app.sql('select to_jsonb(e)::text as text from audit_events e');
    expect(texts.filter(({ text }) => text.includes(key.secret))).toEqual([]);
  });

  test('an unknown secret that is presented to revoke it: its kind and the address', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await fetch(`${app.url}/v1/revoke`, { method: 'POST', headers, body: `token=${makeSecret('rkd')}` });
    await vi.waitUntil(async () =>
      (await events('credential.rejected')).some(({ data }) => data.kind === 'daemonToken'),
    );
  });

  test('a call over a rate limit: the name of the limit', async () => {
    const limited = await start({ env: { REKEY_LOGIN_PER_MINUTE: '1', REKEY_LEDGER_PER_MINUTE: '1' } });
    try {
      const member = await limited.member();
      const email = member.email;
      for (const _ of [1, 2])
        await limited
          .as()
          .login({ email, ...wrong })
          .answer();
      await vi.waitUntil(async () => (await auditRows(limited, `type = 'limit.exceeded'`)).length > 0, {
        timeout: 10_000,
      });
      expect(await auditRows(limited, `type = 'limit.exceeded'`)).toMatchObject([
        { subject_id: null, reason: 'RATE_LIMITED', ip_address: '127.0.0.1', data: { limit: 'login', count: 1 } },
      ]);
    } finally {
      await limited.close();
    }
  });
});
