import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeSecret } from '../../../src/crypto/secret-text.ts';
import { scopesOfRole } from '../../../src/identity/scope.ts';
import { backends, type Presented, type TestApp } from '../../support/app.ts';

const DOCUMENT = `{ viewer {
  credential { __typename id createdAt expiresAt lastUsedAt revokedAt revocationReason status
    ... on Session { isCurrent } ... on ApiKey { name hint } }
  user { id email role } workspace { id } scopes permissions
} }`;

describe.each(backends())('viewer on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const viewer = async (credential: Presented) => (await app.graphql(DOCUMENT, {}, credential)).data.viewer;

  test('a session returns its user and every scope of the role', async () => {
    const member = await app.member();
    expect(await viewer({ bearer: member.accessToken })).toEqual({
      credential: {
        __typename: 'Session',
        id: member.sessionId,
        createdAt: expect.any(String),
        expiresAt: expect.any(String),
        lastUsedAt: expect.any(String), // A login counts as use.
        revokedAt: null,
        revocationReason: null,
        status: 'ACTIVE',
        isCurrent: true,
      },
      user: { id: member.id, email: member.email, role: 'MEMBER' },
      workspace: null,
      scopes: scopesOfRole('MEMBER'),
      permissions: [],
    });
  });

  test('an API key in any header returns its owner and its own scopes', async () => {
    const member = await app.member();
    const { id, secret, hint } = await app.apiKey(member, { scopes: ['AUDIT_READ'] });
    const spellings = [{ bearer: secret }, { apiKey: secret }, { headers: { authorization: `bearer  ${secret}` } }];
    for (const credential of spellings) {
      expect(await viewer(credential)).toMatchObject({
        credential: { __typename: 'ApiKey', id, hint, name: 'a key of the tests' },
        user: { id: member.id },
        workspace: null,
        scopes: ['AUDIT_READ'],
        permissions: [],
      });
    }
  });

  test('an API key that is bound to a workspace returns the workspace and its permissions', async () => {
    const admin = await app.admin();
    const selection = '... on CreateWorkspaceSuccess { workspace { id } }';
    const credential = { bearer: admin.accessToken };
    const { workspace } = await app.mutate('createWorkspace', { name: 'w' }, selection, credential);
    const key = await app.apiKey(admin, { workspaceId: workspace.id, permissions: ['b', 'a'], scopes: [] });
    expect(await viewer({ apiKey: key.secret })).toMatchObject({
      credential: { id: key.id },
      workspace: { id: workspace.id },
      scopes: [],
      permissions: ['b', 'a'],
    });
  });

  test('F4.3: a use is recorded, and another one within a minute is not written again', async () => {
    const key = await app.apiKey(await app.member());
    const before = Date.now();
    const lastUsedAt = async () => (await viewer({ apiKey: key.secret })).credential.lastUsedAt;
    await expect.poll(lastUsedAt, { timeout: 10_000, interval: 100 }).not.toBeNull();
    const recorded = await lastUsedAt();
    expect(Math.abs(Date.parse(recorded) - before)).toBeLessThan(5000);
    expect(await lastUsedAt()).toBe(recorded);
  });

  test('a request without a credential gets null and an error that names the header', async () => {
    const { status, data, errors } = await app.graphql(DOCUMENT);
    expect(status).toBe(200);
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([{ path: ['viewer'], extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(errors?.[0]?.message).toContain('Authorization: Bearer');
  });

  test('F4.5: every invalid credential gets the same response: unknown, mistyped, expired, revoked, rotated, of a disabled user', async () => {
    const [member, disabled] = [await app.member(), await app.member()];
    const as = { bearer: member.accessToken };
    const expired = await app.apiKey(member);
    const [revoked, rotated, active] = [await app.apiKey(member), await app.apiKey(member), await app.apiKey(member)];
    const ofDisabled = await app.apiKey(disabled);
    await app.mutate('revokeApiKey', { apiKeyId: revoked.id }, '', as);
    await app.mutate('rotateApiKey', { apiKeyId: rotated.id }, '', as);
    await app.mutate('disableUser', { userId: disabled.id }, '', { bearer: (await app.admin()).accessToken });
    await app.sql('update api_keys set expires_at = now() where id = ?', [expired.id]);
    await expect.poll(() => app.accepts(expired.secret)).toBe(false);
    const mistyped = active.secret.slice(0, -1) + (active.secret.endsWith('0') ? '1' : '0');
    const bad = [
      makeSecret('rka'),
      mistyped,
      'nonsense',
      active.id,
      member.refreshToken,
      `${member.accessToken.slice(0, -4)}AAAA`,
      disabled.accessToken,
      ...[expired, revoked, rotated, ofDisabled].map(({ secret }) => secret),
    ];
    for (const bearer of bad) {
      const { status, headers, data, errors } = await app.graphql(DOCUMENT, {}, { bearer });
      expect({ status, data, errors }).toEqual({
        status: 401,
        data: undefined,
        errors: [{ message: 'The credential is not valid.', extensions: { code: 'UNAUTHENTICATED' } }],
      });
      expect(headers.get('www-authenticate')).toBe('Bearer realm="rekey", error="invalid_token"');
      expect(headers.get('cache-control')).toBe('no-store');
    }
    expect(await app.accepts(active.secret)).toBe(true);
  });

  test('two different credentials in one request are rejected, even if both are valid', async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    const { status, errors } = await app.graphql(DOCUMENT, {}, { bearer: member.accessToken, apiKey: key.secret });
    expect(status).toBe(400);
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });
});
