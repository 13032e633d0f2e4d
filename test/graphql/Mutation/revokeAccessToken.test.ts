import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RevocationReason } from '../../../src/client/index.ts';
import { backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { claimsOf, exchange, jtiOf, login, refresh, UNLIMITED } from '../../support/sessions.ts';
import { times } from '../../support/values.ts';

const NOT_FOUND = {
  __typename: 'AccessTokenNotFoundError',
  message: 'Access token not found. Check `jti`.',
};

describe.each(backends())('revokeAccessToken on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
  });
  afterAll(() => app.close());

  const revoke = (caller: Caller, jti: string, input: { reason?: RevocationReason } = {}) =>
    app.as(caller).revokeAccessToken({ jti, ...input });
  const ledgerOf = (jti: string) => app.sql('select * from access_token_revocations where jti = ?', [jti]);

  describe('RevokeAccessTokenSuccess', () => {
    test('the token stops working before the response arrives, and the other tokens of its session stay valid', async () => {
      const member = await app.member();
      const { tokens } = await refresh(app, member.refreshToken);
      expect(await app.accepts(member.accessToken)).toBe(true);
      const jti = jtiOf(member.accessToken);
      const { revocation, receipt } = await revoke(tokens, jti, { reason: 'COMPROMISED' }).expectSuccess();
      expect([await app.accepts(member.accessToken), await app.accepts(tokens.accessToken)]).toEqual([false, true]);
      expect(revocation).toEqual({
        id: expect.stringMatching(/^rev_/),
        jti,
        reason: 'COMPROMISED',
        revokedAt: expect.any(String),
        expiresAt: expect.any(String),
        user: { id: member.id },
        revokedBy: { id: member.id },
      });
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1 });
      expect(await exchange(app, tokens.refreshToken)).toMatch(/^rkr_/);
    });

    test('a token that was never used is rejected at its first use', async () => {
      const member = await app.member();
      const { tokens } = await refresh(app, member.refreshToken);
      await revoke(member, jtiOf(tokens.accessToken)).expectSuccess();
      expect(await app.accepts(tokens.accessToken)).toBe(false);
    });

    test('a token can revoke itself', async () => {
      const member = await app.member();
      await revoke(member, jtiOf(member.accessToken)).expectSuccess();
      expect(await app.accepts(member.accessToken)).toBe(false);
    });

    test('F2.3: the revocation is stored in the database before the response', async () => {
      const member = await app.member();
      await revoke(member, jtiOf(member.accessToken)).expectSuccess();
      expect(await ledgerOf(jtiOf(member.accessToken))).toMatchObject([{ user_id: member.id, reason: 'UNSPECIFIED' }]);
    });

    test('F2.3: a revocation that cannot be stored fails, and the token stays valid', async () => {
      const member = await app.member();
      await app.sql(`create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`);
      await app.sql(
        'create trigger fail before insert on access_token_revocations for each row execute function fail()',
      );
      try {
        await revoke(member, jtiOf(member.accessToken)).expectError('INTERNAL_SERVER_ERROR');
      } finally {
        await app.sql('drop function fail cascade');
      }
      expect(await app.accepts(member.accessToken)).toBe(true);
    });

    test('the revocation is kept until after the token expires', async () => {
      const member = await app.member();
      const { revocation } = await revoke(member, jtiOf(member.accessToken)).expectSuccess();
      const { exp } = claimsOf(member.accessToken);
      expect(new Date(revocation.expiresAt).getTime()).toBeGreaterThan(exp * 1000);
    });

    test('F2.7: a repeated call changes nothing: the first reason and the first revoking user stay', async () => {
      const [member, admin] = [await app.member(), await app.admin()];
      const other = await login(app, member);
      const jti = jtiOf(other.accessToken);
      const first = await revoke(member, jti, { reason: 'COMPROMISED' }).expectSuccess();
      const second = await revoke(admin, jti, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(second.revocation).toEqual(first.revocation);
      expect(await ledgerOf(jti)).toHaveLength(1);
    });

    test('ten calls at once all succeed, and store one revocation', async () => {
      const member = await app.member();
      const other = await login(app, member);
      const jti = jtiOf(other.accessToken);
      const results = await Promise.all(times(10, () => revoke(member, jti).expectSuccess()));
      expect(new Set(results.map(({ revocation }) => revocation.id)).size).toBe(1);
      expect(await ledgerOf(jti)).toHaveLength(1);
    });

    test('an administrator revokes the token of another user', async () => {
      const [member, admin] = [await app.member(), await app.admin()];
      const { revocation } = await revoke(admin, jtiOf(member.accessToken), {
        reason: 'ADMINISTRATIVE',
      }).expectSuccess();
      expect(revocation).toMatchObject({ user: { id: member.id }, revokedBy: { id: admin.id } });
      expect(await app.accepts(member.accessToken)).toBe(false);
    });
  });

  describe('AccessTokenNotFoundError', () => {
    test('F2.7: another user’s token and an invalid id get the same error, and nothing is stored', async () => {
      const [member, outsider] = [await app.member(), await app.member()];
      const texts = [
        ...[jtiOf(outsider.accessToken), `ses_00000000000000000000000000.${randomUUID()}`, outsider.sessionId, '', '.'],
        ...[`${member.sessionId}.`, `${member.sessionId}.1`, `${member.sessionId}.${randomUUID()}.x`, randomUUID()],
        ...[`${member.sessionId}.${randomUUID().toUpperCase()}`, `.${randomUUID()}`, 'x'.repeat(128)],
      ];
      for (const jti of texts) {
        expect(await revoke(member, jti), jti.slice(0, 60)).toEqual(NOT_FOUND);
        expect(await ledgerOf(jti)).toEqual([]);
      }
      expect([await app.accepts(member.accessToken), await app.accepts(outsider.accessToken)]).toEqual([true, true]);
    });
  });

  test('F2.9: simultaneous logins get tokens with different ids', async () => {
    const member = await app.member();
    const logins = await Promise.all(times(6, () => login(app, member)));
    expect(new Set(logins.map(({ accessToken }) => jtiOf(accessToken))).size).toBe(6);
  });
});
