import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, PASSWORD, type TestApp } from '../../support/app.ts';
import { SEALED } from '../../support/constants.ts';
import { exchange } from '../../support/sessions.ts';

describe.each(backends())('enableUser on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterAll(() => app.close());

  let admin: Account;
  const enable = (userId: string) => app.as(admin).enableUser({ userId });
  const disable = (userId: string) => app.as(admin).disableUser({ userId }).expectSuccess();

  test('EnableUserSuccess: keys that were not revoked work again, and sessions stay revoked', async () => {
    const member = await app.member();
    const [key, revoked] = [await app.apiKey(member), await app.apiKey(member)];
    await app.as(member).revokeApiKey({ apiKeyId: revoked.id }).expectSuccess();
    await disable(member.id);
    expect([await app.accepts(key.secret), await app.accepts(member.accessToken)]).toEqual([false, false]);
    const { user } = await enable(member.id).expectSuccess();
    expect(user).toMatchObject({ id: member.id, disabledAt: null });
    await expect.poll(() => app.accepts(key.secret)).toBe(true);
    expect([await app.accepts(member.accessToken), await app.accepts(revoked.secret)]).toEqual([false, false]);
    await app.as().login({ email: member.email, password: PASSWORD }).expectSuccess();
  });

  test('EnableUserSuccess: enabling an active user changes nothing, and records no audit event', async () => {
    const member = await app.member();
    const { user } = await enable(member.id).expectSuccess();
    expect(user).toMatchObject({ id: member.id, disabledAt: null });
    const sql = `select count(*)::int as n from audit_events where subject_id = ? and type = 'account.enabled'`;
    expect((await app.sql(sql, [member.id]))[0].n).toBe(0);
  });

  describe('the sessions and tokens of a user stay revoked', () => {
    type Way = (userId: string) => Promise<unknown>;
    const sql =
      (statement: string): Way =>
      (userId) =>
        app.sql(statement, [userId]);
    const disablings: Record<string, Way> = {
      'by the API': disable,
      'in SQL': sql('update users set disabled_at = now() where id = ?'),
      'in SQL, then by the API': async (userId) => {
        await app.sql('update users set disabled_at = now() where id = ?', [userId]);
        await disable(userId);
      },
      'in SQL, with a time in the past': sql(`update users set disabled_at = '2020-01-01' where id = ?`),
      'in SQL, as an upsert':
        sql(`insert into users (id, email_sealed, email_index, display_name, role, password_hash, created_at)
        select id, '${SEALED}', '', '${SEALED}', role, '', created_at from users where id = ?
        on conflict (id) do update set disabled_at = now()`),
      'in SQL, with all sessions but one revoked': sql(`update users set disabled_at = now(),
        session_generation = session_generation + 1, session_kept = (select max(s.id) from sessions s where s.user_id = users.id)
        where id = ?`),
      'in SQL, with a lower generation': sql(
        'update users set disabled_at = now(), session_generation = -1 where id = ?',
      ),
      'in SQL with session_replication_role = replica': async (userId) => {
        const em = app.app.database.fork();
        await em.begin();
        await em.execute('set local session_replication_role = replica');
        await em.execute('update users set disabled_at = now() where id = ?', [userId]);
        await em.commit();
      },
    };
    const enablings: Record<string, Way> = {
      'by the API': (userId) => enable(userId).expectSuccess(),
      'in SQL': sql('update users set disabled_at = null where id = ?'),
      'in SQL, with the earlier generation': sql(
        'update users set disabled_at = null, session_generation = 0 where id = ?',
      ),
    };
    const orders = Object.keys(disablings).flatMap((disabled) =>
      Object.keys(enablings).map((enabled) => [disabled, enabled] as const),
    );

    test.each(orders)('after the user is disabled %s and enabled %s', async (disabled, enabled) => {
      const member = await app.member();
      // A session that an earlier revocation has kept is not kept now.
      await app.as(member).revokeAllSessions({ exceptCurrent: true }).expectSuccess();
      const key = await app.apiKey(member);
      expect(await app.accepts(member.accessToken)).toBe(true);
      await disablings[disabled]!(member.id);
      await expect.poll(() => app.accepts(member.accessToken)).toBe(false);
      await enablings[enabled]!(member.id);
      // If the key works again, the replica has applied the change.
      await expect.poll(() => app.accepts(key.secret)).toBe(true);
      expect(await app.accepts(member.accessToken)).toBe(false);
      expect(await exchange(app, member.refreshToken)).toBe('REVOKED');
      expect((await app.as(admin).sessions({ filter: { userId: member.id } })).nodes).toMatchObject([
        {
          id: member.sessionId,
          status: 'REVOKED',
          revokedAt: expect.any(String),
          revocationReason: expect.any(String),
        },
      ]);
    });

    test('even if a session was created while the user was disabled', async () => {
      const member = await app.member();
      await app.sql('update users set disabled_at = now() where id = ?', [member.id]);
      const [{ generation }] = await app.sql('select session_generation as generation from users where id = ?', [
        member.id,
      ]);
      await app.sql('update sessions set generation = ? where user_id = ?', [generation, member.id]);
      await app.sql('update users set disabled_at = null where id = ?', [member.id]);
      expect(await exchange(app, member.refreshToken)).toBe('REVOKED');
      expect(await app.accepts(member.accessToken)).toBe(false);
    });

    test('but another change of the user revokes no session', async () => {
      const member = await app.member();
      await app.sql(`update users set display_name = '${SEALED}', disabled_at = null where id = ?`, [member.id]);
      expect(await app.accepts(member.accessToken)).toBe(true);
      expect(await exchange(app, member.refreshToken)).toMatch(/^rkr_/);
    });

    test('with the time of `disableUser` as their revocation time', async () => {
      const member = await app.member();
      await disable(member.id);
      const state = 'select session_generation, sessions_revoked_at, disabled_at from users where id = ?';
      const [row] = await app.sql(state, [member.id]);
      expect(row.session_generation).toBe(1);
      expect(new Date(row.sessions_revoked_at)).toEqual(new Date(row.disabled_at));
      await enable(member.id).expectSuccess();
      const [after] = await app.sql(state, [member.id]);
      expect(new Date(after.sessions_revoked_at)).toEqual(new Date(row.sessions_revoked_at));
    });
  });

  test('UserNotFoundError: an id that belongs to no user is rejected', async () => {
    const result = await enable('usr_00000000000000000000000000').expect('UserNotFoundError');
    expect(result).toEqual({ __typename: 'UserNotFoundError', message: 'User not found. Check `userId`.' });
  });

  test('a member gets FORBIDDEN', async () => {
    const [member, disabled] = [await app.member(), await app.member()];
    await disable(disabled.id);
    await app.as(member).enableUser({ userId: disabled.id }).expectError('FORBIDDEN');
    expect(await app.accepts(disabled.accessToken)).toBe(false);
  });
});
