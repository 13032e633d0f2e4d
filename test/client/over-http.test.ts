// The client with a real service.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  CreateApiKeyDocument,
  createClient,
  createSessionClient,
  createVerifier,
  RotateApiKeyDocument,
  type Verify,
  ViewerDocument,
} from '../../src/client/index.ts';
import { backends, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  /** A session of a new member whose requests are counted by operation. */
  async function session() {
    const { email, id } = await app.member();
    const sent: string[] = [];
    const client = createSessionClient({
      url: app.url,
      fetch: async (input, init) => {
        const request = new Request(input, init);
        sent.push(/(?:query|mutation) (\w+)/.exec(await request.clone().text())![1]!);
        return fetch(request);
      },
    });
    const login = await client.login({ email, password: PASSWORD });
    if (login.__typename !== 'LoginSuccess') throw new Error(login.message);
    return { client, sent, id, login };
  }

  /** The claim `jti` of an access token. */
  const jtiOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()).jti as string;

  test('a key of a session is rejected with its old secret after a rotation', async () => {
    const { client } = await session();
    const { createApiKey } = await client.execute(CreateApiKeyDocument, { input: { name: 'bot' } });
    if (createApiKey.__typename !== 'CreateApiKeySuccess') throw new Error(createApiKey.message);
    const bot = createClient({ url: app.url, credential: async () => createApiKey.secret });
    expect((await bot.execute(ViewerDocument)).viewer.scopes).toEqual([]);
    const input = { apiKeyId: createApiKey.apiKey.id };
    const { rotateApiKey } = await client.execute(RotateApiKeyDocument, { input });
    expect(rotateApiKey).toMatchObject({ __typename: 'RotateApiKeySuccess' });
    await expect(bot.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a wrong password is a member of the union', async () => {
    const { email } = await app.member();
    const client = createSessionClient({ url: app.url });
    expect((await client.login({ email, password: 'wrong' })).__typename).toBe('InvalidCredentialsError');
    await expect(client.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('many operations whose token was revoked share one refresh', async () => {
    const { client, sent, login } = await session();
    const admin = await app.admin();
    await app
      .as(admin)
      .revokeAccessToken({ jti: jtiOf(login.tokens.accessToken) })
      .expectSuccess();
    const viewers = await Promise.all(Array.from({ length: 20 }, () => client.execute(ViewerDocument)));
    for (const { viewer } of viewers) expect(viewer.credential.__typename).toBe('Session');
    expect(sent.filter((operation) => operation === 'RefreshSession')).toHaveLength(1);
  });

  test('a session that was revoked ends with UNAUTHENTICATED', async () => {
    const { client, id } = await session();
    await app
      .as(await app.admin())
      .revokeAllSessions({ userId: id })
      .expectSuccess();
    await expect(client.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a logout revokes the session, also with an access token that was revoked', async () => {
    for (const isRevoked of [false, true]) {
      const { client, login } = await session();
      const { accessToken, refreshToken } = login.tokens;
      if (isRevoked)
        await app
          .as(await app.admin())
          .revokeAccessToken({ jti: jtiOf(accessToken) })
          .expectSuccess();
      expect((await client.logout()).__typename).toBe('LogoutSuccess');
      expect(await app.accepts(accessToken)).toBe(false);
      await app.as().refreshSession({ refreshToken }).expect('RefreshTokenRejectedError');
    }
  });

  describe('a verifier', () => {
    test('returns the user, workspace, scopes and permissions of a valid credential', async () => {
      const admin = await app.admin();
      const expiresAt = '2099-12-31T23:59:59.000Z';
      const { id, secret } = await app.apiKey(admin, { scopes: [], permissions: ['deploy:prod', 'a.b'], expiresAt });
      const verify = createVerifier({ url: app.url });
      const verified = {
        ok: true,
        credentialId: id,
        userId: admin.id,
        workspaceId: null,
        scopes: [],
        permissions: ['deploy:prod', 'a.b'],
        expiresAt,
      };
      expect(await verify(secret)).toEqual(verified);
      expect(await verify(secret, { permission: 'deploy:prod' })).toEqual(verified);
      const plain = await app.apiKey(admin, { scopes: ['API_KEYS_READ'] });
      expect(await verify(plain.secret)).toMatchObject({ scopes: ['API_KEYS_READ'], permissions: [], expiresAt: null });
    });

    test('returns 401 for an invalid credential, 403 for a missing permission, and throws for an empty one', async () => {
      const { secret } = await app.apiKey(await app.admin(), { scopes: [], permissions: ['deploy:prod'] });
      const verify = createVerifier({ url: app.url });
      expect(await verify(secret, { permission: 'deploy:test' })).toMatchObject({ ok: false, status: 403 });
      for (const bad of ['rka_unknown', `${secret}x`, 'eyJ.eyJ.x'])
        expect(await verify(bad), bad).toEqual({ ok: false, status: 401, code: 'UNAUTHENTICATED' });
      await expect(verify(secret, { permission: '' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    });

    /** A verifier that follows this service with the credential of an administrator. */
    async function following(): Promise<{ verify: Verify; errors: unknown[] }> {
      const errors: unknown[] = [];
      const { secret } = await app.apiKey(await app.admin(), { scopes: ['INTROSPECT'] });
      const verify = createVerifier({ url: app.url, credential: secret, onError: (error) => errors.push(error) });
      onTestFinished(() => verify.close());
      return { verify, errors };
    }

    test('honours every revocation, and its feed works', async () => {
      const { verify, errors } = await following();
      const owner = await app.member();
      for (let round = 0; round < 5; round++) {
        const key = await app.apiKey(owner);
        for (let use = 0; use < 5; use++) expect((await verify(key.secret)).ok).toBe(true);
        await app.as(owner).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
        await expect.poll(async () => (await verify(key.secret)).ok).toBe(false);
      }
      expect(errors).toEqual([]);
    });
  });
});

test('`clientAddress` replaces the address of the verifier, if the service trusts it', async () => {
  const env = { REKEY_FAILED_AUTH_PER_MINUTE: '1', REKEY_TRUSTED_PROXIES: '127.0.0.1/32' };
  const strict = await startTestApp({ env });
  onTestFinished(() => strict.close());
  const verify = createVerifier({ url: strict.url });
  for (const clientAddress of ['192.0.2.1', '2001:db8::1', 'fe80::1%eth0', undefined])
    expect(await verify('rka_unknown', { clientAddress })).toMatchObject({ status: 401 });
  await expect(verify('rka_unknown', { clientAddress: '192.0.2.1' })).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message: expect.stringMatching(/^Too many/),
    retryAfterSeconds: expect.closeTo(30, -2),
  });
  expect(await verify('rka_unknown', { clientAddress: '192.0.2.2' })).toMatchObject({ status: 401 });
});
