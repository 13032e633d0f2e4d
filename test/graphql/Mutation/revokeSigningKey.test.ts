import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RevocationReason } from '../../../src/client/index.ts';
import type { Credential } from '../../support/account.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { eventsOf } from '../../support/sessions.ts';
import { signedHeaders } from '../../support/signing.ts';
import { times } from '../../support/values.ts';

const UNKNOWN = 'sgk_00000000000000000000000000';

describe.each(backends())('revokeSigningKey on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
    workspaceId = await app.workspace(member);
  });
  afterAll(() => app.close());

  const revoke = (caller: Caller, signingKeyId: string, input: { reason?: RevocationReason } = {}) =>
    app.as(caller).revokeSigningKey({ signingKeyId, ...input });
  const accepts = async (key: Credential) =>
    (await fetch(`${app.url}/v1/verify`, { headers: signedHeaders(key) })).status === 204;
  const rotated = async ({ id }: Credential): Promise<Credential> => {
    const { signingKey, secret } = await app.as(member).rotateSigningKey({ signingKeyId: id }).expectSuccess();
    return { id: signingKey.id, secret };
  };

  describe('RevokeSigningKeySuccess', () => {
    test('a revoked key is rejected before the response, the other keys of the workspace stay active', async () => {
      const [key, other] = [await app.signingKey(member, workspaceId), await app.signingKey(member, workspaceId)];
      expect([await accepts(key), await accepts(other)]).toEqual([true, true]);
      const { signingKey, receipt } = await revoke(member, key.id, { reason: 'COMPROMISED' }).expectSuccess();
      expect([await accepts(key), await accepts(other)]).toEqual([false, true]);
      expect(signingKey).toMatchObject({
        id: key.id,
        revokedAt: expect.any(String),
        revocationReason: 'COMPROMISED',
        status: 'REVOKED',
      });
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
      expect(BigInt(receipt.sequence)).toBeGreaterThan(0n);
    });

    test('G1: a revocation ends an overlap at once, and the successor stays active', async () => {
      const key = await app.signingKey(member, workspaceId);
      const successor = await rotated(key);
      expect([await accepts(key), await accepts(successor)]).toEqual([true, true]);
      await revoke(member, key.id).expectSuccess();
      expect([await accepts(key), await accepts(successor)]).toEqual([false, true]);
    });

    test('G1: the revocation of a successor also ends the key that it replaces', async () => {
      const key = await app.signingKey(member, workspaceId);
      const successor = await rotated(key);
      await revoke(member, successor.id, { reason: 'COMPROMISED' }).expectSuccess();
      expect([await accepts(key), await accepts(successor)]).toEqual([false, false]);
      const { nodes } = await app.as(member).signingKeys({ workspaceId, first: 2 });
      expect(nodes.map(({ id, status, revocationReason }) => [id, status, revocationReason])).toEqual([
        [successor.id, 'REVOKED', 'COMPROMISED'],
        [key.id, 'REVOKED', 'COMPROMISED'],
      ]);
    });

    test('a key whose overlap has ended before stays expired', async () => {
      const key = await app.signingKey(member, workspaceId);
      const input = { signingKeyId: key.id, overlapSeconds: 0 };
      const { signingKey } = await app.as(member).rotateSigningKey(input).expectSuccess();
      await revoke(member, signingKey.id).expectSuccess();
      const { nodes } = await app.as(member).signingKeys({ workspaceId, first: 2 });
      expect(nodes.map(({ status }) => status)).toEqual(['REVOKED', 'EXPIRED']);
    });

    test('revoking a revoked key changes nothing: the first time and reason stay', async () => {
      const key = await app.signingKey(member, workspaceId);
      const first = await revoke(member, key.id, { reason: 'COMPROMISED' }).expectSuccess();
      const second = await revoke(await app.admin(), key.id, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(second.signingKey).toEqual(first.signingKey);
      expect(second.receipt.committedAt).toBe(first.receipt.committedAt);
      expect(await eventsOf(app, key.id)).toEqual(['signing-key.created', 'signing-key.revoked']);
    });

    test('ten revocations at once all succeed with the same time, and one is recorded', async () => {
      const key = await app.signingKey(member, workspaceId);
      const results = await Promise.all(times(10, () => revoke(member, key.id).expectSuccess()));
      expect(new Set(results.map(({ signingKey }) => signingKey.revokedAt)).size).toBe(1);
      expect(await eventsOf(app, key.id)).toEqual(['signing-key.created', 'signing-key.revoked']);
    });

    test('a revocation and a rotation at once leave no key that the revocation did not see', async () => {
      for (let round = 0; round < 10; round++) {
        const key = await app.signingKey(member, workspaceId);
        const [revoked, rotation] = await Promise.all([
          revoke(member, key.id).expectSuccess(),
          app.as(member).rotateSigningKey({ signingKeyId: key.id }),
        ]);
        expect(revoked.signingKey.status).toBe('REVOKED');
        expect(['RotateSigningKeySuccess', 'SigningKeyRevokedError']).toContain(rotation.__typename);
        expect(await accepts(key)).toBe(false);
      }
    });

    test('a key with the scope may revoke itself', async () => {
      const key = await app.signingKey(member, workspaceId, { scopes: ['SIGNING_KEYS_WRITE'] });
      await revoke({ signedBy: key }, key.id).expectSuccess();
      expect(await accepts(key)).toBe(false);
    });

    test('an administrator revokes a key of any workspace', async () => {
      const key = await app.signingKey(member, workspaceId);
      await revoke(await app.admin(), key.id, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(await accepts(key)).toBe(false);
    });
  });

  describe('SigningKeyNotFoundError', () => {
    test('F3.17: a key of another workspace is not found, in the same words as an unknown id, and stays active', async () => {
      const key = await app.signingKey(member, workspaceId);
      const stranger = await app.member();
      const scopes = ['SIGNING_KEYS_WRITE'];
      const elsewhere = await app.signingKey(stranger, await app.workspace(stranger), { scopes });
      for (const caller of [stranger, { signedBy: elsewhere }]) {
        const [one, other, third] = await Promise.all(
          [key.id, UNKNOWN, 'nonsense'].map((id) => revoke(caller, id).expect('SigningKeyNotFoundError')),
        );
        expect([other, third]).toEqual([one, one]);
      }
      expect(await accepts(key)).toBe(true);
    });
  });

  test('a credential without the scope SIGNING_KEYS_WRITE revokes none', async () => {
    const key = await app.signingKey(member, workspaceId, { scopes: ['SIGNING_KEYS_READ'] });
    await revoke({ signedBy: key }, key.id).expectError('FORBIDDEN');
    await revoke({}, key.id).expectError('UNAUTHENTICATED');
    expect(await accepts(key)).toBe(true);
  });
});
