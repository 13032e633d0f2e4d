import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workspaceKey } from '../../support/api-keys.ts';
import { backends, type TestApp } from '../../support/app.ts';
import { eventsOf } from '../../support/sessions.ts';
import { join } from '../../support/workspaces.ts';

describe.each(backends())('endApiKeyOverlap on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  describe('EndApiKeyOverlapSuccess', () => {
    test('B43: the previous secret is rejected before the response, and the current one works', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const { secret } = await app.as(member).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 3600 }).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([true, true]);
      const { apiKey, receipt } = await app.as(member).endApiKeyOverlap({ apiKeyId: key.id }).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, true]);
      expect(apiKey).toMatchObject({ previousSecretExpiresAt: null, status: 'ACTIVE' });
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
      expect(await eventsOf(app, key.id)).toEqual(['api-key.created', 'api-key.rotated', 'api-key.overlap-ended']);
    });

    test('without an overlap it changes nothing, and has a receipt all the same', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      for (let round = 0; round < 2; round++) {
        const { receipt } = await app.as(member).endApiKeyOverlap({ apiKeyId: key.id }).expectSuccess();
        expect(receipt.propagation).toBe('ACKNOWLEDGED');
      }
      expect(await app.accepts(key.secret)).toBe(true);
      expect(await eventsOf(app, key.id)).toEqual(['api-key.created']);
    });

    test('after the overlap is over it changes nothing', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      await app.as(member).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 3600 }).expectSuccess();
      const ended = 'update api_keys set previous_secret_expires_at = clock_timestamp() where id = ?';
      await app.sql(ended, [key.id]);
      const read = 'select version, previous_secret_expires_at from api_keys where id = ?';
      const before = await app.sql(read, [key.id]);
      const { apiKey } = await app.as(member).endApiKeyOverlap({ apiKeyId: key.id }).expectSuccess();
      expect(apiKey.previousSecretExpiresAt).not.toBeNull();
      expect(await app.sql(read, [key.id])).toEqual(before);
      expect(await eventsOf(app, key.id)).toEqual(['api-key.created', 'api-key.rotated']);
    });

    test('a revoked key stays as it is', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      await app.as(member).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 3600 }).expectSuccess();
      await app.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      const before = await app.sql('select version from api_keys where id = ?', [key.id]);
      const { apiKey } = await app.as(member).endApiKeyOverlap({ apiKeyId: key.id }).expectSuccess();
      expect(apiKey.status).toBe('REVOKED');
      expect(await app.sql('select version from api_keys where id = ?', [key.id])).toEqual(before);
    });

    test('a key ends its own overlap, with either of its secrets', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const { secret } = await app.as(member).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 3600 }).expectSuccess();
      await app.as(key).endApiKeyOverlap({ apiKeyId: key.id }).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, true]);
    });
  });

  describe('ApiKeyNotFoundError', () => {
    test('for the key of another user, and of a workspace that the caller does not own', async () => {
      const owner = await app.member();
      const workspaceId = await app.workspace(owner);
      const plain = await join(app, { workspaceId });
      const unknown = await app
        .as(plain)
        .endApiKeyOverlap({ apiKeyId: 'key_00000000000000000000000000' })
        .expect('ApiKeyNotFoundError');
      for (const { id } of [await app.apiKey(owner), await workspaceKey(app, owner, workspaceId)])
        expect(await app.as(plain).endApiKeyOverlap({ apiKeyId: id }).expect('ApiKeyNotFoundError')).toEqual(unknown);
    });
  });

  test('needs the scope API_KEYS_WRITE', async () => {
    const key = await app.apiKey(await app.member(), { scopes: ['API_KEYS_READ'] });
    await app.as(key).endApiKeyOverlap({ apiKeyId: key.id }).expectError('FORBIDDEN');
  });
});
