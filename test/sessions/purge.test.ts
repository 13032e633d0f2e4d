import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { LONGEST_ACCESS_TOKEN_MS } from '../../src/sessions/lifetimes.ts';
import { purge } from '../../src/sessions/purge.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { as, chainOf, exchange, jtiOf, later, login, sessionRow, UNLIMITED } from '../support/sessions.ts';

const DAY = 86_400;

describe.each(backends())('purging on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
    member = await app.member();
  });
  afterAll(() => app.close());
  beforeEach(() => run());

  const run = () => purge(app.app.database.reads);
  const revokeToken = (account: Account) =>
    app.mutate('revokeAccessToken', { jti: jtiOf(account.accessToken) }, '', as(member));
  const revocations = () => app.sql('select jti from access_token_revocations');

  test('F3.6: refresh tokens are kept for 30 days after their session has expired, to detect reuse', async () => {
    const session = await login(app, member);
    await exchange(app, session.refreshToken);
    await later(app, session.sessionId, 59 * DAY);
    expect(await run()).toEqual({ sessions: 0, revocations: 0 });
    expect(await chainOf(app, session.sessionId)).toHaveLength(2);
    expect(await exchange(app, session.refreshToken)).toBe('EXPIRED');
  });

  test('after 30 days an expired session is deleted with its refresh tokens and its last use', async () => {
    const session = await login(app, member);
    await exchange(app, session.refreshToken);
    await app.sql('insert into credential_usage values (?, now()) on conflict do nothing', [session.sessionId]);
    await later(app, session.sessionId, 61 * DAY);
    expect(await run()).toEqual({ sessions: 1, revocations: 0 });
    expect(await sessionRow(app, session.sessionId)).toBeUndefined();
    expect(await chainOf(app, session.sessionId)).toEqual([]);
    await app.app.jobs['purging last uses']!();
    expect(await app.sql('select 1 from credential_usage where credential_id = ?', [session.sessionId])).toEqual([]);
    expect(await exchange(app, session.refreshToken)).toBe('UNKNOWN');
    expect(await app.accepts(session.accessToken)).toBe(false);
  });

  test('a revoked or idle session is kept as long as an expired one', async () => {
    const [revoked, idle] = [await login(app, member), await login(app, member)];
    await app.mutate('logout', null, '', as(revoked));
    await later(app, idle.sessionId, 20 * DAY);
    expect(await run()).toEqual({ sessions: 0, revocations: 0 });
    expect(await exchange(app, revoked.refreshToken)).toBe('REVOKED');
    expect(await exchange(app, idle.refreshToken)).toBe('EXPIRED');
  });

  test('F2.5: an access token revocation is kept for a day after the token expires, because a clock may be set back', async () => {
    const session = await login(app, member);
    await revokeToken(session);
    await app.sql(`update access_token_revocations set expires_at = now() - interval '23 hours'`);
    expect(await run()).toEqual({ sessions: 0, revocations: 0 });
    expect(await revocations()).toHaveLength(1);
    await app.sql(`update access_token_revocations set expires_at = now() - interval '25 hours'`);
    expect(await run()).toEqual({ sessions: 0, revocations: 1 });
    expect(await revocations()).toEqual([]);
  });

  test('active sessions and revocations of unexpired tokens are never deleted', async () => {
    const [session, revoked] = [await login(app, member), await login(app, member)];
    await revokeToken(revoked);
    expect(await run()).toEqual({ sessions: 0, revocations: 0 });
    expect([await app.accepts(session.accessToken), await app.accepts(revoked.accessToken)]).toEqual([true, false]);
    expect(await exchange(app, session.refreshToken)).toMatch(/^rkr_/);
  });

  test('deletes at most 1,000 rows per transaction, however many refresh tokens a session has', async () => {
    await app.sql(
      `insert into sessions (id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at)
        select 'ses_old' || n, ?, '{}', now() - interval '99 days', now() - interval '99 days', now() - interval '69 days', now() - interval '69 days'
        from generate_series(1, 1203) n`,
      [member.id],
    );
    await app.sql(`insert into refresh_tokens (id, session_id, token_hash, parent_id, created_at, used_at)
        select 'rft_old' || s || '-' || lpad(n::text, 4, '0'), 'ses_old' || s, s || '-' || n,
          case when n > 1 then 'rft_old' || s || '-' || lpad((n - 1)::text, 4, '0') end, now(), now()
        from generate_series(1, 3) s, generate_series(1, 1500) n`);
    await app.sql(
      `insert into access_token_revocations (id, jti, session_id, user_id, revoked_at, expires_at, reason)
        select 'rev_old' || n, 'old ' || n, ?, ?, now() - interval '1 day', now() - interval '1 day', 'UNSPECIFIED'
        from generate_series(1, 2300) n`,
      [member.sessionId, member.id],
    );
    await app.sql('create table purged (transaction text, rows integer)');
    await app.sql(`create function count_purged() returns trigger language plpgsql as $$ begin
        insert into purged select txid_current(), count(*) from gone; return null; end $$`);
    for (const table of ['sessions', 'refresh_tokens', 'access_token_revocations']) {
      await app.sql(`create trigger count_purged after delete on ${table} referencing old table as gone
          for each statement execute function count_purged()`);
    }
    try {
      expect(await run()).toEqual({ sessions: 1203, revocations: 2300 });
      const batches = await app.sql('select sum(rows)::int as rows from purged group by transaction');
      expect(batches.reduce((sum, { rows }) => sum + rows, 0)).toBe(1203 + 3 * 1500 + 2300);
      expect(Math.max(...batches.map(({ rows }) => rows))).toBe(1000);
    } finally {
      await app.sql('drop function count_purged cascade');
      await app.sql('drop table purged');
    }
  });
});

describe.skipIf(!inject('postgresUrl'))('purging by several replicas', () => {
  test('runs on one replica at a time: a second one returns at once without purging', async () => {
    const app = await backends().at(-1)!.start({ env: UNLIMITED });
    try {
      const session = await login(app, await app.member());
      await later(app, session.sessionId, 61 * DAY);
      const other = app.app.database.fork();
      await other.begin();
      await other.execute('select pg_advisory_xact_lock(823640928)');
      expect(await purge(app.app.database.reads)).toEqual({ sessions: 0, revocations: 0 });
      await other.commit();
      expect(await purge(app.app.database.reads)).toEqual({ sessions: 1, revocations: 0 });
    } finally {
      await app.close();
    }
  });
});

test('LONGEST_ACCESS_TOKEN_MS is the longest lifetime that the configuration allows', () => {
  const withLife = (seconds: number) => readConfig({ REKEY_ACCESS_TOKEN_SECONDS: String(seconds) }).accessTokenSeconds;
  expect(withLife(LONGEST_ACCESS_TOKEN_MS / 1000)).toBe(LONGEST_ACCESS_TOKEN_MS / 1000);
  expect(() => withLife(LONGEST_ACCESS_TOKEN_MS / 1000 + 1)).toThrow();
});
