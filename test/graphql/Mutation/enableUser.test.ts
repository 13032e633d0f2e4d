import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, PASSWORD, type TestApp } from '../../support/app.ts';

const SELECTION = '... on EnableUserSuccess { user { id disabledAt } }';

describe.each(backends())('enableUser on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const byAdmin = async (field: 'enableUser' | 'disableUser', userId: string) =>
    app.mutate(field, { userId }, field === 'enableUser' ? SELECTION : '', {
      bearer: (await app.admin()).accessToken,
    });

  test('EnableUserSuccess: keys that were not revoked themselves work again, at once; sessions are over for good', async () => {
    const member = await app.member();
    const [key, revoked] = [await app.apiKey(member), await app.apiKey(member)];
    await app.mutate('revokeApiKey', { apiKeyId: revoked.id }, '', { bearer: member.accessToken });
    await byAdmin('disableUser', member.id);
    expect([await app.accepts(key.secret), await app.accepts(member.accessToken)]).toEqual([false, false]);
    const { user } = await byAdmin('enableUser', member.id);
    expect(user).toEqual({ id: member.id, disabledAt: null });
    await expect.poll(() => app.accepts(key.secret)).toBe(true);
    expect([await app.accepts(member.accessToken), await app.accepts(revoked.secret)]).toEqual([false, false]);
    const login = await app.mutate('login', { email: member.email, password: PASSWORD }, '');
    expect(login.__typename).toBe('LoginSuccess');
  });

  test('EnableUserSuccess: enabling who is not disabled changes nothing, and is not recorded', async () => {
    const member = await app.member();
    const { user } = await byAdmin('enableUser', member.id);
    expect(user).toEqual({ id: member.id, disabledAt: null });
    const sql = `select count(*)::int as n from audit_events where subject_id = ? and type = 'account.enabled'`;
    expect((await app.sql(sql, [member.id]))[0].n).toBe(0);
  });

  test('UserNotFoundError: there is nobody with an id that nobody has', async () => {
    const result = await byAdmin('enableUser', 'usr_00000000000000000000000000');
    expect(result).toEqual({ __typename: 'UserNotFoundError', message: 'There is no user with this id.' });
  });

  test('a member enables nobody', async () => {
    const [member, disabled] = [await app.member(), await app.member()];
    await byAdmin('disableUser', disabled.id);
    const document = 'mutation ($id: ID!) { enableUser(input: { userId: $id }) { __typename } }';
    const { errors } = await app.graphql(document, { id: disabled.id }, { bearer: member.accessToken });
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await app.accepts(disabled.accessToken)).toBe(false);
  });
});
