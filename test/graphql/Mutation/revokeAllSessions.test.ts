import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RevokeAllSessionsInput } from '../../../src/client/index.ts';
import { backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { exchange, later, login, sessionRow, UNLIMITED } from '../../support/sessions.ts';
import { times } from '../../support/values.ts';

describe.each(backends())('revokeAllSessions on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
  });
  afterAll(() => app.close());

  const revokeAll = (caller: Caller, input: RevokeAllSessionsInput = {}) => app.as(caller).revokeAllSessions(input);
  const accepted = (...accounts: { accessToken: string }[]) =>
    Promise.all(accounts.map(({ accessToken }) => app.accepts(accessToken)));

  describe('RevokeAllSessionsSuccess', () => {
    test('F3.9: all sessions are revoked before the response, which counts the active ones', async () => {
      const member = await app.member();
      const [second, third, revoked, expired] = await Promise.all(times(4, () => login(app, member)));
      await app.as(member).revokeSession({ sessionId: revoked!.sessionId }).expectSuccess();
      await later(app, expired!.sessionId, 8 * 86_400);
      expect(await accepted(member, second!, third!)).toEqual([true, true, true]);
      const { revokedCount, receipt } = await revokeAll(member).expectSuccess();
      expect(await accepted(member, second!, third!)).toEqual([false, false, false]);
      expect(revokedCount).toBe(3);
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
      for (const { refreshToken } of [member, second!, third!])
        expect(await exchange(app, refreshToken)).toBe('REVOKED');
    });

    test('a later login starts a session that works', async () => {
      const member = await app.member();
      await revokeAll(member).expectSuccess();
      const again = await login(app, member);
      expect(await accepted(member, again)).toEqual([false, true]);
      expect(await exchange(app, again.refreshToken)).toMatch(/^rkr_/);
    });

    test('`exceptCurrent` keeps the session of the request, and a later call of another session revokes it', async () => {
      const member = await app.member();
      const other = await login(app, member);
      expect((await revokeAll(member, { exceptCurrent: true }).expectSuccess()).revokedCount).toBe(1);
      expect(await accepted(member, other)).toEqual([true, false]);
      expect(await exchange(app, member.refreshToken)).toMatch(/^rkr_/);
      const third = await login(app, member);
      expect((await revokeAll(third, { exceptCurrent: true }).expectSuccess()).revokedCount).toBe(1);
      expect(await accepted(member, other, third)).toEqual([false, false, true]);
      expect((await revokeAll(third).expectSuccess()).revokedCount).toBe(1);
      expect(await accepted(third)).toEqual([false]);
    });

    test('a session that was revoked before does not change, and the current one stays active', async () => {
      const member = await app.member();
      const other = await login(app, member);
      await app.as(member).revokeSession({ sessionId: other.sessionId }).expectSuccess();
      const before = await sessionRow(app, other.sessionId);
      await revokeAll(member, { exceptCurrent: true }).expectSuccess();
      expect(await sessionRow(app, other.sessionId)).toEqual(before);
      expect(await accepted(member, other)).toEqual([true, false]);
    });

    test('one row in the invalidation log covers all sessions, and no session row changes', async () => {
      const member = await app.member();
      await app.sql(
        `insert into sessions (id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at)
          select 'ses_many' || ? || n, ?, '{}', now(), now(), now() + interval '1 day', now() + interval '1 day' from generate_series(1, 500) n`,
        [member.id, member.id],
      );
      const position = async () => Number((await app.sql('select seq from auth_epoch'))[0].seq);
      const before = await position();
      expect((await revokeAll(member).expectSuccess()).revokedCount).toBe(501);
      const log = await app.sql(`select tag from auth_inval where seq > ? and tag <> 'probe'`, [before]);
      expect(log).toEqual([{ tag: `user:${member.id}` }]);
      const rows = await app.sql('select count(revoked_at)::int as n from sessions where user_id = ?', [member.id]);
      expect(rows).toEqual([{ n: 0 }]);
    });

    test('the query `sessions` shows them as revoked, with the time and the reason', async () => {
      const member = await app.member();
      await revokeAll(await app.admin(), { userId: member.id }).expectSuccess();
      const again = await login(app, member);
      const { nodes } = await app.as(again).sessions({ filter: { status: 'REVOKED' } });
      expect(nodes).toMatchObject([
        { id: member.sessionId, status: 'REVOKED', revokedAt: expect.any(String), revocationReason: 'ADMINISTRATIVE' },
      ]);
    });

    test('an administrator revokes the sessions of another user and keeps their own', async () => {
      const [member, admin] = [await app.member(), await app.admin()];
      const other = await login(app, member);
      for (const exceptCurrent of [false, true]) {
        const { revokedCount } = await revokeAll(admin, { userId: member.id, exceptCurrent }).expectSuccess();
        expect(revokedCount).toBe(exceptCurrent ? 0 : 2);
      }
      expect(await accepted(member, other, admin)).toEqual([false, false, true]);
    });

    test('API keys and other users are not affected', async () => {
      const [member, outsider] = [await app.member(), await app.member()];
      const key = await app.apiKey(member, { scopes: ['SESSIONS_WRITE'] });
      expect((await revokeAll(key, { exceptCurrent: true }).expectSuccess()).revokedCount).toBe(1);
      expect(await accepted(member, outsider)).toEqual([false, true]);
      expect(await app.accepts(key.secret)).toBe(true);
    });
  });

  describe('UserNotFoundError', () => {
    test('a member gets the same error for another user as for an unknown id, and an administrator gets it for an unknown id', async () => {
      const [member, outsider] = [await app.member(), await app.member()];
      const unknown = 'usr_00000000000000000000000000';
      const notFound = { __typename: 'UserNotFoundError', message: 'User not found. Check `userId`.' };
      for (const userId of [outsider.id, (await app.admin()).id, unknown, '']) {
        expect(await revokeAll(member, { userId })).toEqual(notFound);
      }
      expect(await revokeAll(await app.admin(), { userId: unknown })).toEqual(notFound);
      expect(await accepted(member, outsider)).toEqual([true, true]);
    });
  });
});
