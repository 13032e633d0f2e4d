import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { login } from '../../support/sessions.ts';
import { times } from '../../support/values.ts';

describe.each(backends())('logout on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const logout = (caller: Caller) => app.as(caller).logout();

  test('LogoutSuccess: the access token stops working before the response arrives', async () => {
    const member = await app.member();
    expect(await app.accepts(member.accessToken)).toBe(true);
    const { session, receipt } = await logout(member).expectSuccess();
    expect(await app.accepts(member.accessToken)).toBe(false);
    expect(session).toMatchObject({
      id: member.sessionId,
      revokedAt: expect.any(String),
      revocationReason: 'SIGNED_OUT',
      status: 'REVOKED',
      isCurrent: true,
    });
    expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
  });

  test('LogoutSuccess: other sessions and API keys of the user stay active', async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    const other = await login(app, member);
    await logout(member).expectSuccess();
    expect([await app.accepts(other.accessToken), await app.accepts(key.secret)]).toEqual([true, true]);
  });

  test('F2.3: a logout that cannot be stored fails, and the session stays active', async () => {
    const member = await app.member();
    await app.sql(`create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`);
    await app.sql('create trigger fail before update on sessions for each row execute function fail()');
    try {
      await expect(logout(member)).rejects.toThrow('INTERNAL_SERVER_ERROR');
    } finally {
      await app.sql('drop function fail cascade');
    }
    expect(await app.accepts(member.accessToken)).toBe(true);
    await logout(member).expectSuccess();
    expect(await app.accepts(member.accessToken)).toBe(false);
  });

  test('of ten calls at once exactly one succeeds, and the others and later ones get UNAUTHENTICATED', async () => {
    const member = await app.member();
    const answers = await Promise.all(times(10, () => logout(member).answer()));
    expect(answers.filter(({ data }) => data?.logout.__typename === 'LogoutSuccess')).toHaveLength(1);
    for (const { errors } of answers) if (errors) expect(errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    const sql = `select count(*)::int as n from audit_events where subject_id = ? and type = 'session.revoked'`;
    expect((await app.sql(sql, [member.sessionId]))[0].n).toBe(1);
    await logout(member).expectError('UNAUTHENTICATED');
  });

  test('NotASessionError: an API key has no session, and stays active', async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    await logout(key).expect('NotASessionError');
    expect([await app.accepts(key.secret), await app.accepts(member.accessToken)]).toEqual([true, true]);
  });

  test('a request without a credential gets UNAUTHENTICATED', async () => {
    await logout({}).expectError('UNAUTHENTICATED');
  });
});
