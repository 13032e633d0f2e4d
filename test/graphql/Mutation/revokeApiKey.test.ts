import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, type Presented, type TestApp } from '../../support/app.ts';
import { as } from '../../support/sessions.ts';

const SELECTION = `... on RevokeApiKeySuccess {
  apiKey { id revokedAt revocationReason status }
  receipt { committedAt sequence propagation replicas acknowledged settledInMilliseconds }
}`;
const UNKNOWN = 'key_00000000000000000000000000';

describe.each(backends())('revokeApiKey on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const revoke = (credential: Presented, apiKeyId: string, input: object = {}) =>
    app.mutate('revokeApiKey', { apiKeyId, ...input }, SELECTION, credential);
  const eventsOf = (id: string): Promise<{ type: string; actor_credential_id: string }[]> =>
    app.sql('select * from audit_events where subject_id = ? order by position', [id]);

  describe('RevokeApiKeySuccess', () => {
    test('a revoked key stops working before the answer arrives, and the answer proves it', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      expect(await app.accepts(key.secret)).toBe(true);
      const { apiKey, receipt } = await revoke(as(member), key.id, { reason: 'COMPROMISED' });
      expect(await app.accepts(key.secret)).toBe(false);
      expect(apiKey).toEqual({
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
      const selection = '... on RotateApiKeySuccess { secret }';
      const { secret } = await app.mutate(
        'rotateApiKey',
        { apiKeyId: key.id, overlapSeconds: 3600 },
        selection,
        as(member),
      );
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([true, true]);
      await revoke(as(member), key.id);
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, false]);
    });

    test('F4.6: revoking a revoked key succeeds and changes nothing: the first moment and the first reason stay', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const first = await revoke(as(member), key.id, { reason: 'COMPROMISED' });
      const second = await revoke(as(member), key.id, { reason: 'ADMINISTRATIVE' });
      expect(second.apiKey).toEqual(first.apiKey);
      expect(second.receipt.committedAt).toBe(first.receipt.committedAt);
      expect((await eventsOf(key.id)).map(({ type }) => type)).toEqual(['api-key.created', 'api-key.revoked']);
    });

    test('ten revocations at once all succeed, tell of the same moment, and are recorded once', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const results = await Promise.all(Array.from({ length: 10 }, () => revoke(as(member), key.id)));
      expect(new Set(results.map(({ __typename }) => __typename))).toEqual(new Set(['RevokeApiKeySuccess']));
      expect(new Set(results.map(({ apiKey }) => apiKey.revokedAt)).size).toBe(1);
      expect((await eventsOf(key.id)).filter(({ type }) => type === 'api-key.revoked')).toHaveLength(1);
    });

    test('a revocation is never lost to a rotation of the same moment', async () => {
      const member = await app.member();
      for (let round = 0; round < 5; round++) {
        const key = await app.apiKey(member);
        const selection = '... on RotateApiKeySuccess { secret }';
        const rotations = Array.from({ length: 4 }, () =>
          app.mutate('rotateApiKey', { apiKeyId: key.id, overlapSeconds: 60 }, selection, as(member)),
        );
        const revocation = await revoke(as(member), key.id);
        expect(revocation).toMatchObject({ __typename: 'RevokeApiKeySuccess', apiKey: { status: 'REVOKED' } });
        const rotated = await Promise.all(rotations);
        for (const secret of [key.secret, ...rotated.flatMap(({ secret }) => secret ?? [])]) {
          expect(await app.accepts(secret)).toBe(false);
        }
      }
    });

    test('a key may end itself, and is recorded as the one that did', async () => {
      const key = await app.apiKey(await app.member());
      const { apiKey } = await revoke({ apiKey: key.secret }, key.id);
      expect(apiKey.status).toBe('REVOKED');
      expect(await app.accepts(key.secret)).toBe(false);
      expect((await eventsOf(key.id)).at(-1)).toMatchObject({ type: 'api-key.revoked', actor_credential_id: key.id });
    });

    test("an administrator ends anybody's key", async () => {
      const key = await app.apiKey(await app.member());
      const result = await revoke(as(await app.admin()), key.id, { reason: 'ADMINISTRATIVE' });
      expect(result.apiKey).toMatchObject({ status: 'REVOKED', revocationReason: 'ADMINISTRATIVE' });
      expect(await app.accepts(key.secret)).toBe(false);
    });

    test('no other key of the same person, and not the session, ends with it', async () => {
      const member = await app.member();
      const [key, other] = [await app.apiKey(member), await app.apiKey(member)];
      await revoke(as(member), key.id);
      expect([await app.accepts(other.secret), await app.accepts(member.accessToken)]).toEqual([true, true]);
    });
  });

  describe('ApiKeyNotFoundError', () => {
    test('F4.6: a key of somebody else is not found, in the same words as one that does not exist, and goes on working', async () => {
      const [member, owner] = [await app.member(), await app.member()];
      const foreign = await app.apiKey(owner);
      const [one, other, third] = await Promise.all(
        [foreign.id, UNKNOWN, 'nonsense'].map((id) => revoke(as(member), id)),
      );
      expect(one.__typename).toBe('ApiKeyNotFoundError');
      expect([other, third]).toEqual([one, one]);
      expect(await app.accepts(foreign.secret)).toBe(true);
    });

    test('a key that is bound to a workspace does not find keys outside of it', async () => {
      const member = await app.member();
      const made = await app.mutate(
        'createWorkspace',
        { name: 'w' },
        '... on CreateWorkspaceSuccess { workspace { id } }',
        as(member),
      );
      const bound = await app.apiKey(member, { workspaceId: made.workspace.id });
      const outside = await app.apiKey(member);
      expect((await revoke({ apiKey: bound.secret }, outside.id)).__typename).toBe('ApiKeyNotFoundError');
      expect(await app.accepts(outside.secret)).toBe(true);
    });
  });

  test('F4.4: a key that was not made to manage keys ends none, not even itself', async () => {
    const reader = await app.apiKey(await app.member(), { scopes: ['API_KEYS_READ'] });
    const document = 'mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { __typename } }';
    const answer = await app.graphql(document, { id: reader.id }, { apiKey: reader.secret });
    expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await app.accepts(reader.secret)).toBe(true);
  });

  test('nobody ends a key without a credential', async () => {
    const key = await app.apiKey(await app.member());
    const document = 'mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { __typename } }';
    const answer = await app.graphql(document, { id: key.id });
    expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await app.accepts(key.secret)).toBe(true);
  });

  test('an id that no key can have is the caller’s mistake, not a failure of the service', async () => {
    const member = await app.member();
    const document = 'mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { __typename } }';
    const { errors } = await app.graphql(document, { id: 'key_\u0000' }, as(member));
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });
});
