// Signed requests as a client sends them, at every endpoint: what is accepted, and how a rejection reads.
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { newId } from '../../src/kernel/ids.ts';
import type { Credential } from '../support/account.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { send } from '../support/raw.ts';
import { digestOf, httpSignedHeaders, newNonce, type Signed, signedHeaders } from '../support/signing.ts';
import { times } from '../support/values.ts';

const VIEWER = JSON.stringify({ query: '{ viewer { scopes } }' });
const MESSAGE = 'The credential is not valid.';

describe.each(backends())('signed requests on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let workspaceId: string;
  let key: Credential;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
    workspaceId = await app.workspace(member);
    key = await app.signingKey(member, workspaceId, { scopes: ['SIGNING_KEYS_WRITE'] });
  });
  afterAll(() => app.close());

  const authority = () => new URL(app.url).host;
  /** The headers in both profiles. */
  const inBoth = (request: Signed, by = key): [profile: string, headers: Record<string, string>][] => [
    ['rekey', signedHeaders(by, request)],
    ['rfc9421', httpSignedHeaders(by, { ...request, authority: authority() })],
  ];
  const graphql = (headers: Record<string, string>, body: string | Buffer = VIEWER, target = '/graphql') =>
    send(app.url, target, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  const nonces = async () => (await app.sql('select 1 from request_nonces')).length;

  test('are accepted at every endpoint, with any body and any target', async () => {
    for (const [profile, headers] of inBoth({ method: 'POST', target: '/graphql', body: VIEWER })) {
      expect((await graphql(headers)).json, profile).toEqual({ data: { viewer: { scopes: ['SIGNING_KEYS_WRITE'] } } });
    }
    const long = JSON.stringify({ query: '{ viewer { scopes } }', variables: { text: 'Grüße 日本 '.repeat(14_000) } });
    expect(Buffer.byteLength(long)).toBeGreaterThan(200_000);
    for (const [profile, headers] of inBoth({ method: 'POST', target: '/graphql', body: long })) {
      expect((await graphql(headers, long)).status, profile).toBe(200);
    }
    for (const target of ['/v1/verify', '/v1/verify?', '/graphql?x=%2F&y=+&y=%C3%BC;z#no']) {
      const isGraphql = target.startsWith('/graphql');
      const request = { method: isGraphql ? 'POST' : 'GET', target, body: isGraphql ? VIEWER : '' };
      for (const [profile, headers] of inBoth(request)) {
        const answer = isGraphql ? await graphql(headers, VIEWER, target) : await send(app.url, target, { headers });
        expect([profile, target, answer.status]).toEqual([profile, target, isGraphql ? 200 : 204]);
      }
    }
  });

  test('F3.12: the raw body of any method is covered at /v1/verify', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const body = method === 'GET' ? '' : '{"n":1}';
      for (const [profile, headers] of inBoth({ method, body })) {
        const ask = (sent: string) => {
          const length = String(Buffer.byteLength(sent)); // For every method: Node sends none with GET and DELETE.
          return send(app.url, '/v1/verify', { method, headers: { ...headers, 'content-length': length }, body: sent });
        };
        expect([profile, method, (await ask(`${body} `)).status]).toEqual([profile, method, 401]);
        const { status } = await ask(body);
        expect([profile, method, status]).toEqual([profile, method, 204]);
      }
    }
  });

  test('a body that is too large to be read is not the body that was signed', async () => {
    const body = 'x'.repeat(256 * 1024 + 1);
    for (const signed of ['', body]) {
      const headers = signedHeaders(key, { method: 'POST', body: signed });
      expect((await send(app.url, '/v1/verify', { method: 'POST', headers, body })).status).toBe(401);
    }
  });

  test('G1: a request whose body arrives after the revocation of its key is rejected, although its headers came before', async () => {
    const own = await app.signingKey(member, workspaceId);
    expect((await send(app.url, '/v1/verify', { headers: signedHeaders(own) })).status).toBe(204);
    const body = '{"n":1}';
    const authenticate = vi.spyOn(app.app.authenticator, 'authenticate');
    onTestFinished(() => authenticate.mockRestore());
    const answered = Promise.withResolvers<number>();
    const headers = { ...signedHeaders(own, { method: 'POST', body }), 'content-length': String(body.length) };
    const sending = request(`${app.url}/v1/verify`, { method: 'POST', headers }, (response) => {
      response.resume();
      answered.resolve(response.statusCode!);
    });
    sending.on('error', answered.reject);
    sending.flushHeaders();
    await expect.poll(() => authenticate.mock.calls.length).toBe(1);
    await app.as(member).revokeSigningKey({ signingKeyId: own.id }).expectSuccess();
    sending.end(body);
    expect(await answered.promise).toBe(401);
  });

  test('the time is checked before the body arrives and before the database is asked', async () => {
    const query = vi.spyOn(app.app.database.reads, 'query');
    onTestFinished(() => query.mockRestore());
    const own = { id: newId('sgk'), secret: key.secret };
    for (const [profile, headers] of inBoth(
      { method: 'POST', body: '{"n":1}', timestamp: Date.now() - 3_600_000 },
      own,
    )) {
      const answered = Promise.withResolvers<number>();
      const sending = request(
        `${app.url}/v1/verify`,
        { method: 'POST', headers: { ...headers, 'content-length': '7' } },
        (response) => answered.resolve(response.statusCode!),
      );
      sending.on('error', answered.reject);
      sending.flushHeaders();
      expect([profile, await answered.promise]).toEqual([profile, 401]);
      sending
        .off('error', answered.reject)
        .on('error', () => undefined)
        .destroy();
    }
    expect(query.mock.calls.map(([{ name }]) => name)).not.toContain('signing-key-load');
  });

  test('a request in absolute form is signed with its path and query', async () => {
    const target = '/v1/verify?permission=x';
    const answer = await send(app.url, `http://rekey.example${target}`, { headers: signedHeaders(key, { target }) });
    expect(answer.status).toBe(403); // The key is accepted, and lacks the permission.
  });

  describe('a rejection has one message and its reason', () => {
    const cases: [reason: string, headers: () => Record<string, string>][] = [
      ['SIGNATURE_INCOMPLETE', () => ({ 'x-timestamp': String(Date.now()) })],
      ['SIGNATURE_MALFORMED', () => ({ ...signedHeaders(key), 'x-signature': 'nonsense' })],
      ['SIGNATURE_INVALID', () => signedHeaders({ id: key.id, secret: makeSecret('rks') })],
      ['SIGNATURE_INVALID', () => signedHeaders({ id: newId('sgk'), secret: key.secret })],
      ['TIMESTAMP_OUT_OF_RANGE', () => signedHeaders(key, { timestamp: Date.now() - 301_000 })],
      ['TIMESTAMP_OUT_OF_RANGE', () => signedHeaders(key, { timestamp: Date.now() + 330_000 })],
    ];

    test.each(cases)('%s at /v1/verify', async (reason, headers) => {
      const answer = await send(app.url, '/v1/verify', { headers: headers() });
      expect([answer.status, answer.json]).toEqual([
        401,
        { error: 'unauthenticated', error_description: MESSAGE, reason },
      ]);
      expect(answer.headers).toMatchObject({
        'www-authenticate': 'Bearer realm="rekey", error="invalid_token"',
        'cache-control': 'no-store',
      });
    });

    test.each(cases)('%s at GraphQL, without data', async (reason, headers) => {
      const { status, json } = await graphql(headers());
      expect([status, json]).toEqual([
        401,
        { errors: [{ message: MESSAGE, extensions: { code: 'UNAUTHENTICATED', reason } }] },
      ]);
    });

    test('NONCE_REPLAYED, at the same and at another endpoint', async () => {
      const request = { method: 'POST', target: '/graphql', body: VIEWER };
      for (const [profile, headers] of inBoth(request)) {
        expect((await graphql(headers)).status).toBe(200);
        const { status, json } = await graphql(headers);
        expect([profile, status, json.errors[0].extensions.reason]).toEqual([profile, 401, 'NONCE_REPLAYED']);
      }
      const nonce = newNonce();
      expect((await send(app.url, '/v1/verify', { headers: signedHeaders(key, { nonce }) })).status).toBe(204);
      const again = signedHeaders(key, { ...request, nonce });
      expect((await graphql(again)).json.errors[0].extensions.reason).toBe('NONCE_REPLAYED');
    });

    test('and no reason for a credential of another kind', async () => {
      const { json } = await send(app.url, '/v1/verify', { headers: { authorization: 'Bearer x' } });
      expect(json).toEqual({ error: 'unauthenticated', error_description: MESSAGE });
    });

    test('a revoked and an expired key read like one that never existed', async () => {
      const [revoked, expired] = [await app.signingKey(member, workspaceId), await app.signingKey(member, workspaceId)];
      await app.as(member).revokeSigningKey({ signingKeyId: revoked.id }).expectSuccess();
      await app.sql(`update signing_keys set expires_at = now() - interval '1 s' where id = ?`, [expired.id]);
      await app.app.replica.sync();
      const answers: unknown[] = [];
      for (const by of [revoked, expired, { id: newId('sgk'), secret: key.secret }]) {
        const { status, json } = await send(app.url, '/v1/verify', { headers: signedHeaders(by) });
        answers.push({ status, json });
      }
      expect(answers).toEqual(times(3, () => answers[0]));
      expect(answers[0]).toMatchObject({ status: 401, json: { reason: 'SIGNATURE_INVALID' } });
    });
  });

  test('an operation that selects only public fields ignores a bad signature, and no other one does', async () => {
    const login = JSON.stringify({
      query: 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }',
      variables: { input: { email: member.email, password: PASSWORD } },
    });
    const bad = { ...signedHeaders(key), 'x-signature': 'nonsense' };
    expect((await graphql(bad, login)).json).toEqual({ data: { login: { __typename: 'LoginSuccess' } } });
    expect((await graphql(bad)).status).toBe(401);
  });

  test('headers of signatures of other services do not matter', async () => {
    const { secret } = await app.apiKey(member);
    for (const headers of [
      { 'signature-input': 'sig=("@method");keyid="theirs"', signature: 'sig=:AAAA:' },
      { 'signature-input': 'nonsense', signature: 'nonsense' },
      { signature: 'keyId="theirs",algorithm="hmac-sha256",signature="AAAA"' },
    ] as Record<string, string>[]) {
      const answer = await send(app.url, '/v1/verify', { headers: { 'x-api-key': secret, ...headers } });
      expect([headers, answer.status]).toEqual([headers, 204]);
      const { status, headers: given } = await send(app.url, '/v1/verify', { headers });
      expect([status, given['www-authenticate']]).toEqual([401, 'Bearer realm="rekey"']);
    }
  });

  test('a request that is rejected for another reason does not use its nonce up', async () => {
    const before = await nonces();
    const unknown = { ...signedHeaders(key), authorization: `Bearer ${makeSecret('rka')}` };
    expect((await send(app.url, '/v1/verify', { headers: unknown })).status).toBe(401);
    expect(await nonces()).toBe(before);
    const { authorization: _, ...alone } = unknown;
    expect((await send(app.url, '/v1/verify', { headers: alone })).status).toBe(204);
  });

  test('the caller of /v1/introspect signs the form, and needs the scope', async () => {
    const body = 'token=x';
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...signedHeaders(key, { method: 'POST', target: '/v1/introspect', body }),
    };
    const ask = (form: string) => send(app.url, '/v1/introspect', { method: 'POST', headers, body: form });
    expect((await ask('token=y')).status).toBe(401);
    expect((await ask(body)).status).toBe(403);
    expect((await ask(body)).status).toBe(401);
  });

  test('many requests at once, each with its own nonce, are all accepted', async () => {
    const statuses = await Promise.all(
      times(100, async () => (await send(app.url, '/v1/verify', { headers: signedHeaders(key) })).status),
    );
    expect(statuses).toEqual(times(100, () => 204));
  });

  test('F0.10: a database that cannot store the nonce is 503, never 401, and the request can be signed again', async () => {
    const headers = signedHeaders(key);
    expect((await send(app.url, '/v1/verify', { headers: signedHeaders(key) })).status).toBe(204);
    await app.sql('alter table request_nonces rename to hidden');
    onTestFinished(async () => {
      await app.sql('alter table if exists hidden rename to request_nonces');
    });
    for (const sent of [headers, signedHeaders(key)]) {
      const answer = await send(app.url, '/v1/verify', { headers: sent });
      expect([answer.status, answer.headers['retry-after'], answer.json.error]).toEqual([
        503,
        '1',
        'authentication_unavailable',
      ]);
    }
    // What can be known without the database is known.
    const bad = signedHeaders({ id: key.id, secret: makeSecret('rks') });
    expect((await send(app.url, '/v1/verify', { headers: bad })).status).toBe(401);
    await app.sql('alter table hidden rename to request_nonces');
    expect((await send(app.url, '/v1/verify', { headers })).status).toBe(204);
  });

  test('the signature is checked before the body is parsed: a changed body is 401, whatever it is', async () => {
    const headers = signedHeaders(key, { method: 'POST', target: '/graphql', body: VIEWER });
    const changed = [
      ...[VIEWER.slice(0, -1), `${VIEWER} `, `${VIEWER}x`, '{}', '', '[]', 'nonsense'],
      ...[VIEWER.replace('{ viewer', '{{ viewer'), VIEWER.replace('scopes', 'nonsense')],
    ];
    for (const body of changed) {
      const { status, json } = await graphql(headers, body);
      expect([body, status, json.errors[0].extensions.reason]).toEqual([body, 401, 'SIGNATURE_INVALID']);
    }
    expect((await graphql(headers)).status).toBe(200);
    // A good signature of a body that is no operation is answered as usual.
    const nonsense = signedHeaders(key, { method: 'POST', target: '/graphql', body: 'nonsense' });
    expect((await graphql(nonsense, 'nonsense')).json.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  test('REKEY_SIGNATURE_WINDOW_SECONDS sets how old a request may be', async () => {
    const narrow = await start({ env: { REKEY_SIGNATURE_WINDOW_SECONDS: '60' } });
    onTestFinished(() => narrow.close());
    const owner = await narrow.member();
    const own = await narrow.signingKey(owner, await narrow.workspace(owner));
    const statusAt = async (timestamp: number) =>
      (await send(narrow.url, '/v1/verify', { headers: signedHeaders(own, { timestamp }) })).status;
    expect(await statusAt(Date.now() - 40_000)).toBe(204);
    expect(await statusAt(Date.now() - 61_000)).toBe(401);
  });

  test('a Content-Digest of the request does not change what X-Signature covers', async () => {
    const request = { method: 'POST', target: '/graphql', body: VIEWER };
    const headers = { ...signedHeaders(key, request), 'content-digest': digestOf('another') };
    expect((await graphql(headers)).status).toBe(200);
  });
});
