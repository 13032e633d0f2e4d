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
    test('a revoked key stops working before the answer arrives, and the answer proves it', async () => {
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

    test('a revoked key takes its overlapping old secret with it', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const { secret } = await app.as(member).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 3600 }).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([true, true]);
      await revoke(member, key.id).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, false]);
    });

    test('F4.6: revoking a revoked key succeeds and changes nothing: the first moment and the first reason stay', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const first = await revoke(member, key.id, { reason: 'COMPROMISED' }).expectSuccess();
      const second = await revoke(member, key.id, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(second.apiKey).toEqual(first.apiKey);
      expect(second.receipt.committedAt).toBe(first.receipt.committedAt);
      expect((await eventsOf(key.id)).map(({ type }) => type)).toEqual(['api-key.created', 'api-key.revoked']);
    });

    test('ten revocations at once all succeed, tell of the same moment, and are recorded once', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const results = await Promise.all(times(10, () => revoke(member, key.id).expectSuccess()));
      expect(new Set(results.map(({ apiKey }) => apiKey.revokedAt)).size).toBe(1);
      expect((await eventsOf(key.id)).filter(({ type }) => type === 'api-key.revoked')).toHaveLength(1);
    });

    test('a revocation is never lost to a rotation of the same moment', async () => {
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

    test('a key may end itself, and is recorded as the one that did', async () => {
      const key = await app.apiKey(await app.member());
      const { apiKey } = await revoke(key, key.id).expectSuccess();
      expect(apiKey.status).toBe('REVOKED');
      expect(await app.accepts(key.secret)).toBe(false);
      expect((await eventsOf(key.id)).at(-1)).toMatchObject({ type: 'api-key.revoked', actor_credential_id: key.id });
    });

    test("an administrator ends anybody's key", async () => {
      const key = await app.apiKey(await app.member());
      const { apiKey } = await revoke(await app.admin(), key.id, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(apiKey).toMatchObject({ status: 'REVOKED', revocationReason: 'ADMINISTRATIVE' });
      expect(await app.accepts(key.secret)).toBe(false);
    });

    test('no other key of the same person, and not the session, ends with it', async () => {
      const member = await app.member();
      const [key, other] = [await app.apiKey(member), await app.apiKey(member)];
      await revoke(member, key.id).expectSuccess();
      expect([await app.accepts(other.secret), await app.accepts(member.accessToken)]).toEqual([true, true]);
    });
  });

  describe('ApiKeyNotFoundError', () => {
    test('F4.6: a key of somebody else is not found, in the same words as one that does not exist, and goes on working', async () => {
      const [member, owner] = [await app.member(), await app.member()];
      const foreign = await app.apiKey(owner);
      const [one, other, third] = await Promise.all(
        [foreign.id, UNKNOWN, 'nonsense'].map((id) => revoke(member, id).expect('ApiKeyNotFoundError')),
      );
      expect([other, third]).toEqual([one, one]);
      expect(await app.accepts(foreign.secret)).toBe(true);
    });

    test('a key that is bound to a workspace does not find keys outside of it', async () => {
      const member = await app.member();
      const bound = await app.apiKey(member, { workspaceId: await app.workspace(member) });
      const outside = await app.apiKey(member);
      await revoke(bound, outside.id).expect('ApiKeyNotFoundError');
      expect(await app.accepts(outside.secret)).toBe(true);
    });
  });

  test('F4.4: a key that was not made to manage keys ends none, not even itself', async () => {
    const reader = await app.apiKey(await app.member(), { scopes: ['API_KEYS_READ'] });
    await revoke(reader, reader.id).expectError('FORBIDDEN');
    expect(await app.accepts(reader.secret)).toBe(true);
  });

  test('nobody ends a key without a credential', async () => {
    const key = await app.apiKey(await app.member());
    await revoke({}, key.id).expectError('UNAUTHENTICATED');
    expect(await app.accepts(key.secret)).toBe(true);
  });

  test('an id that no key can have is the caller’s mistake, not a failure of the service', async () => {
    await revoke(await app.member(), 'key_\u0000').expectError('BAD_USER_INPUT');
  });
});
