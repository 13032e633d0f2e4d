// `/v1/verify` for a gateway that asks about the signed request of its client, whose body it keeps.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Credential } from '../support/account.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { send } from '../support/raw.ts';
import { digestOf, httpSignedHeaders, type Signed, signedHeaders } from '../support/signing.ts';

const HOST = 'api.example';
const REQUEST = { method: 'PUT', target: '/orders/7?x=%2F&y', body: '{"n":1}' };

describe.each(backends())('a gateway on $name', ({ start }) => {
  let app: TestApp;
  let direct: TestApp;
  let admin: Account;
  let key: Credential;
  beforeAll(async () => {
    app = await start({ env: { REKEY_TRUSTED_PROXIES: '127.0.0.1' } });
    admin = await app.admin();
    key = await app.signingKey(admin, await app.workspace(admin), { permissions: ['api:use'] });
  });
  afterAll(() => app?.close());

  /** The headers that the client signs, in both profiles, with the digest of the body. */
  const inBoth = (request: Signed = REQUEST): [profile: string, headers: Record<string, string>][] => [
    ['rekey', { ...signedHeaders(key, request), 'content-digest': digestOf(request.body ?? '') }],
    ['rfc9421', httpSignedHeaders(key, { ...request, authority: HOST })],
  ];
  const forwarded = { 'x-forwarded-method': 'PUT', 'x-forwarded-uri': REQUEST.target, 'x-forwarded-host': HOST };
  const ask = (headers: Record<string, string>, to = app) =>
    send(to.url, '/v1/verify?permission=api:use', { headers: { host: 'rekey.internal', ...headers } });

  test('the request of the client is what was signed: its method, target, host and declared digest', async () => {
    for (const [profile, headers] of inBoth()) {
      const { status, headers: identity } = await ask({ ...headers, ...forwarded });
      expect([profile, status, identity['x-rekey-credential']]).toEqual([profile, 204, key.id]);
    }
  });

  test.each([
    ['another method', { 'x-forwarded-method': 'POST' }],
    ['another target', { 'x-forwarded-uri': '/orders/8?x=%2F&y' }],
    ['another query', { 'x-forwarded-uri': '/orders/7?x=/&y' }],
    ['another digest', { 'content-digest': digestOf('{"n":2}') }],
  ])('%s is another request', async (_what, change) => {
    for (const [profile, headers] of inBoth()) {
      const { status, json } = await ask({ ...headers, ...forwarded, ...change });
      expect([profile, status, json.reason]).toEqual([profile, 401, 'SIGNATURE_INVALID']);
    }
  });

  test('another host is another request, if the signature covers it', async () => {
    const [[, rekey], [, http]] = inBoth() as [[string, Record<string, string>], [string, Record<string, string>]];
    expect((await ask({ ...http, ...forwarded, 'x-forwarded-host': 'other.example' })).status).toBe(401);
    const { 'x-forwarded-host': _, ...hostless } = forwarded;
    expect((await ask({ ...http, ...hostless, host: HOST })).status).toBe(204);
    expect((await ask({ ...rekey, ...hostless })).status).toBe(204);
  });

  test.each(['x-forwarded-method', 'x-forwarded-uri', 'content-digest'])('without %s: 401', async (name) => {
    for (const [profile, headers] of inBoth()) {
      const sent = Object.fromEntries(Object.entries({ ...headers, ...forwarded }).filter(([each]) => each !== name));
      const { status, json } = await ask(sent);
      expect([profile, status, json.reason]).toEqual([profile, 401, 'SIGNATURE_INCOMPLETE']);
    }
  });

  test('a gateway that lets the header of a client pass beside its own: 401', async () => {
    for (const [profile, headers] of inBoth()) {
      const lines = Object.entries({ ...headers, ...forwarded, host: HOST, 'X-Forwarded-URI': '/other' }).flat();
      const { status, json } = await send(app.url, '/v1/verify', { headers: lines });
      expect([profile, status, json.reason]).toEqual([profile, 401, 'SIGNATURE_MALFORMED']);
    }
  });

  test('without X-Forwarded-Method and X-Forwarded-Uri, the request to /v1/verify itself must be signed', async () => {
    for (const [profile, headers] of inBoth()) {
      expect([profile, (await ask(headers)).status]).toEqual([profile, 401]);
    }
    for (const [profile, headers] of inBoth({ target: '/v1/verify?permission=api:use' })) {
      const { status } = await ask({ ...headers, host: HOST });
      expect([profile, status]).toEqual([profile, 204]);
    }
  });

  test('two digests of SHA-256 are 401: the backend could compare the body with the one that was not signed', async () => {
    const other = digestOf('{"n":2}');
    for (const [profile, headers] of inBoth()) {
      const own = headers['content-digest'];
      for (const digest of [`${other}, ${own}`, `${own}, ${other}`]) {
        const { status, json } = await ask({ ...headers, ...forwarded, 'content-digest': digest });
        expect([profile, status, json.reason]).toEqual([profile, 401, 'SIGNATURE_MALFORMED']);
      }
    }
  });

  test('a signature of another service is not affected by what the gateway says', async () => {
    const { secret } = await app.apiKey(admin, { permissions: ['api:use'] });
    const theirs = {
      'signature-input': 'sig=("@method");keyid="theirs"',
      signature: 'sig=:AAAA:',
      'x-api-key': secret,
    };
    for (const said of [forwarded, { 'x-forwarded-method': 'PUT' }, { 'x-forwarded-uri': 'a, b' }]) {
      expect((await ask({ ...theirs, ...(said as Record<string, string>) })).status).toBe(204);
    }
  });

  test('a request without a signature is not affected by what the gateway says', async () => {
    const { secret } = await app.apiKey(admin, { permissions: ['api:use'] });
    for (const headers of [forwarded, { 'x-forwarded-method': 'PUT' }, { 'x-forwarded-uri': 'a, b' }]) {
      expect((await ask({ ...(headers as Record<string, string>), 'x-api-key': secret })).status).toBe(204);
    }
  });

  test('a gateway that is no trusted proxy is a client: its own request must be signed', async () => {
    direct = await start();
    try {
      const owner = await direct.admin();
      key = await direct.signingKey(owner, await direct.workspace(owner), { permissions: ['api:use'] });
      const target = '/v1/verify?permission=api:use';
      for (const [profile, headers] of inBoth()) {
        expect([profile, (await ask({ ...headers, ...forwarded }, direct)).status]).toEqual([profile, 401]);
      }
      for (const [profile, headers] of inBoth({ target })) {
        const { status } = await ask({ ...headers, ...forwarded, host: HOST }, direct);
        expect([profile, status]).toEqual([profile, 204]);
      }
    } finally {
      await direct.close();
    }
  });

  test('no other endpoint believes these headers', async () => {
    const admin = await app.admin();
    const own = await app.signingKey(admin, await app.workspace(admin));
    const body = JSON.stringify({ query: '{ viewer { scopes } }' });
    const signed = { ...signedHeaders(own, { ...REQUEST, body }), 'content-digest': digestOf(body) };
    const headers = { 'content-type': 'application/json', ...signed, ...forwarded };
    expect((await send(app.url, '/graphql', { method: 'POST', headers, body })).status).toBe(401);
  });
});
