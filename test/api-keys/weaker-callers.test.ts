// A caller that holds less than a key, or that is limited to addresses, gains nothing through that key.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import { workspaceKey } from '../support/api-keys.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { inSeconds } from '../support/values.ts';
import { join } from '../support/workspaces.ts';

describe.each(backends())('F1.5: callers that hold less, on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let owner: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    owner = await app.member();
    workspaceId = await app.workspace(owner);
  });
  afterAll(() => app.close());

  /** A key of the workspace with a permission that no owner holds. */
  const strongKey = (input: object = {}) =>
    workspaceKey(app, admin, workspaceId, { permissions: ['deploy'], scopes: ['API_KEYS_WRITE'], ...input });

  describe('a key of a workspace with a permission that its owner lacks', () => {
    test('is rotated by an administrator, and not by the owner', async () => {
      const key = await strongKey();
      const refused = await app.as(owner).rotateApiKey({ apiKeyId: key.id }).expect('ScopeNotHeldError');
      expect(refused.scopes).toEqual([]);
      expect(await app.accepts(key.secret)).toBe(true);
      await app.as(admin).rotateApiKey({ apiKeyId: key.id }).expectSuccess();
    });

    test('is revoked and narrowed by the owner', async () => {
      const key = await strongKey();
      await app.as(owner).updateApiKey({ apiKeyId: key.id, permissions: [] }).expectSuccess();
      await app.as(owner).rotateApiKey({ apiKeyId: key.id }).expectSuccess();
      await app.as(owner).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    });

    test.each([
      ['its addresses', { allowedAddresses: ['203.0.113.0/24'] }, { allowedAddresses: [] }],
      ['more addresses', { allowedAddresses: ['203.0.113.9'] }, { allowedAddresses: ['203.0.113.0/24'] }],
      ['its expiry', { expiresAt: inSeconds(600) }, { expiresAt: null }],
      ['a later expiry', { expiresAt: inSeconds(600) }, { expiresAt: inSeconds(900) }],
      ['its rate limit', { rateLimit: { requests: 1, windowSeconds: 60 } }, { rateLimit: null }],
      [
        'a faster rate limit',
        { rateLimit: { requests: 1, windowSeconds: 60 } },
        { rateLimit: { requests: 1, windowSeconds: 59 } },
      ],
    ])('keeps its restrictions: the owner does not remove %s', async (_what, restriction, lifted) => {
      const key = await strongKey(restriction);
      const change = { apiKeyId: key.id, ...lifted };
      await app.as(owner).updateApiKey(change).expect('ScopeNotHeldError');
      expect(await app.as(owner).apiKey({ id: key.id })).toMatchObject(restriction);
      await app.as(admin).updateApiKey(change).expectSuccess();
    });
  });

  test('a key removes no restriction of a key with more scopes, and the session of the user does', async () => {
    const limits = { allowedAddresses: ['203.0.113.9'], expiresAt: inSeconds(600) };
    const strong = await app.apiKey(owner, { scopes: ['API_KEYS_WRITE', 'SESSIONS_WRITE'], ...limits });
    const weak = await app.apiKey(owner, { scopes: ['API_KEYS_WRITE'] });
    for (const lifted of [{ allowedAddresses: [] }, { expiresAt: null }]) {
      const change = { apiKeyId: strong.id, ...lifted };
      const refused = await app.as(weak).updateApiKey(change).expect('ScopeNotHeldError');
      expect(refused.scopes).toEqual(['SESSIONS_WRITE']);
      await app.as(owner).updateApiKey(change).expectSuccess();
    }
    // A label is no restriction, and less is always possible.
    await app
      .as(weak)
      .updateApiKey({ apiKeyId: strong.id, name: 'x', allowedAddresses: ['127.0.0.1'] })
      .expectSuccess();
  });

  describe('a repeated call with an idempotency key', () => {
    let calls = 0;
    const input = () => ({
      name: 'x',
      owner: 'WORKSPACE' as const,
      workspaceId,
      idempotencyKey: `weaker-${++calls}`,
    });

    test('returns no secret of the workspace to an owner who was removed or demoted', async () => {
      const other = await join(app, { workspaceId, role: 'OWNER' });
      const call = input();
      const first = await app.as(other).createApiKey(call).expectSuccess();
      expect(await app.as(other).createApiKey(call).expectSuccess()).toEqual(first);
      await app.as(owner).setWorkspaceMemberRole({ workspaceId, userId: other.id, role: 'MEMBER' }).expectSuccess();
      await app.as(other).createApiKey(call).expectError('FORBIDDEN');
      await app.as(owner).removeWorkspaceMember({ workspaceId, userId: other.id }).expectSuccess();
      await app.as(other).createApiKey(call).expect('WorkspaceNotFoundError');
      expect(await app.accepts(first.secret)).toBe(true);
    });

    test('returns no secret of a key that holds more than the caller holds now', async () => {
      const call = input();
      const { apiKey } = await app.as(owner).createApiKey(call).expectSuccess();
      await app
        .as(admin)
        .updateApiKey({ apiKeyId: apiKey.id, permissions: ['deploy'] })
        .expectSuccess();
      await app.as(owner).createApiKey(call).expect('ScopeNotHeldError');
    });
  });

  describe('a key that is limited to addresses', () => {
    const scopes = ['DAEMON_TOKENS_WRITE', 'SIGNING_KEYS_WRITE', 'API_KEYS_WRITE'] as const;
    const limited = () => app.apiKey(owner, { workspaceId, scopes, allowedAddresses: ['127.0.0.0/8'] });

    test('creates no credential that is accepted from everywhere', async () => {
      const key = await limited();
      const message = 'It can create only API keys';
      const expiresAt = inSeconds(60);
      const answers = [
        await app.as(key).createDaemonToken({ workspaceId, daemonId: 'd', expiresAt }).expectError('FORBIDDEN'),
        await app.as(key).createSigningKey({ workspaceId }).expectError('FORBIDDEN'),
      ];
      for (const { errors } of answers) expect(errors![0]!.message).toContain(message);
      const { apiKey } = await app.as(key).createApiKey({ name: 'x' }).expectSuccess();
      expect(apiKey.allowedAddresses).toEqual(['127.0.0.0/8']);
    });

    test('gets no secret of a signing key by a rotation', async () => {
      const signingKey = await app.signingKey(owner, workspaceId);
      await app
        .as(await limited())
        .rotateSigningKey({ signingKeyId: signingKey.id })
        .expect('ScopeNotHeldError');
    });

    /** Runs a change of the key after the request is authenticated and before its transaction. */
    async function changedMeanwhile(key: { id: string; secret: string }, addresses: string) {
      const { transaction } = UnitOfWork.prototype;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction').mockImplementationOnce(async function (
        this: UnitOfWork,
        ...given
      ) {
        await app.sql('update api_keys set allowed_addresses = ?::text[] where id = ?', [addresses, key.id]);
        return transaction.apply(this, given) as never;
      });
      try {
        return await app.as(key).createApiKey({ name: 'x' }).answer();
      } finally {
        begun.mockRestore();
      }
    }

    test('creates nothing if it was limited to fewer addresses meanwhile, and does if it was to wider ones', async () => {
      const narrowed = await changedMeanwhile(await limited(), '{127.0.0.1}');
      expect(narrowed.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
      for (const wider of ['{127.0.0.0/7,203.0.113.9}', '{}'])
        expect((await changedMeanwhile(await limited(), wider)).errors).toBeUndefined();
    });
  });

  test('a daemon token and a signing key create no API key, and the message is true for both', async () => {
    const scopes = ['API_KEYS_WRITE'] as const;
    const daemon = await app.daemonToken(owner, workspaceId, { scopes });
    const signedBy = await app.signingKey(owner, workspaceId, { scopes });
    for (const caller of [daemon, { signedBy }]) {
      const { errors } = await app.as(caller).createApiKey({ name: 'x' }).expectError('FORBIDDEN');
      expect(errors![0]!.message).toBe('Only a session or an API key can create an API key.');
    }
  });
});
