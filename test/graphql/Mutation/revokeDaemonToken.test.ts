import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RevocationReason } from '../../../src/client/index.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { eventsOf } from '../../support/sessions.ts';
import { times } from '../../support/values.ts';

const UNKNOWN = 'dmn_00000000000000000000000000';

describe.each(backends())('revokeDaemonToken on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
    workspaceId = await app.workspace(member);
  });
  afterAll(() => app.close());

  const revoke = (caller: Caller, daemonTokenId: string, input: { reason?: RevocationReason } = {}) =>
    app.as(caller).revokeDaemonToken({ daemonTokenId, ...input });

  describe('RevokeDaemonTokenSuccess', () => {
    test('a revoked token is rejected before the response, the other tokens of the daemon stay active', async () => {
      const [token, other] = [await app.daemonToken(member, workspaceId), await app.daemonToken(member, workspaceId)];
      expect([await app.accepts(token.secret), await app.accepts(other.secret)]).toEqual([true, true]);
      const { daemonToken, receipt } = await revoke(member, token.id, { reason: 'COMPROMISED' }).expectSuccess();
      expect([await app.accepts(token.secret), await app.accepts(other.secret)]).toEqual([false, true]);
      expect(daemonToken).toMatchObject({
        id: token.id,
        revokedAt: expect.any(String),
        revocationReason: 'COMPROMISED',
        status: 'REVOKED',
      });
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
      expect(BigInt(receipt.sequence)).toBeGreaterThan(0n);
    });

    test('revoking a revoked token changes nothing: the first time and reason stay', async () => {
      const token = await app.daemonToken(member, workspaceId);
      const first = await revoke(member, token.id, { reason: 'COMPROMISED' }).expectSuccess();
      const second = await revoke(await app.admin(), token.id, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(second.daemonToken).toEqual(first.daemonToken);
      expect(second.receipt.committedAt).toBe(first.receipt.committedAt);
      expect(await eventsOf(app, token.id)).toEqual(['daemon-token.created', 'daemon-token.revoked']);
    });

    test('ten revocations at once all succeed with the same time, and one is recorded', async () => {
      const token = await app.daemonToken(member, workspaceId);
      const results = await Promise.all(times(10, () => revoke(member, token.id).expectSuccess()));
      expect(new Set(results.map(({ daemonToken }) => daemonToken.revokedAt)).size).toBe(1);
      expect(await eventsOf(app, token.id)).toEqual(['daemon-token.created', 'daemon-token.revoked']);
    });

    test('a token that was revoked with its daemon returns that time, that reason and that receipt', async () => {
      const daemonId = 'with its daemon';
      const token = await app.daemonToken(member, workspaceId, { daemonId });
      const whole = await app.as(member).revokeDaemon({ workspaceId, daemonId, reason: 'REMOVED' }).expectSuccess();
      const { daemonToken, receipt } = await revoke(member, token.id, { reason: 'COMPROMISED' }).expectSuccess();
      expect(daemonToken).toMatchObject({ status: 'REVOKED', revocationReason: 'REMOVED' });
      expect(receipt.committedAt).toBe(whole.receipt.committedAt);
      expect(await eventsOf(app, token.id)).toEqual(['daemon-token.created']);
    });

    test('a token with the scope may revoke itself', async () => {
      const token = await app.daemonToken(member, workspaceId, { scopes: ['DAEMON_TOKENS_WRITE'] });
      await revoke(token, token.id).expectSuccess();
      expect(await app.accepts(token.secret)).toBe(false);
    });

    test('an administrator may revoke a token of any workspace', async () => {
      const token = await app.daemonToken(member, workspaceId);
      await revoke(await app.admin(), token.id, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(await app.accepts(token.secret)).toBe(false);
    });
  });

  describe('DaemonTokenNotFoundError', () => {
    test('a token of another workspace is not found, in the same words as an unknown id, and stays active', async () => {
      const token = await app.daemonToken(member, workspaceId);
      const outsider = await app.member();
      const scopes = ['DAEMON_TOKENS_WRITE'];
      const elsewhere = await app.daemonToken(outsider, await app.workspace(outsider), { scopes });
      for (const caller of [outsider, elsewhere]) {
        const [one, other, third] = await Promise.all(
          [token.id, UNKNOWN, 'nonsense'].map((id) => revoke(caller, id).expect('DaemonTokenNotFoundError')),
        );
        expect([other, third]).toEqual([one, one]);
      }
      expect(await app.accepts(token.secret)).toBe(true);
    });

    test('a credential that is bound to a workspace finds no token of another workspace of its user', async () => {
      const key = await app.apiKey(member, { workspaceId, scopes: ['DAEMON_TOKENS_WRITE'] });
      const outside = await app.daemonToken(member, await app.workspace(member));
      await revoke(key, outside.id).expect('DaemonTokenNotFoundError');
      expect(await app.accepts(outside.secret)).toBe(true);
    });
  });

  test('a token without the scope DAEMON_TOKENS_WRITE revokes none, not even itself', async () => {
    const token = await app.daemonToken(member, workspaceId, { scopes: ['DAEMON_TOKENS_READ'] });
    await revoke(token, token.id).expectError('FORBIDDEN');
    await revoke({}, token.id).expectError('UNAUTHENTICATED');
    expect(await app.accepts(token.secret)).toBe(true);
  });
});
