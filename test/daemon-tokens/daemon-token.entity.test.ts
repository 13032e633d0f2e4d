import { describe, expect, test } from 'vitest';
import { Daemon, DaemonToken } from '../../src/daemon-tokens/daemon-token.entity.ts';
import { NO_POLICY_END } from '../../src/identity/credential-policy.ts';

const START = Date.parse('2026-11-30T00:00:00.000Z');
const at = (seconds: number) => new Date(START + seconds * 1000);

const registration = Daemon.register({ id: 'dae_1', workspaceId: 'wsp_1', daemonId: 'host', createdAt: at(0) });
const token = (lifetime = 400) =>
  DaemonToken.create({
    id: 'dmn_1',
    registration,
    hint: '',
    secretHash: '',
    scopes: [],
    permissions: [],
    createdAt: at(0),
    createdBy: null,
    expiresAt: at(lifetime),
    rateLimit: null,
    policyEnd: NO_POLICY_END,
  });
const renew = (of: DaemonToken, now: Date, maximumLifetimeSeconds: number | null = null) =>
  of.renew(now, { maximumLifetimeSeconds, idleSeconds: null, requiresExpiry: false });

describe('renew', () => {
  test.each([0, 1, 299, 299.999])('after %f of 400 s it is too early, and the token stays as it is', (seconds) => {
    const renewed = token();
    expect(renew(renewed, at(seconds))).toEqual({ kind: 'tooEarly', renewableAt: at(300), expiresAt: at(400) });
    expect(renewed).toMatchObject({ expiresAt: at(400), renewedAt: null });
  });

  test.each([300, 350, 399.999])('after %f of 400 s the new end is 400 s from then', (seconds) => {
    const renewed = token();
    expect(renew(renewed, at(seconds))).toEqual({ kind: 'renewed', previousExpiresAt: at(400) });
    expect(renewed).toMatchObject({ expiresAt: at(seconds + 400), renewedAt: at(seconds) });
  });

  test('the span of the next renewal begins at the last one, and the lifetime stays the first one', () => {
    const renewed = token();
    for (let turn = 1; turn <= 50; turn++) {
      const now = 300 * turn;
      expect(renew(renewed, at(now)).kind).toBe('renewed');
      expect(renewed.expiresAt).toEqual(at(now + 400));
      expect(renew(renewed, at(now + 299))).toEqual({
        kind: 'tooEarly',
        renewableAt: at(now + 300),
        expiresAt: at(now + 400),
      });
    }
  });

  test('a quarter that is no whole number of milliseconds begins not earlier than it must', () => {
    const renewed = token(0.401);
    expect(renew(renewed, at(0.3))).toMatchObject({ kind: 'tooEarly', renewableAt: at(0.301) });
    expect(renew(renewed, at(0.301)).kind).toBe('renewed');
  });

  test('an end that was moved by hand is never moved to an earlier time', () => {
    const renewed = token();
    renewed.expiresAt = at(100_000);
    expect(renew(renewed, at(99_600))).toMatchObject({ kind: 'tooEarly', renewableAt: at(99_600.001) });
    expect(renew(renewed, at(99_600.001)).kind).toBe('renewed');
    expect(renewed.expiresAt).toEqual(at(100_000.001));
  });

  test('a policy bounds the new end, and a renewal that adds nothing says that the token is too old', () => {
    const renewed = token();
    expect(renew(renewed, at(350), 600)).toEqual({ kind: 'renewed', previousExpiresAt: at(400) });
    expect(renewed.expiresAt).toEqual(at(600));
    expect(renew(renewed, at(590), 600)).toEqual({ kind: 'maximumAge', expiresAt: at(600) });
    // A policy that is stricter than the end of the token: the span ends there.
    expect(renew(token(), at(250), 300)).toEqual({ kind: 'maximumAge', expiresAt: at(300) });
    expect(renew(token(), at(200), 300)).toEqual({ kind: 'tooEarly', renewableAt: at(225), expiresAt: at(300) });
  });

  test('a token that is revoked or expired, alone or with its daemon, throws', () => {
    const revoked = token();
    revoked.revoke(at(10), 'COMPROMISED');
    expect(() => renew(revoked, at(350))).toThrow('cannot be renewed');
    expect(() => renew(token(), at(400))).toThrow('cannot be renewed');
    expect(() => renew(Object.assign(token(), { revokedWithDaemonAt: at(10) }), at(350))).toThrow('cannot be renewed');
  });
});

test('the first revocation stays, whether of the token or of its daemon', () => {
  const revoked = token();
  revoked.revoke(at(10), 'COMPROMISED');
  revoked.revoke(at(20), 'ADMINISTRATIVE');
  expect([revoked.revokedAt, revoked.revocationReason]).toEqual([at(10), 'COMPROMISED']);
  const withDaemon = Object.assign(token(), { revokedWithDaemonAt: at(5), revokedWithDaemonReason: 'REMOVED' });
  withDaemon.revoke(at(20), 'ADMINISTRATIVE');
  expect([withDaemon.revokedAt, withDaemon.revocationReason, withDaemon.revokedAloneAt]).toEqual([
    at(5),
    'REMOVED',
    null,
  ]);
});
