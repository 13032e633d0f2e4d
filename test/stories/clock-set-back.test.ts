// A failover to a server whose clock is behind, or a clock that is set back, puts stored times into the future.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Limits } from '../../src/limits/limits.ts';
import { ageIn, anAddress, limitsOn, passedOf, sessionOf } from '../limits/support.ts';
import { backends, PASSWORD, type TestApp } from '../support/app.ts';
import { heldClock } from '../support/held-clock.ts';
import { as, chainOf, claimsOf, exchange, jtiOf, later, login, refresh, sessionRow } from '../support/sessions.ts';
import { times } from '../support/values.ts';

const HOUR = 3600;

describe.each(backends())('when the clock of the database is set back, on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { REKEY_LAST_USED_SECONDS: '1', REKEY_REFRESH_PER_MINUTE: '0' } });
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app.close());

  /** Sets back the time that the database returns, to the replica and in each lookup of a credential. */
  async function databaseIsBehind(seconds: number): Promise<void> {
    const spies = [app.app.database.sync, app.app.database.reads].map((sql) => {
      const query = sql.query.bind(sql);
      return vi.spyOn(sql, 'query').mockImplementation(async (statement, values) => {
        const rows = await query<{ now?: number }>(statement, values);
        for (const row of rows) if (row.now !== undefined) row.now -= seconds * 1000;
        return rows as never;
      });
    });
    await app.app.replica.sync();
    onTestFinished(async () => {
      for (const spy of spies) spy.mockRestore();
      await app.app.replica.sync();
    });
  }

  describe('access tokens', () => {
    test.each([60, 30 * 60, 10 * HOUR])(
      'an access token that was issued in the future is accepted: %d s behind',
      async (seconds) => {
        const { accessToken, sessionId } = await app.member();
        const [seen, unseen] = [await login(app, { email: (await app.admin()).email }), await app.member()];
        expect(await app.accepts(seen.accessToken)).toBe(true);
        await databaseIsBehind(seconds);
        expect(claimsOf(unseen.accessToken).iat).toBeGreaterThan(app.app.replica.databaseNow() / 1000 + 5);
        for (const token of [accessToken, seen.accessToken, unseen.accessToken])
          expect(await app.accepts(token)).toBe(true);
        await app.mutate('revokeSession', { sessionId }, '', as({ accessToken }));
        expect(await app.accepts(accessToken)).toBe(false);
      },
    );

    test('an earlier session still works, and so does its refresh token', async () => {
      const before = await app.member();
      await databaseIsBehind(HOUR);
      const { tokens } = await refresh(app, before.refreshToken);
      expect(await app.accepts(tokens.accessToken)).toBe(true);
      expect(await exchange(app, tokens.refreshToken)).toMatch(/^rkr_/);
      expect((await login(app, before)).sessionId).toMatch(/^ses_/);
    });

    test('an access token that was revoked earlier stays revoked', async () => {
      const member = await app.member();
      await app.mutate('revokeAccessToken', { jti: jtiOf(member.accessToken) }, '', as(await app.admin()));
      await databaseIsBehind(HOUR);
      expect(await app.accepts(member.accessToken)).toBe(false);
    });
  });

  describe('limits', () => {
    beforeEach(() => app.sql('delete from auth_limits'));

    const calls: Record<string, (limits: Limits) => Promise<void>> = {
      login: (limits) => limits.checkLogin(app.app.database.fork(), '192.0.2.7', 'ann@example.org'),
      register: (limits) => limits.checkRegistration(app.app.database.fork(), '192.0.2.7'),
      refresh: (limits) => limits.checkRefresh(app.app.database.fork(), sessionOf('usr_1')),
      password: (limits) => limits.checkPassword(app.app.database.fork(), sessionOf('usr_1')),
      ledgerEntry: (limits) =>
        limits.checkLedgerEntry(app.app.database.fork(), { credentialId: 'ses_1', userId: 'usr_1' }),
      'refresh, in its transaction': async (limits) => {
        const em = app.app.database.fork();
        await em.begin();
        try {
          await limits.checkRefresh(em, sessionOf('usr_2'));
          await em.commit();
        } catch (error) {
          await em.rollback();
          throw error;
        }
      },
    };
    test.each(Object.entries(calls))(
      '%s: a rejected call waits at most one window, and then calls pass again',
      async (_what, call) => {
        const clock = heldClock();
        const limits = limitsOn(app, {
          clock,
          loginPerMinute: 3,
          registerPerMinute: 3,
          refreshPerMinute: 3,
          ledgerPerMinute: 3,
        });
        for (let i = 0; i < 3; i++) await call(limits);
        await ageIn(app, -30 * 60_000);
        const refusal = await call(limits).catch((error) => error);
        expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
        expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(60);
        clock.advance(60_000);
        await ageIn(app, 60_000);
        for (let i = 0; i < 3; i++) await call(limits);
        await expect(call(limits)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
      },
    );

    test('a purge deletes counters from the future like all others', async () => {
      const limits = limitsOn(app);
      await passedOf(times(3, () => limits.checkLogin(app.app.database.fork(), anAddress(), 'ann@example.org')));
      await ageIn(app, -30 * 60_000);
      await limits.purge();
      await ageIn(app, 121_000);
      await limits.purge();
      expect(await app.sql('select key from auth_limits')).toEqual([]);
    });
  });

  describe('refresh tokens', () => {
    test('a lost response from before is repeated, and its grace period ends after 10 s', async () => {
      const member = await app.member();
      const second = await exchange(app, member.refreshToken);
      await later(app, member.sessionId, -HOUR);
      expect(await exchange(app, member.refreshToken)).toBe(second);
      const [first] = await chainOf(app, member.sessionId);
      expect(new Date(first.used_at).getTime()).toBeLessThanOrEqual(Date.now() + 1000);
      await later(app, member.sessionId, 10);
      expect(await exchange(app, member.refreshToken)).toBe('REUSED');
      expect(await exchange(app, second)).toBe('REVOKED');
    });

    test('reuse is detected: a refresh token whose successor was used is rejected as REUSED', async () => {
      const member = await app.member();
      const third = await exchange(app, await exchange(app, member.refreshToken));
      await later(app, member.sessionId, -HOUR);
      expect(await exchange(app, member.refreshToken)).toBe('REUSED');
      expect(await exchange(app, third)).toBe('REVOKED');
    });

    test('a refresh sets the idle expiry from the current time', async () => {
      const member = await app.member();
      await app.sql(`update sessions set idle_expires_at = idle_expires_at + interval '1 day' where id = ?`, [
        member.sessionId,
      ]);
      await exchange(app, member.refreshToken);
      const { idle_expires_at, refreshed_at } = await sessionRow(app, member.sessionId);
      expect(new Date(idle_expires_at).getTime() - new Date(refreshed_at).getTime()).toBe(604_800_000);
    });
  });

  describe('the keys that sign access tokens', () => {
    const stateOf = async (kid: string) => (await app.sql('select state from jwt_keys where kid = ?', [kid]))[0]?.state;
    const kidIn = async (state: string) => (await app.sql('select kid from jwt_keys where state = ?', [state]))[0].kid;
    const moved = (column: string, by: string) =>
      app.sql(`update jwt_keys set ${column} = ${column} + interval '${by}'`);

    test('the next key signs in ten minutes at the latest, and a key that was activated in the future still retires', async () => {
      const current = await kidIn('CURRENT');
      await moved('created_at', '1 year');
      const possible = await app.app.jwtKeys.rotate();
      expect(possible!.getTime()).toBeLessThanOrEqual(Date.now() + 601_000);
      expect(await app.accepts((await app.member()).accessToken)).toBe(true);
      await moved('created_at', '-11 minutes');
      await moved('activated_at', '1 year');
      await app.app.jwtKeys.purge();
      await moved('activated_at', '-31 days');
      await app.app.jwtKeys.purge();
      expect(await stateOf(current)).toBe('RETIRED');
    });

    test('a key that was retired in the future still verifies, and is deleted a day later', async () => {
      const { accessToken } = await app.member();
      await moved('created_at', '-11 minutes');
      const retired = await kidIn('CURRENT');
      expect(await app.app.jwtKeys.rotate()).toBeNull();
      await moved('retired_at', '1 year');
      await app.app.jwtKeys.purge();
      expect(await app.accepts(accessToken)).toBe(true);
      await moved('retired_at', '-26 hours');
      await app.app.jwtKeys.purge();
      expect(await stateOf(retired)).toBeUndefined();
    });
  });

  test('the next use of a credential corrects a last use in the future', async () => {
    const key = await app.apiKey(await app.member());
    await app.sql(
      `insert into credential_usage values (?, now() + interval '1 hour')
      on conflict (credential_id) do update set last_used_at = excluded.last_used_at`,
      [key.id],
    );
    expect(await app.accepts(key.secret)).toBe(true);
    const ahead = async () =>
      (await app.sql('select last_used_at > now() as ahead from credential_usage where credential_id = ?', [key.id]))[0]
        .ahead;
    await expect.poll(ahead, { timeout: 10_000 }).toBe(false);
  });

  test('a canary run that was announced in the future does not block the next run', async () => {
    await app.sql(
      `insert into canary (key_id, owner_id, secret_sealed, announced_at) values ('key_old', 'usr_old', '', now() + interval '1 hour')`,
    );
    await app.app.canary.run();
    expect(await app.sql('select 1 from canary')).toEqual([]);
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toContain('rekey_canary_replicas_total{outcome="refused"} 1');
  });

  test('login works, and its access token is accepted', async () => {
    const member = await app.member();
    await databaseIsBehind(30 * 60);
    const answer = await app.mutate(
      'login',
      { email: member.email, password: PASSWORD },
      '... on LoginSuccess { tokens { accessToken } }',
    );
    expect(await app.accepts(answer.tokens.accessToken)).toBe(true);
  });
});
