// Requests that the signer signs, with a real service.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertContentDigest, createClient, createSigner, ViewerDocument } from '../../src/client/index.ts';
import type { Credential } from '../support/account.ts';
import { backends, type TestApp } from '../support/app.ts';

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  let key: Credential;
  beforeAll(async () => {
    app = await start({ env: { REKEY_TRUSTED_PROXIES: '127.0.0.1/32' } });
    const member = await app.member();
    key = await app.signingKey(member, await app.workspace(member), { scopes: ['SIGNING_KEYS_READ'] });
  });
  afterAll(() => app.close());

  describe.each(['rekey', 'rfc9421'] as const)('the profile `%s`', (profile) => {
    const signerAt = (now?: () => number) =>
      createSigner({ keyId: key.id, secret: key.secret, profile, ...(now ? { now } : {}) });

    test('signs the operations of a client', async () => {
      const rekey = createClient({ url: app.url, fetch: signerAt().fetch });
      const { viewer } = await rekey.execute(ViewerDocument);
      expect(viewer).toMatchObject({ credential: { __typename: 'SigningKey' }, scopes: ['SIGNING_KEYS_READ'] });
    });

    test.each([
      ['GET', undefined],
      ['POST', 'Grüße, 東京 😀'],
      ['PUT', new Uint8Array(200_000).fill(7)],
      ['DELETE', undefined],
    ])('signs a %s whose gateway asks about it', async (method, body) => {
      const target = '/orders/%C3%BC;x=1?b=2&a=%20+&=&&';
      const request = await signerAt().sign(new Request(`https://api.example.com${target}`, { method, body }));
      await assertContentDigest(request);
      const headers = new Headers(request.headers);
      headers.set('x-forwarded-method', request.method);
      headers.set('x-forwarded-uri', target);
      headers.set('x-forwarded-host', 'api.example.com');
      const response = await fetch(`${app.url}/v1/verify`, { headers });
      expect(response.status).toBe(204);
      expect((await fetch(`${app.url}/v1/verify`, { headers })).status).toBe(401); // The nonce was used.
    });

    test.each([-86_400_000, 86_400_000])('corrects a clock that differs by %d ms', async (difference) => {
      const rekey = createClient({ url: app.url, fetch: signerAt(() => Date.now() + difference).fetch });
      for (let use = 0; use < 3; use++)
        expect((await rekey.execute(ViewerDocument)).viewer.credential.__typename).toBe('SigningKey');
    });

    test('a secret that is wrong is refused with its reason', async () => {
      const secret = `${key.secret.slice(0, -1)}${key.secret.endsWith('0') ? '1' : '0'}`;
      const signer = createSigner({ keyId: key.id, secret, profile });
      const failure = await createClient({ url: app.url, fetch: signer.fetch })
        .execute(ViewerDocument)
        .catch((error) => error);
      expect(failure).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'SIGNATURE_INVALID' });
    });
  });
});
