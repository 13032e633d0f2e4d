import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RevocationReason } from '../../../src/client/index.ts';
import { backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { times } from '../../support/values.ts';

const UNKNOWN = 'key_00000000000000000000000000';

describe.each(backends())('revokeApiKey on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const revoke = (caller: Caller, apiKeyId: string, input: { reason?: RevocationReason } = {}) =>
    app.as(caller).revokeApiKey({ apiKeyId, ...input });
  const eventsOf = (id: string): Promise<{ type: string; actor_credential_id: string }[]> =>
    app.sql('select * from audit_events where subject_id = ? order by position', [id]);

  describe('RevokeApiKeySuccess', () => {
    test('the key stops working before the response arrives, and the receipt confirms it', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      expect(await app.accepts(key.secret)).toBe(true);
      const { apiKey, receipt } = await revoke(member, key.id, { reason: 'COMPROMISED' }).expectSuccess();
      expect(await app.accepts(key.secret)).toBe(false);
      expect(apiKey).toMatchObject({
        id: key.id,
        revokedAt: expect.any(String),
        revocationReason: 'COMPROMISED',
        status: 'REVOKED',
      });
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
      expect(BigInt(receipt.sequence)).toBeGreaterThan(0n);
      expect(receipt.settledInMilliseconds).toBeGreaterThan(0);
    });

    test('the old secret in an overlap is revoked with the key', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const { secret } = await app.as(member).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 3600 }).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([true, true]);
      await revoke(member, key.id).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, false]);
    });

    test('F4.6: a repeated call succeeds and changes nothing: the first time and the first reason stay', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const first = await revoke(member, key.id, { reason: 'COMPROMISED' }).expectSuccess();
      const second = await revoke(member, key.id, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(second.apiKey).toEqual(first.apiKey);
      expect(second.receipt.committedAt).toBe(first.receipt.committedAt);
      expect((await eventsOf(key.id)).map(({ type }) => type)).toEqual(['api-key.created', 'api-key.revoked']);
    });

    test('ten calls at once all succeed, return the same time, and record one audit event', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const results = await Promise.all(times(10, () => revoke(member, key.id).expectSuccess()));
      expect(new Set(results.map(({ apiKey }) => apiKey.revokedAt)).size).toBe(1);
      expect((await eventsOf(key.id)).filter(({ type }) => type === 'api-key.revoked')).toHaveLength(1);
    });

    test('a revocation is not undone by a simultaneous rotation', async () => {
      const member = await app.member();
      for (let round = 0; round < 5; round++) {
        const key = await app.apiKey(member);
        const rotations = times(4, () => app.as(member).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 60 }));
        const revocation = await revoke(member, key.id).expectSuccess();
        expect(revocation.apiKey.status).toBe('REVOKED');
        const rotated = await Promise.all(rotations);
        for (const secret of [key.secret, ...rotated.flatMap((result) => ('secret' in result ? result.secret : []))]) {
          expect(await app.accepts(secret)).toBe(false);
        }
      }
    });

    test('a key may revoke itself, and the audit event names it as the actor', async () => {
      const key = await app.apiKey(await app.member());
      const { apiKey } = await revoke(key, key.id).expectSuccess();
      expect(apiKey.status).toBe('REVOKED');
      expect(await app.accepts(key.secret)).toBe(false);
      expect((await eventsOf(key.id)).at(-1)).toMatchObject({ type: 'api-key.revoked', actor_credential_id: key.id });
    });

    test('an administrator revokes the key of another user', async () => {
      const key = await app.apiKey(await app.member());
      const { apiKey } = await revoke(await app.admin(), key.id, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(apiKey).toMatchObject({ status: 'REVOKED', revocationReason: 'ADMINISTRATIVE' });
      expect(await app.accepts(key.secret)).toBe(false);
    });

    test('other keys and the session of the user stay active', async () => {
      const member = await app.member();
      const [key, other] = [await app.apiKey(member), await app.apiKey(member)];
      await revoke(member, key.id).expectSuccess();
      expect([await app.accepts(other.secret), await app.accepts(member.accessToken)]).toEqual([true, true]);
    });
  });

  describe('ApiKeyNotFoundError', () => {
    test('F4.6: another user’s key gets the same error as an unknown one, and stays active', async () => {
      const [member, owner] = [await app.member(), await app.member()];
      const foreign = await app.apiKey(owner);
      const [one, other, third] = await Promise.all(
        [foreign.id, UNKNOWN, 'nonsense'].map((id) => revoke(member, id).expect('ApiKeyNotFoundError')),
      );
      expect([other, third]).toEqual([one, one]);
      expect(await app.accepts(foreign.secret)).toBe(true);
    });

    test('a key that is bound to a workspace does not find keys outside that workspace', async () => {
      const member = await app.member();
      const bound = await app.apiKey(member, { workspaceId: await app.workspace(member) });
      const outside = await app.apiKey(member);
      await revoke(bound, outside.id).expect('ApiKeyNotFoundError');
      expect(await app.accepts(outside.secret)).toBe(true);
    });
  });

  test('F4.4: a key without the scope API_KEYS_WRITE gets FORBIDDEN, even for itself', async () => {
    const reader = await app.apiKey(await app.member(), { scopes: ['API_KEYS_READ'] });
    await revoke(reader, reader.id).expectError('FORBIDDEN');
    expect(await app.accepts(reader.secret)).toBe(true);
  });

  test('a request without a credential gets UNAUTHENTICATED', async () => {
    const key = await app.apiKey(await app.member());
    await revoke({}, key.id).expectError('UNAUTHENTICATED');
    expect(await app.accepts(key.secret)).toBe(true);
  });

  test('an invalid id gets BAD_USER_INPUT, not an internal error', async () => {
    await revoke(await app.member(), 'key_\u0000').expectError('BAD_USER_INPUT');
  });
});
