// The standard endpoints with two independent OAuth clients.
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { send } from '../support/raw.ts';

const ISSUER = 'https://auth.example.com/rekey';
let app: TestApp;
let admin: Account;
let service: { id: string; secret: string };
beforeAll(async () => {
  app = await startTestApp({ env: { REKEY_ISSUER: ISSUER } });
  admin = await app.admin();
  service = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
});
afterAll(() => app.close());

/** Sends the requests of a client as the proxy of the issuer does: without its path, but for well-known paths. */
function throughProxy(url: string, options: object): Promise<Response> {
  const { pathname, search } = new URL(url);
  return fetch(app.url + pathname.replace(/^\/rekey(?=\/)/, '') + search, options as RequestInit);
}

describe('oauth4webapi', () => {
  const discover = async () => {
    const issuer = new URL(ISSUER);
    const options = { algorithm: 'oauth2', [oauth.customFetch]: throughProxy } as const;
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
  };
  const methods = [
    ['client_secret_basic', () => oauth.ClientSecretBasic(service.secret)],
    ['client_secret_post', () => oauth.ClientSecretPost(service.secret)],
  ] as const;

  test.each(methods)('discovers, introspects and revokes with %s', async (_name, method) => {
    const server = await discover();
    const client = { client_id: service.id };
    const options = { [oauth.customFetch]: throughProxy };
    const key = await app.apiKey(admin);
    const introspect = async () =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, method(), key.secret, options),
      );
    expect(await introspect()).toMatchObject({ active: true, iss: ISSUER, sub: admin.id });
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, oauth.None(), key.secret, options),
    );
    expect(await introspect()).toEqual({ active: false });
  });

  test('learns that its secret is not valid', async () => {
    const server = await discover();
    const other = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    for (const [id, secret] of [
      [service.id, `${service.secret}x`],
      [other.id, service.secret],
    ] as const) {
      const request = oauth.introspectionRequest(server, { client_id: id }, oauth.ClientSecretBasic(secret), 'x', {
        [oauth.customFetch]: throughProxy,
      });
      await expect(request.then((answer) => oauth.processIntrospectionResponse(server, { client_id: id }, answer)))
        .rejects // Basic challenge
        .toMatchObject({ name: 'WWWAuthenticateChallengeError', status: 401 });
    }
  });
});

test('openid-client discovers, introspects and revokes', async () => {
  const options = { algorithm: 'oauth2', [openid.customFetch]: throughProxy } as const;
  const config = await openid.discovery(
    new URL(ISSUER),
    service.id,
    undefined,
    openid.ClientSecretBasic(service.secret),
    options,
  );
  const key = await app.apiKey(admin);
  expect(await openid.tokenIntrospection(config, key.secret)).toMatchObject({ active: true });
  await openid.tokenRevocation(config, key.secret);
  expect(await openid.tokenIntrospection(config, key.secret)).toEqual({ active: false });
});

describe('client credentials of an introspection', () => {
  const FORM = 'application/x-www-form-urlencoded';
  const introspect = (headers: Record<string, string>, form: Record<string, string> = {}) =>
    send(app.url, '/v1/introspect', {
      method: 'POST',
      headers: { 'content-type': FORM, ...headers },
      body: new URLSearchParams({ token: 'x', ...form }).toString(),
    });
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

  test('are rejected as RFC 6749 §5.2 says, with a Basic challenge', async () => {
    const bad = [
      introspect(basic(`${service.id}:${service.secret}x`)),
      introspect(basic(`${service.id}:`)),
      introspect(basic(service.secret)),
      introspect({ authorization: 'Basic !' }),
      introspect({}, { client_id: service.id, client_secret: 'x' }),
      introspect({}, { client_secret: service.secret }),
    ];
    for (const answer of await Promise.all(bad)) {
      expect(answer).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
      expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="rekey"/);
    }
  });

  test('are sent by one method only', async () => {
    const form = { client_id: service.id, client_secret: service.secret };
    expect(await introspect(basic(`${service.id}:${service.secret}`), form)).toMatchObject({ status: 400 });
  });

  test('are alone: a second header with another credential is rejected, in each order', async () => {
    const [one, other] = [
      `Basic ${Buffer.from(`${service.id}:${service.secret}`).toString('base64')}`,
      `Bearer ${admin.accessToken}`,
    ];
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const answer = await send(app.url, '/v1/introspect', {
        method: 'POST',
        headers: [
          ...['Host', 'localhost', 'Content-Type', FORM, 'Content-Length', '7'],
          'Authorization',
          first,
          'Authorization',
          second,
        ],
        body: 'token=x',
      });
      expect(answer).toMatchObject({ status: 400, json: { error: 'bad_credentials_in_request' } });
    }
  });

  test('need the scope, and the challenge names it', async () => {
    const key = await app.apiKey(admin, { scopes: [] });
    const answer = await introspect(basic(`${key.id}:${key.secret}`));
    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="rekey", error="insufficient_scope", scope="INTROSPECT"',
    );
  });

  test('of a rotated secret are rejected', async () => {
    const key = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    await app.as(admin).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 0 }).expectSuccess();
    expect((await introspect(basic(`${key.id}:${key.secret}`))).status).toBe(401);
  });
});

test('without an https issuer there is no metadata', async () => {
  const other = await startTestApp();
  try {
    expect((await send(other.url, '/.well-known/oauth-authorization-server')).status).toBe(404);
  } finally {
    await other.close();
  }
});
