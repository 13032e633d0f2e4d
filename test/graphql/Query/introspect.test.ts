import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scopesOfRole } from '../../../src/identity/scope.ts';
import { backends, type TestApp } from '../../support/app.ts';

const DOCUMENT = `query ($token: String!) { introspect(token: $token) {
  active credential { __typename id } user { id } workspace { id } scopes permissions expiresAt
} }`;
const INACTIVE = {
  active: false,
  credential: null,
  user: null,
  workspace: null,
  scopes: [],
  permissions: [],
  expiresAt: null,
};

describe.each(backends())('introspect on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const introspect = async (token: string) => {
    const answer = await app.graphql(DOCUMENT, { token }, { bearer: (await app.admin()).accessToken });
    expect(answer.errors).toBeUndefined();
    return answer.data.introspect;
  };

  test('a service with the scope INTROSPECT gets the owner, scopes and permissions of a key', async () => {
    const admin = await app.admin();
    const service = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const asked = await app.apiKey(admin, { scopes: ['SESSIONS_READ'], permissions: ['deploy'], expiresAt });
    const { data } = await app.graphql(DOCUMENT, { token: asked.secret }, { apiKey: service.secret });
    expect(data.introspect).toEqual({
      active: true,
      credential: { __typename: 'ApiKey', id: asked.id },
      user: { id: admin.id },
      workspace: null,
      scopes: ['SESSIONS_READ'],
      permissions: ['deploy'],
      expiresAt,
    });
  });

  test('an access token returns its session and user', async () => {
    const member = await app.member();
    expect(await introspect(member.accessToken)).toMatchObject({
      active: true,
      credential: { __typename: 'Session', id: member.sessionId },
      user: { id: member.id },
      scopes: scopesOfRole('MEMBER'),
    });
  });

  test('every inactive token gets the same result: unknown, revoked, rotated, of a disabled user, a refresh token, an id', async () => {
    const [member, disabled] = [await app.member(), await app.member()];
    const [revoked, rotated] = [await app.apiKey(member), await app.apiKey(member)];
    await app.mutate('revokeApiKey', { apiKeyId: revoked.id }, '', { bearer: member.accessToken });
    await app.mutate('rotateApiKey', { apiKeyId: rotated.id }, '', { bearer: member.accessToken });
    await app.mutate('disableUser', { userId: disabled.id }, '', { bearer: (await app.admin()).accessToken });
    const tokens = ['', 'nonsense', 'a.b.c', member.refreshToken, member.id, revoked.id];
    for (const token of [...tokens, revoked.secret, rotated.secret, disabled.accessToken]) {
      expect(await introspect(token)).toEqual(INACTIVE);
    }
  });

  test('a revocation is visible at once, even if the key was introspected just before', async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    expect((await introspect(key.secret)).active).toBe(true);
    await app.mutate('revokeApiKey', { apiKeyId: key.id }, '', { bearer: member.accessToken });
    expect(await introspect(key.secret)).toEqual(INACTIVE);
  });

  test('introspection is not counted as use of the credential', async () => {
    const member = await app.member();
    const [asked, used] = [await app.apiKey(member), await app.apiKey(member)];
    await introspect(asked.secret);
    await app.accepts(used.secret);
    const lastUsedAt = async (id: string) => {
      const document = 'query ($id: ID!) { apiKey(id: $id) { lastUsedAt } }';
      const { data } = await app.graphql(document, { id }, { bearer: member.accessToken });
      return data.apiKey.lastUsedAt;
    };
    // Uses are written in order. If introspection counted as use, the time of the first key would appear here too.
    await expect.poll(() => lastUsedAt(used.id), { timeout: 10_000, interval: 100 }).not.toBeNull();
    expect(await lastUsedAt(asked.id)).toBeNull();
  });

  test('a member gets FORBIDDEN, even for their own credential', async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    for (const credential of [{ bearer: member.accessToken }, { apiKey: key.secret }]) {
      const { data, errors } = await app.graphql(DOCUMENT, { token: key.secret }, credential);
      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
  });
});
