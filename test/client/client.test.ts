import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BootstrapDocument,
  CreateApiKeyDocument,
  createVerifier,
  LoginDocument,
  RefreshSessionDocument,
  RekeyClient,
  type RekeyError,
  RotateApiKeyDocument,
  ViewerDocument,
} from '../../src/client/index.ts';
import { PASSWORD, startTestApp, type TestApp } from '../support/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('the client', () => {
  test('logs in, creates a key, and is rejected with the old secret after a rotation', async () => {
    const { email } = await app.member();
    const anonymous = new RekeyClient({ url: app.url });
    const { login } = await anonymous.execute(LoginDocument, { input: { email, password: PASSWORD } });
    if (login.__typename !== 'LoginSuccess') throw new Error(login.message);

    const session = new RekeyClient({ url: app.url, credential: () => login.tokens.accessToken });
    const input = { name: 'bot', scopes: ['API_KEYS_READ' as const] };
    const { createApiKey } = await session.execute(CreateApiKeyDocument, { input });
    if (createApiKey.__typename !== 'CreateApiKeySuccess') throw new Error(createApiKey.message);

    const bot = new RekeyClient({ url: app.url, credential: createApiKey.secret });
    expect((await bot.execute(ViewerDocument)).viewer.scopes).toEqual(['API_KEYS_READ']);

    const { rotateApiKey } = await session.execute(RotateApiKeyDocument, {
      input: { apiKeyId: createApiKey.apiKey.id },
    });
    expect(rotateApiKey).toMatchObject({ __typename: 'RotateApiKeySuccess' });
    await expect(bot.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('throws errors with a code, which is NETWORK if no server answers', async () => {
    const anonymous = new RekeyClient({ url: app.url });
    await expect(anonymous.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const unreachable = new RekeyClient({ url: 'http://127.0.0.1:1' });
    await expect(unreachable.execute(ViewerDocument)).rejects.toMatchObject({
      code: 'NETWORK',
    } satisfies Partial<RekeyError>);
  });
});

describe('the client sends no credential with login, bootstrap and refresh', () => {
  test('a client with an invalid access token refreshes its session, even from within `credential`', async () => {
    const { refreshToken } = await app.member();
    let accessToken = '';
    const rekey: RekeyClient = new RekeyClient({
      url: app.url,
      async credential() {
        if (accessToken) return accessToken;
        const { refreshSession } = await rekey.execute(RefreshSessionDocument, { input: { refreshToken } });
        if (refreshSession.__typename !== 'RefreshSessionSuccess') throw new Error(refreshSession.message);
        accessToken = refreshSession.tokens.accessToken;
        return accessToken;
      },
    });
    expect((await rekey.execute(ViewerDocument)).viewer.credential.__typename).toBe('Session');

    const another = await app.member();
    const invalid = new RekeyClient({ url: app.url, credential: 'eyJ.invalid.token' });
    const renewed = await invalid.execute(RefreshSessionDocument, { input: { refreshToken: another.refreshToken } });
    expect(renewed.refreshSession.__typename).toBe('RefreshSessionSuccess');
  });

  test('the requests have no Authorization header, and `credential` is not called', async () => {
    const sent: Headers[] = [];
    const rekey = new RekeyClient({
      url: app.url,
      credential: () => {
        throw new Error('called');
      },
      fetch: async (_url, init) => {
        sent.push(new Headers(init?.headers));
        return Response.json({ data: {} });
      },
    });
    const account = { email: 'a@example.com', password: PASSWORD };
    await rekey.execute(LoginDocument, { input: account });
    await rekey.execute(BootstrapDocument, { input: { ...account, setupToken: 'x', displayName: 'A' } });
    await rekey.execute(RefreshSessionDocument, { input: { refreshToken: 'x' } });
    expect(sent.map((headers) => headers.has('authorization'))).toEqual([false, false, false]);
    await expect(rekey.execute(ViewerDocument)).rejects.toThrow('called');
  });
});

describe('the verifier', () => {
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

  test('returns 401 for an invalid credential and 403 for a missing permission', async () => {
    const { secret } = await app.apiKey(await app.admin(), { scopes: [], permissions: ['deploy:prod'] });
    const verify = createVerifier({ url: app.url });
    expect(await verify(secret, { permission: 'deploy:test' })).toEqual({ ok: false, status: 403, code: 'FORBIDDEN' });
    for (const bad of ['rka_unknown', `${secret}x`, 'eyJ.eyJ.x'])
      expect(await verify(bad), bad).toEqual({ ok: false, status: 401, code: 'UNAUTHENTICATED' });
  });

  test('rejects a malformed credential without a request to the service', async () => {
    const verify = createVerifier({ url: 'http://127.0.0.1:1' });
    for (const garbage of ['', ' ', 'rka_a b', 'rka_a\nb', 'schlüssel€', 'x'.repeat(20_000)])
      expect(await verify(garbage), garbage.slice(0, 20)).toMatchObject({ ok: false, status: 401 });
  });

  test('throws if there is no response, or if it does not come from Rekey', async () => {
    const unknown = { name: 'RekeyError', code: 'AUTHENTICATION_UNAVAILABLE', retryAfterSeconds: undefined };
    await expect(createVerifier({ url: 'http://127.0.0.1:1' })('rka_any')).rejects.toMatchObject({
      ...unknown,
      cause: expect.any(Error),
    });
    const answers: [number, string | null][] = [
      ...['<h1>Not here</h1>', 'null', '1', '{"error":"Bad Gateway"}', '{"error":{}}'].map((body): [number, string] => [
        502,
        body,
      ]),
      [401, '<h1>Log in to the proxy</h1>'],
      [401, '{"error":"insufficient_scope"}'],
      [403, '{"message":"Forbidden by the firewall"}'],
      [200, '{}'],
      [204, null],
      [302, null],
    ];
    for (const [status, body] of answers) {
      const headers = { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT', location: 'http://127.0.0.1:1/login' };
      const fetch = async () => new Response(body, { status, headers });
      await expect(createVerifier({ url: app.url, fetch })('rka_any'), `${status} ${body}`).rejects.toMatchObject(
        unknown,
      );
    }
  });

  test('throws if the service rejects the request as invalid', async () => {
    const { secret } = await app.apiKey(await app.admin());
    const verify = createVerifier({ url: app.url });
    await expect(verify(secret, { permission: '' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  describe('the option `clientAddress`', () => {
    test('replaces the address of the caller in rate limits, if the service trusts the caller', async () => {
      const env = { REKEY_FAILED_AUTH_PER_MINUTE: '1', REKEY_TRUSTED_PROXIES: '127.0.0.1/32' };
      const strict = await startTestApp({ env });
      try {
        const verify = createVerifier({ url: strict.url });
        for (const clientAddress of ['192.0.2.1', '2001:db8::1', 'fe80::1%eth0', undefined])
          expect(await verify('rka_unknown', { clientAddress })).toMatchObject({ status: 401 });
        await expect(verify('rka_unknown', { clientAddress: '192.0.2.1' })).rejects.toMatchObject({
          code: 'RATE_LIMITED',
          message: expect.stringMatching(/^Too many/),
          retryAfterSeconds: expect.closeTo(30, -2),
        });
        expect(await verify('rka_unknown', { clientAddress: '192.0.2.2' })).toMatchObject({ status: 401 });
      } finally {
        await strict.close();
      }
    });

    test.each(['192.0.2.1, 192.0.2.2', 'unknown', '', '192.0.2.1\r\nX-API-Key: x', '[::1]:443', 'x'.repeat(50)])(
      'must be one address: %j',
      async (clientAddress) => {
        const verify = createVerifier({ url: 'http://127.0.0.1:1' });
        await expect(verify('rka_any', { clientAddress })).rejects.toThrow(TypeError);
      },
    );
  });
});
