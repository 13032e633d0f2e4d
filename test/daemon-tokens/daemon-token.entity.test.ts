import { describe, expect, test } from 'vitest';
import { Daemon, DaemonToken } from '../../src/daemon-tokens/daemon-token.entity.ts';

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
  });

describe('renew', () => {
  test.each([0, 1, 299, 299.999])('after %f of 400 s it is too early, and the token stays as it is', (seconds) => {
    const renewed = token();
    expect(renewed.renew(at(seconds))).toEqual({ kind: 'tooEarly', renewableAt: at(300) });
    expect(renewed).toMatchObject({ expiresAt: at(400), renewedAt: null });
  });

  test.each([300, 350, 399.999])('after %f of 400 s the new end is 400 s from then', (seconds) => {
    const renewed = token();
    expect(renewed.renew(at(seconds))).toEqual({ kind: 'renewed', previousExpiresAt: at(400) });
    expect(renewed).toMatchObject({ expiresAt: at(seconds + 400), renewedAt: at(seconds) });
  });

  test('the span of the next renewal begins at the last one, and the lifetime stays the first one', () => {
    const renewed = token();
    for (let turn = 1; turn <= 50; turn++) {
      const now = 300 * turn;
      expect(renewed.renew(at(now)).kind).toBe('renewed');
      expect(renewed.expiresAt).toEqual(at(now + 400));
      expect(renewed.renew(at(now + 299))).toEqual({ kind: 'tooEarly', renewableAt: at(now + 300) });
    }
  });

  test('a quarter that is no whole number of milliseconds begins not earlier than it must', () => {
    const renewed = token(0.401);
    expect(renewed.renew(at(0.3))).toEqual({ kind: 'tooEarly', renewableAt: at(0.301) });
    expect(renewed.renew(at(0.301)).kind).toBe('renewed');
  });

  test('an end that was moved by hand is never moved to an earlier time', () => {
    const renewed = token();
    renewed.expiresAt = at(100_000);
    expect(renewed.renew(at(99_600))).toEqual({ kind: 'tooEarly', renewableAt: at(99_600.001) });
    expect(renewed.renew(at(99_600.001)).kind).toBe('renewed');
    expect(renewed.expiresAt).toEqual(at(100_000.001));
  });

  test('a token that is revoked or expired, alone or with its daemon, throws', () => {
    const revoked = token();
    revoked.revoke(at(10), 'COMPROMISED');
    expect(() => revoked.renew(at(350))).toThrow('cannot be renewed');
    expect(() => token().renew(at(400))).toThrow('cannot be renewed');
    expect(() => Object.assign(token(), { revokedWithDaemonAt: at(10) }).renew(at(350))).toThrow('cannot be renewed');
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
