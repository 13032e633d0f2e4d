// The promises hold with any default settings of a database, a role or a connection URL.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { connectionTo } from '../../src/database/session-settings.ts';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { HOSTILE, type HostileDatabase, hostileDatabase } from '../support/hostile-database.ts';
import { as, exchange, jtiOf, login, refresh, UNLIMITED } from '../support/sessions.ts';

const LOCKED = `select count(*)::int as n from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;
const QUOTA = 3;

const CASES: [what: string, where: Parameters<typeof hostileDatabase>[1], settings?: Record<string, string>][] = [
  ['everything, by database', 'database'],
  ['everything, by role', 'role'],
  ['everything, by URL', 'url'],
  ['repeatable read', 'database', { default_transaction_isolation: 'repeatable read' }],
  ['serializable', 'role', { default_transaction_isolation: 'serializable' }],
  ['DateStyle German', 'database', { DateStyle: 'German' }],
  ['DateStyle SQL, DMY', 'role', { DateStyle: 'SQL, DMY' }],
  ['DateStyle Postgres, MDY', 'database', { DateStyle: 'Postgres, MDY' }],
  ['an empty search path', 'role', { search_path: '' }],
  ['the search path of another schema', 'database', { search_path: 'decoy, public' }],
  ['read-only transactions', 'role in database', { default_transaction_read_only: 'on' }],
  ['few digits and short times', 'role', { extra_float_digits: '-15', statement_timeout: '1ms', lock_timeout: '1ms' }],
];

describe.skipIf(inject('postgresUrl') === null).each(CASES)(
  'with defaults of %s',
  (_what, where, settings = HOSTILE) => {
    let hostile: HostileDatabase;
    let app: TestApp;
    beforeAll(async () => {
      hostile = await hostileDatabase(inject('postgresUrl') as string, where, settings);
      const env = { ...UNLIMITED, REKEY_API_KEYS_PER_USER: String(QUOTA), REKEY_LOGIN_PER_MINUTE: '1000' };
      app = await startTestApp({ databaseUrl: hostile.url, env });
    });
    afterAll(async () => {
      await app?.close();
      await hostile?.drop();
    });

    test('the main operations work: bootstrap, login, refresh, createApiKey, rotate, revoke, logout', async () => {
      const admin = await app.admin();
      const session = await login(app, admin);
      const { tokens } = await refresh(app, session.refreshToken);
      const key = await app.apiKey(tokens);
      expect(await app.accepts(key.secret)).toBe(true);
      const rotated = await app.mutate(
        'rotateApiKey',
        { apiKeyId: key.id },
        '... on RotateApiKeySuccess { secret receipt { propagation } }',
        as(tokens),
      );
      expect(rotated.receipt.propagation).toBe('ACKNOWLEDGED');
      expect([await app.accepts(key.secret), await app.accepts(rotated.secret)]).toEqual([false, true]);
      const revoked = await app.mutate(
        'revokeApiKey',
        { apiKeyId: key.id },
        '... on RevokeApiKeySuccess { apiKey { createdAt revokedAt } receipt { committedAt replicas acknowledged left } }',
        as(tokens),
      );
      expect(revoked.receipt).toMatchObject({ replicas: 1, acknowledged: 1, left: 0 });
      for (const moment of [revoked.apiKey.createdAt, revoked.apiKey.revokedAt, revoked.receipt.committedAt])
        expect(Math.abs(Date.parse(moment) - Date.now())).toBeLessThan(300_000);
      expect(await app.accepts(rotated.secret)).toBe(false);
      const logout = await app.mutate('logout', null, '', as(tokens));
      expect(logout.__typename).toBe('LogoutSuccess');
      expect(await app.accepts(tokens.accessToken)).toBe(false);
      expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
    });

    test('an access token that is revoked while it creates a key creates none', async () => {
      const member = await app.member();
      expect(await app.accepts(member.accessToken)).toBe(true);
      const other = new pg.Client(connectionTo(hostile.url, { applicationName: 'another client' }));
      await other.connect();
      onTestFinished(() => other.end());
      await other.query('begin');
      await other.query('select from public.sessions where id = $1 for update', [member.sessionId]);
      const waiting = (count: number) => expect.poll(async () => (await app.sql(LOCKED))[0].n).toBe(count);
      const revocation = app.mutate('revokeAccessToken', { jti: jtiOf(member.accessToken) }, '', as(member));
      await waiting(1);
      const creation = app.graphql('mutation { createApiKey(input: { name: "late" }) { __typename } }', {}, as(member));
      await waiting(2);
      await other.query('rollback');
      expect((await revocation).__typename).toBe('RevokeAccessTokenSuccess');
      const { status, errors } = await creation;
      expect([status, errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
      expect(await keysOf(member)).toBe(0);
    });

    test('twelve concurrent calls of createApiKey create as many keys as the quota allows', async () => {
      const member = await app.member();
      const names = await Promise.all(
        Array.from({ length: 12 }, () => app.mutate('createApiKey', { name: 'one of many' }, '', as(member))),
      );
      expect(names.filter(({ __typename }) => __typename === 'CreateApiKeySuccess')).toHaveLength(QUOTA);
      expect(names.filter(({ __typename }) => __typename === 'ApiKeyQuotaError')).toHaveLength(12 - QUOTA);
      expect(await keysOf(member)).toBe(QUOTA);
    });

    test('twenty concurrent refreshes of one token get the same successor', async () => {
      const member = await app.member();
      const successors = await Promise.all(Array.from({ length: 20 }, () => exchange(app, member.refreshToken)));
      expect(new Set(successors).size).toBe(1);
      expect(successors[0]).toMatch(/^rkr_/);
    });

    test('twelve concurrent revocations of one key all succeed', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const revoke = () => app.mutate('revokeApiKey', { apiKeyId: key.id }, '', as(member));
      const results = await Promise.all(Array.from({ length: 12 }, revoke));
      expect(new Set(results.map(({ __typename }) => __typename))).toEqual(new Set(['RevokeApiKeySuccess']));
      expect(await app.accepts(key.secret)).toBe(false);
    });

    const keysOf = async ({ id }: Account) =>
      (await app.sql('select count(*)::int as n from api_keys where user_id = ?', [id]))[0].n;
  },
);
