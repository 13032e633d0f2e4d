import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CreateApiKeyDocument,
  createVerifier,
  LoginDocument,
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
  test('logs in, makes a key, and is refused with the old secret once it was rotated', async () => {
    const { email } = await app.member();
    const anonymous = new RekeyClient({ url: app.url });
    const { login } = await anonymous.execute(LoginDocument, { input: { email, password: PASSWORD } });
    if (login.__typename !== 'LoginSuccess') throw new Error(login.message);

    const person = new RekeyClient({ url: app.url, credential: () => login.tokens.accessToken });
    const input = { name: 'bot', scopes: ['API_KEYS_READ' as const] };
    const { createApiKey } = await person.execute(CreateApiKeyDocument, { input });
    if (createApiKey.__typename !== 'CreateApiKeySuccess') throw new Error(createApiKey.message);

    const bot = new RekeyClient({ url: app.url, credential: createApiKey.secret });
    expect((await bot.execute(ViewerDocument)).viewer.scopes).toEqual(['API_KEYS_READ']);

    const { rotateApiKey } = await person.execute(RotateApiKeyDocument, {
      input: { apiKeyId: createApiKey.apiKey.id },
    });
    expect(rotateApiKey).toMatchObject({ __typename: 'RotateApiKeySuccess' });
    await expect(bot.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('says what went wrong by code, and says NETWORK where nobody answered', async () => {
    const anonymous = new RekeyClient({ url: app.url });
    await expect(anonymous.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const nobody = new RekeyClient({ url: 'http://127.0.0.1:1' });
    await expect(nobody.execute(ViewerDocument)).rejects.toMatchObject({
      code: 'NETWORK',
    } satisfies Partial<RekeyError>);
  });
});

describe('the verifier', () => {
  test('tells who a credential stands for, and whether it holds a permission', async () => {
    const { id, secret } = await app.apiKey(await app.admin(), { scopes: [], permissions: ['deploy:prod'] });
    const verify = createVerifier({ url: app.url });
    expect(await verify(secret)).toMatchObject({ credentialId: id, permissions: ['deploy:prod'] });
    expect(await verify(secret, { permission: 'deploy:prod' })).not.toBeNull();
    expect(await verify(secret, { permission: 'deploy:test' })).toBeNull();
    expect(await verify('rka_nobody')).toBeNull();
  });

  test('sends nobody away with an outage whose credential cannot be one, and asks nobody about it', async () => {
    const verify = createVerifier({ url: 'http://127.0.0.1:1' });
    for (const garbage of ['', ' ', 'rka_a b', 'rka_a\nb', 'schlüssel€', 'x'.repeat(20_000)])
      expect(await verify(garbage), garbage.slice(0, 20)).toBeNull();
  });

  test('throws where the service cannot be asked, instead of turning anybody away', async () => {
    await expect(createVerifier({ url: 'http://127.0.0.1:1' })('rka_any')).rejects.toMatchObject({ code: 'NETWORK' });
    for (const body of ['<h1>Not here</h1>', 'null', '1', '{"error":"Bad Gateway"}', '{"error":{}}']) {
      const headers = { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' };
      const fetch = async () => new Response(body, { status: 502, headers });
      await expect(createVerifier({ url: app.url, fetch })('rka_any'), body).rejects.toMatchObject({
        code: 'NETWORK',
        retryAfterSeconds: undefined,
      });
    }
  });

  test('says what is in the way, and when to try again', async () => {
    const strict = await startTestApp({ env: { REKEY_FAILED_AUTH_PER_MINUTE: '1' } });
    try {
      const verify = createVerifier({ url: strict.url });
      expect(await verify('rka_nobody')).toBeNull();
      await expect(verify('rka_nobody')).rejects.toMatchObject({
        code: 'RATE_LIMITED',
        message: expect.stringMatching(/^Too many/),
        retryAfterSeconds: expect.closeTo(30, -2),
      });
    } finally {
      await strict.close();
    }
  });
});
