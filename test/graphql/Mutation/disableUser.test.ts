import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { administrator, invite } from '../../support/people.ts';
import { login } from '../../support/sessions.ts';
import { times } from '../../support/values.ts';

const UNKNOWN = 'usr_00000000000000000000000000';

describe.each(backends())('disableUser on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterAll(() => app.close());

  let admin: Account;
  const disable = (userId: string) => app.as(admin).disableUser({ userId });

  describe('DisableUserSuccess', () => {
    test('every credential of the user stops working before the response arrives', async () => {
      const member = await app.member();
      const keys = [await app.apiKey(member), await app.apiKey(member)];
      const other = await login(app, member);
      const secrets = [member.accessToken, other.accessToken, ...keys.map(({ secret }) => secret)];
      for (const secret of secrets) expect(await app.accepts(secret)).toBe(true);
      const { user, receipt } = await disable(member.id).expectSuccess();
      for (const secret of secrets) expect(await app.accepts(secret)).toBe(false);
      expect(user).toMatchObject({ id: member.id, disabledAt: expect.any(String) });
      expect(receipt.propagation).toBe('ACKNOWLEDGED');
    });

    test('one row in the invalidation log covers all sessions and keys of the user', async () => {
      const member = await app.member();
      for (let count = 0; count < 5; count++) await app.apiKey(member);
      await app.sql(
        `insert into sessions (id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at)
          select 'ses_many' || ? || n, ?, '{}', now(), now(), now() + interval '1 day', now() + interval '1 day' from generate_series(1, 500) n`,
        [member.id, member.id],
      );
      await disable(member.id).expectSuccess();
      const rows = await app.sql('select tag from auth_inval where tag like ? or tag like ?', [
        `%${member.id}`,
        'session:ses_many%',
      ]);
      expect(rows).toEqual([{ tag: `user:${member.id}` }]);
    });

    test('other users are not affected', async () => {
      const [member, other] = [await app.member(), await app.member()];
      await disable(member.id).expectSuccess();
      expect(await app.accepts(other.accessToken)).toBe(true);
    });

    test('a repeated call changes nothing: the first time stays, with one audit event', async () => {
      const member = await app.member();
      const first = await disable(member.id).expectSuccess();
      const again = await Promise.all(times(3, () => disable(member.id).expectSuccess()));
      for (const { user } of again) expect(user).toEqual(first.user);
      expect(await disablings(member)).toBe(1);
    });

    test('ten calls at once return the same time, and record one audit event', async () => {
      const member = await app.member();
      const results = await Promise.all(times(10, () => disable(member.id).expectSuccess()));
      expect(new Set(results.map(({ user }) => user.disabledAt)).size).toBe(1);
      expect(await disablings(member)).toBe(1);
    });
  });

  test('UserNotFoundError: an id that belongs to no user is rejected', async () => {
    for (const id of [UNKNOWN, 'nonsense', (await app.apiKey(await app.member())).id]) {
      await disable(id).expect('UserNotFoundError');
    }
  });

  describe('LastAdministratorError', () => {
    test('the last active administrator stays, for every caller; others can be disabled', async () => {
      const own = await start();
      try {
        const only = await own.admin();
        const key = await own.apiKey(only, { scopes: ['ADMIN'] });
        await invite(own, { role: 'ADMIN' });
        const second = await administrator(own);
        await own.as(only).disableUser({ userId: second.id }).expectSuccess();
        for (const caller of [only, key])
          await own.as(caller).disableUser({ userId: only.id }).expect('LastAdministratorError');
        expect(await own.accepts(only.accessToken)).toBe(true);
        expect(await own.as(only).user({ id: only.id })).toMatchObject({ disabledAt: null });
        // One who is disabled already does not count, and is not an active one.
        await own.as(only).disableUser({ userId: second.id }).expectSuccess();
      } finally {
        await own.close();
      }
    });

    test('of ten administrators who are disabled at once, one stays', async () => {
      const own = await start();
      try {
        const administrators = [await own.admin()];
        while (administrators.length < 10) administrators.push(await administrator(own));
        const results = await Promise.all(
          administrators.map(({ id: userId }, index) =>
            own
              .as(administrators[(index + 1) % administrators.length])
              .disableUser({ userId })
              .answer(),
          ),
        );
        const codes = results.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code) ?? []);
        expect(codes.filter((code) => code !== 'UNAUTHENTICATED')).toEqual([]);
        const active = `select 1 from users where role = 'ADMIN' and disabled_at is null`;
        expect((await own.sql(active)).length).toBeGreaterThan(0);
      } finally {
        await own.close();
      }
    });
  });

  test('a member, and an administrator’s key without the scope ADMIN, get FORBIDDEN for any user', async () => {
    const [member, other] = [await app.member(), await app.member()];
    const key = await app.apiKey(admin, { scopes: ['API_KEYS_WRITE', 'SESSIONS_WRITE'] });
    for (const caller of [member, key]) {
      for (const userId of [member.id, other.id, UNKNOWN]) {
        await app.as(caller).disableUser({ userId }).expectError('FORBIDDEN');
      }
    }
    expect([await app.accepts(member.accessToken), await app.accepts(other.accessToken)]).toEqual([true, true]);
  });

  async function disablings({ id }: Account): Promise<number> {
    const sql = `select count(*)::int as n from audit_events where subject_id = ? and type = 'account.disabled'`;
    return (await app.sql(sql, [id]))[0].n;
  }
});
