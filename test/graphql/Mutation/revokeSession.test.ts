import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { RevocationReason } from '../../../src/client/index.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { databasesAt } from '../../support/postgres.ts';
import { eventsOf, exchange, later, login, sessionRow, UNLIMITED } from '../../support/sessions.ts';

const UNKNOWN = 'ses_00000000000000000000000000';
const NOT_FOUND = { __typename: 'SessionNotFoundError', message: 'Session not found. Check `sessionId`.' };

describe.each(backends())('revokeSession on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
  });
  afterAll(() => app.close());

  const revoke = (caller: Caller, sessionId: string, input: { reason?: RevocationReason } = {}) =>
    app.as(caller).revokeSession({ sessionId, ...input });

  describe('RevokeSessionSuccess', () => {
    test('F2.4: a session from the list stops working before the response arrives, and the others stay active', async () => {
      const member = await app.member();
      const sessions = [member, await login(app, member), await login(app, member), await login(app, member)];
      for (const { accessToken } of sessions) expect(await app.accepts(accessToken)).toBe(true);
      const { nodes } = await app.as(member).sessions();
      const third = nodes[2]!.id;
      const { session, receipt } = await revoke(member, third, { reason: 'COMPROMISED' }).expectSuccess();
      const accepted = await Promise.all(sessions.map(({ accessToken }) => app.accepts(accessToken)));
      expect(accepted).toEqual(sessions.map(({ sessionId }) => sessionId !== third));
      expect(session).toMatchObject({
        id: third,
        status: 'REVOKED',
        revokedAt: expect.any(String),
        revocationReason: 'COMPROMISED',
        isCurrent: false,
      });
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
    });

    test('F2.6: the refresh token and the access tokens of the session are revoked', async () => {
      const member = await app.member();
      const other = await login(app, member);
      const second = await exchange(app, other.refreshToken);
      await revoke(member, other.sessionId).expectSuccess();
      expect(await app.accepts(other.accessToken)).toBe(false);
      expect(await exchange(app, second)).toBe('REVOKED');
      expect((await sessionRow(app, other.sessionId)).revocation_reason).toBe('SIGNED_OUT');
    });

    test('the receipt of a session that revokeAllSessions has revoked has the time of that call, despite later changes', async () => {
      const member = await app.member();
      const admin = await app.admin();
      await app.sql(`update sessions set scopes = array_remove(scopes, 'AUDIT_READ') where id = ?`, [member.sessionId]);
      const ended = await app.as(admin).revokeAllSessions({ userId: member.id }).expectSuccess();
      // So many changes at once are one row in the log, which invalidates everything.
      await app.sql(
        `insert into workspaces (id, name, created_at) select 'wsp_' || n, '', now() from generate_series(1, 1100) n`,
      );
      await app.sql(`delete from workspaces where id in (select 'wsp_' || n from generate_series(1, 1100) n)`);
      const again = await revoke(admin, member.sessionId).expectSuccess();
      expect(again.receipt.committedAt).toBe(ended.receipt.committedAt);
    });

    test('a session can revoke itself', async () => {
      const member = await app.member();
      const { session } = await revoke(member, member.sessionId).expectSuccess();
      expect(session).toMatchObject({ id: member.sessionId, status: 'REVOKED' });
      expect(await app.accepts(member.accessToken)).toBe(false);
    });

    test('an administrator revokes the session of another user, and the audit event names the administrator', async () => {
      const [member, admin] = [await app.member(), await app.admin()];
      await revoke(admin, member.sessionId, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(await app.accepts(member.accessToken)).toBe(false);
      const events = await app.sql(`select * from audit_events where subject_id = ? and type = 'session.revoked'`, [
        member.sessionId,
      ]);
      expect(events).toMatchObject([{ actor_user_id: admin.id, actor_credential_id: admin.sessionId }]);
    });

    test('a repeated call succeeds and changes nothing: the first time and the first reason stay', async () => {
      const member = await app.member();
      const other = await login(app, member);
      const first = await revoke(member, other.sessionId, { reason: 'COMPROMISED' }).expectSuccess();
      const second = await revoke(member, other.sessionId, { reason: 'SIGNED_OUT' }).expectSuccess();
      expect(second.session).toEqual(first.session);
      expect(second.receipt.propagation).toBe('ACKNOWLEDGED');
      expect((await eventsOf(app, other.sessionId)).filter((type) => type === 'session.revoked')).toHaveLength(1);
    });

    test('F3.9: a session that revokeAllSessions has revoked keeps the reason of that call', async () => {
      const member = await app.member();
      const other = await login(app, member);
      await app.as(member).revokeAllSessions({ exceptCurrent: true }).expectSuccess();
      const { session } = await revoke(member, other.sessionId, { reason: 'COMPROMISED' }).expectSuccess();
      expect(session).toMatchObject({ status: 'REVOKED', revocationReason: 'SIGNED_OUT' });
      expect((await sessionRow(app, other.sessionId)).revoked_at).toBeNull();
    });

    test('an expired session can be revoked', async () => {
      const member = await app.member();
      const other = await login(app, member);
      await later(app, other.sessionId, 8 * 86_400);
      expect((await revoke(member, other.sessionId).expectSuccess()).session.status).toBe('REVOKED');
      expect(await exchange(app, other.refreshToken)).toBe('REVOKED');
    });
  });

  describe('SessionNotFoundError', () => {
    test('another user’s session, an unknown one and an invalid id get the same error, and nothing changes', async () => {
      const [member, outsider] = [await app.member(), await app.member()];
      for (const id of [outsider.sessionId, UNKNOWN, '', 'x', outsider.id, `${member.sessionId} `, "' or true --"]) {
        expect(await revoke(member, id)).toEqual(NOT_FOUND);
      }
      expect([await app.accepts(member.accessToken), await app.accepts(outsider.accessToken)]).toEqual([true, true]);
      expect(await eventsOf(app, outsider.sessionId)).toEqual(['session.started']);
    });
  });

  test('F3.1: a request without a credential gets UNAUTHENTICATED, even if its headers name a user', async () => {
    const member = await app.member();
    const claimed = { 'x-user-id': member.id, 'x-rekey-user': member.id, 'x-rekey-scopes': 'ADMIN' };
    await revoke({ headers: claimed }, member.sessionId).expectError('UNAUTHENTICATED');
    expect(await app.accepts(member.accessToken)).toBe(true);
  });

  test('a key needs the scope SESSIONS_WRITE, and revokes only sessions of its owner', async () => {
    const [member, outsider] = [await app.member(), await app.member()];
    const without = await app.apiKey(member, { scopes: ['SESSIONS_READ'] });
    const holding = await app.apiKey(member, { scopes: ['SESSIONS_WRITE'] });
    await revoke(without, member.sessionId).expectError('FORBIDDEN');
    expect(await revoke(holding, outsider.sessionId)).toEqual(NOT_FOUND);
    await revoke(holding, member.sessionId).expectSuccess();
    expect(await app.accepts(holding.secret)).toBe(true);
  });
});

describe.skipIf(!inject('postgresUrl'))('revokeSession on PostgreSQL, during another revocation', () => {
  let app: TestApp;
  let member: Account;
  let database: string;
  const databases = () => databasesAt(inject('postgresUrl')!);
  beforeAll(async () => {
    app = await backends().at(-1)!.start({ env: UNLIMITED });
    member = await app.member();
    database = new URL(app.app.config.databaseUrl!).pathname.slice(1);
  });
  afterAll(() => app?.close());

  test('F3.9: the reason of the first revocation stays, even if both are in flight', async () => {
    const other = await login(app, member);
    const em = app.app.database.fork();
    await em.begin();
    await em.execute(`update sessions set revoked_at = now(), revocation_reason = 'REUSED' where id = ?`, [
      other.sessionId,
    ]);
    const second = app.as(member).revokeSession({ sessionId: other.sessionId });
    const waiting = () =>
      databases().query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        [],
        database,
      );
    await expect.poll(waiting).toHaveLength(1);
    await em.commit();
    expect((await second.expectSuccess()).session).toMatchObject({ revocationReason: 'REUSED' });
    expect(await sessionRow(app, other.sessionId)).toMatchObject({ revocation_reason: 'REUSED' });
    expect(await eventsOf(app, other.sessionId)).toEqual(['session.started']);
  });
});
