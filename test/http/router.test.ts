import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { send, sendBytes } from '../support/raw.ts';

let app: TestApp;
let secret: string;

beforeAll(async () => {
  app = await startTestApp();
  secret = (await app.apiKey(await app.admin(), { scopes: ['INTROSPECT', 'API_KEYS_READ'] })).secret;
});
afterAll(() => app.close());

const PATHS = [
  '/',
  '/graphql',
  '/v1/verify',
  '/v1/introspect',
  '/v1/revoke',
  '/.well-known/jwks.json',
  '/livez',
  '/readyz',
  '/metrics',
];
const errorsLogged = () => app.log.filter((line) => ['error', 'fatal'].includes(JSON.parse(line).level));

describe('an unknown path', () => {
  test.each(['/graphql/', '/GraphQL', '/v1', '/v1/verify/', '/.env', '/%67raphql', '//graphql', '/constructor'])(
    'gets 404 in JSON that must not be cached: %s',
    async (path) => {
      const answer = await send(app.url, path, { method: 'POST' });
      expect(answer).toMatchObject({
        status: 404,
        json: { error: 'not_found' },
        headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
      });
    },
  );

  test('is not repeated in the response', async () => {
    const { text } = await send(app.url, '/%3Cscript%3E?x=<script>');
    expect(text).not.toMatch(/script/i);
  });
});

describe('the absolute form of a request target', () => {
  const get = (target: string, headers: Record<string, string> = {}) => send(app.url, target, { headers });

  test.each(['http://any', 'https://any', 'HTTP://ANY.example:8080', 'http://[2001:db8::1]:80', 'http://u:p@any'])(
    'with the origin %s means the same path',
    async (origin) => {
      expect(await get(`${origin}/livez`)).toMatchObject({ status: 200, text: 'ok' });
      expect(await get(`${origin}/livez?x=http://any/y`)).toMatchObject({ status: 200, text: 'ok' });
      expect((await get(`${origin}/readyz`)).status).toBe(200);
      expect((await get(`${origin}/metrics`)).status).toBe(200);
      expect((await get(`${origin}/.well-known/jwks.json`)).json.keys).toBeInstanceOf(Array);
      for (const path of ['', '/', '?livez', '?/livez'])
        expect((await get(`${origin}${path}`)).json, path).toMatchObject({ name: 'rekey' });
      for (const path of ['/nothing', '//livez', '/http://any/livez']) {
        expect(await get(`${origin}${path}`), path).toMatchObject({ status: 404, json: { error: 'not_found' } });
      }
    },
  );

  test('is accepted by every endpoint, including its query', async () => {
    const headers = { 'x-api-key': secret };
    expect((await get('http://any/v1/verify', headers)).status).toBe(204);
    expect((await get('http://any/v1/verify?permission=orders:read', headers)).status).toBe(403);
    expect((await get('http://any/v1/verify?path=/orders?permission=x', headers)).status).toBe(200);
    expect((await get('https://any/v1/verify?permission=orders:read&path=/orders', headers)).status).toBe(403);
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
    const asked = await send(app.url, 'http://any/v1/introspect', { method: 'POST', headers: form, body: 'token=x' });
    expect(asked.json).toEqual({ active: false });
    const json = { ...headers, 'content-type': 'application/json' };
    const body = '{"query":"{ viewer { scopes } }"}';
    const { json: answer } = await send(app.url, 'http://any/graphql', { method: 'POST', headers: json, body });
    expect(answer.data.viewer.scopes).toContain('INTROSPECT');
  });

  test.each(['*', 'ftp://any/livez', 'http:///livez', 'https://?/livez', 'urn:rekey', 'ws://any/livez'])(
    'is not %s, which gets 404',
    async (target) => {
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        const answer = await sendBytes(
          app.url,
          `${method} ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        // Node rejects a text that is not a request target.
        expect(answer, method).toMatch(/^HTTP\/1\.1 40[04] /);
      }
    },
  );
});

describe('every endpoint', () => {
  test.each(PATHS)('%s sends nosniff and a cache policy with every status', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
      const { headers } = await send(app.url, path, { method });
      expect(headers['x-content-type-options'], method).toBe('nosniff');
      expect(headers['cache-control'], method).toMatch(
        path.includes('jwks') && method === 'GET' ? /max-age/ : /^no-store$/,
      );
      expect(headers, method).not.toHaveProperty('x-powered-by');
      expect(headers, method).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test.each(PATHS)('%s does not echo a TRACE', async (path) => {
    const answer = await send(app.url, path, { method: 'TRACE', headers: { cookie: 'echo-me' } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text).not.toContain('echo-me');
  });

  test.each(PATHS.filter((path) => !path.startsWith('/v1/verify') && path !== '/graphql'))(
    '%s names its methods in a 405',
    async (path) => {
      const answer = await send(app.url, path, { method: 'PATCH' });
      expect(answer).toMatchObject({ status: 405, json: { error: 'method_not_allowed' } });
      expect(answer.headers.allow).toMatch(/GET|POST/);
    },
  );
});

describe('a request id', () => {
  const idOf = async (given?: string) => {
    const { headers } = await send(app.url, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(given === undefined ? {} : { 'x-request-id': given }) },
      body: '{"query":"{ __typename }"}',
    });
    return headers['x-request-id'];
  };

  test('of the caller is kept, so that one id identifies the request in all logs', async () => {
    for (const id of ['0f8fad5b-d9cd-469f-a165-70867728950e', 'req_1.2-3', 'x'.repeat(128)])
      expect(await idOf(id)).toBe(id);
  });

  test('is generated if the caller sends none', async () => {
    expect(await idOf()).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf()).not.toBe(await idOf());
  });

  test.each([
    'short',
    'x'.repeat(129),
    'with space',
    'a"b"c"d"e"f',
    '<script>alert(1)</script>',
    'é'.repeat(10),
    '%0d%0aSet-Cookie',
  ])('that is unsafe in a log is replaced: %j', async (given) => {
    expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('the log', () => {
  test('has no error when a client closes the connection in the middle of its request', async () => {
    const before = errorsLogged().length;
    const half = (path: string, type: string) =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Type: ${type}\r\nContent-Length: 100\r\n\r\n{"qu`;
    for (const bytes of [
      half('/v1/introspect', 'application/x-www-form-urlencoded'),
      half('/graphql', 'application/json'),
      half('/v1/verify', 'text/plain'),
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () =>
          socket.write(bytes, () => socket.resetAndDestroy()),
        );
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
      });
    }
    // After three more requests, the earlier ones have been processed.
    for (let i = 0; i < 3; i++) expect((await send(app.url, '/readyz')).status).toBe(200);
    expect(errorsLogged().slice(before)).toEqual([]);
  });

  test.each(['application/json', 'text/event-stream', 'multipart/mixed'])(
    'has no error when a client closes the connection before its response: %s',
    async (accept) => {
      const before = errorsLogged().length;
      const [reached, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const held = vi.spyOn(app.app.services.accounts, 'login').mockImplementationOnce(async () => {
        reached.resolve();
        await gone.promise;
        return { kind: 'invalidCredentials' };
      });
      const query = 'mutation { login(input: { email: "a@example.com", password: "x" }) { __typename } }';
      const body = JSON.stringify({ query });
      const head = `Host: x\r\nAccept: ${accept}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`POST /graphql HTTP/1.1\r\n${head}\r\n\r\n${body}`);
      await reached.promise;
      socket.resetAndDestroy();
      expect((await send(app.url, '/readyz')).status).toBe(200); // By then the service has noticed.
      gone.resolve();
      await held.mock.results[0]!.value;
      held.mockRestore();
      for (let i = 0; i < 3; i++) expect((await send(app.url, '/readyz')).status).toBe(200);
      expect(errorsLogged().slice(before)).toEqual([]);
    },
  );
});

describe('F4.10: no request causes a failure: the service answers it and the next one', () => {
  // Neither a status of 500 nor an error in the log. The next request is answered as usual.
  const expectNoFailure = async (act: () => Promise<{ status: number; text: string }>) => {
    const before = errorsLogged().length;
    const { status, text } = await act();
    expect(status, text).toBeLessThan(500);
    expect(errorsLogged().slice(before)).toEqual([]);
  };

  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
  const headerText = fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((c) => c !== 0x7f)
      .map((c) => String.fromCharCode(c)),
    maxLength: 60,
  });
  const knownHeader = fc.constantFrom(
    'accept',
    'accept-encoding',
    'authorization',
    'x-api-key',
    'content-type',
    'content-encoding',
    'cookie',
    'expect',
    'forwarded',
    'host',
    'if-none-match',
    'last-event-id',
    'origin',
    'range',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-http-method-override',
    'x-nonce',
    'x-request-id',
    'x-signature',
    'x-timestamp',
  );
  const knownValue = fc.oneof(
    headerText,
    fc.constantFrom(
      '',
      '*/*',
      'text/html',
      'text/event-stream',
      'multipart/mixed',
      'application/json',
      'application/graphql-response+json',
      'application/json; charset=utf-7',
      'multipart/form-data; boundary=',
      'gzip',
      'Bearer',
      'Bearer a.b.c',
      'Bearer eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.e30.AA',
      '100-continue',
      '[',
      'a b',
      '-1',
      'null',
    ),
  );
  const headers = fc
    .dictionary(fc.oneof({ weight: 5, arbitrary: knownHeader }, { weight: 1, arbitrary: token }), knownValue, {
      maxKeys: 6,
    })
    .map((given) =>
      Object.fromEntries(
        Object.entries(given).filter(
          ([name]) => !/^(transfer-encoding|content-length|connection|upgrade|trailer|te|keep-alive)$/i.test(name),
        ),
      ),
    );
  const path = fc.oneof(
    fc.constantFrom(...PATHS, '/v1/verify?permission=%', '/v1/verify?path=', '/graphql?query={__typename}', '*', '/..'),
    fc
      .string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)), maxLength: 40 })
      .map((text) => `/${text}`),
    fc.tuple(fc.constantFrom(...PATHS), fc.webQueryParameters()).map(([endpoint, query]) => `${endpoint}?${query}`),
  );
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'PROPFIND', 'QUERY');

  test('random headers, paths, methods and bodies', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(method, path, headers, fc.uint8Array({ maxLength: 200 }), (method, path, headers, body) =>
        expectNoFailure(() => send(app.url, path, { method, headers, body: Buffer.from(body) })),
      ),
      { numRuns: 400 },
    );
    expect(await app.accepts(secret)).toBe(true);
  });

  test('JSON of any shape', { timeout: 60_000 }, async () => {
    const document = fc.oneof(
      fc.constantFrom(
        '{ viewer { scopes } }',
        '{ __typename }',
        'subscription { x }',
        'query ($a: Int!) { __typename }',
        'query A { __typename } query B { __typename }',
        'fragment F on Query { __typename }',
        '{',
        '#',
        '',
        '\ufeff{ __typename }',
        '{ __typename @skip(if: 1) }',
        '{ apiKey(id: null) { id } }',
      ),
      fc.string({ unit: 'binary' }),
    );
    const shape = fc.oneof(
      fc.json({ stringUnit: 'binary' }),
      fc
        .record(
          {
            query: fc.oneof(document, fc.jsonValue()),
            variables: fc.jsonValue(),
            operationName: fc.jsonValue(),
            extensions: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value)),
      fc.constantFrom(
        '[]',
        '[{"query":"{ __typename }"}]',
        'null',
        '""',
        '1',
        'true',
        '{"query":{"toString":1}}',
        '{"__proto__":{"query":"{ __typename }"}}',
        '{"query":"{ __typename }","variables":[]}',
        '{"query":"{ __typename }","variables":"x"}',
      ),
      fc.integer({ min: 1, max: 5000 }).map((depth) => '['.repeat(depth)),
      fc.integer({ min: 1, max: 5000 }).map((depth) => `{"query":"${'{a'.repeat(depth)}"}`),
    );
    const accept = fc.constantFrom(
      '*/*',
      'application/json',
      'application/graphql-response+json',
      'text/event-stream',
      'multipart/mixed',
      'text/html',
      'nonsense',
    );
    await fc.assert(
      fc.asyncProperty(shape, accept, fc.boolean(), (body, accept, authenticated) =>
        expectNoFailure(() =>
          send(app.url, '/graphql', {
            method: 'POST',
            headers: {
              accept,
              'content-type': 'application/json',
              ...(authenticated ? { authorization: `Bearer ${secret}` } : {}),
            },
            body,
          }),
        ),
      ),
      { numRuns: 400 },
    );
    expect(await app.accepts(secret)).toBe(true);
  });

  test('bytes that are not HTTP', { timeout: 60_000 }, async () => {
    const line = fc.constantFrom(
      'GET /livez HTTP/1.1\r\n',
      'GET /graphql HTTP/9.9\r\n',
      'POST /v1/introspect HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n',
      'POST /graphql HTTP/1.1\r\nContent-Length: -1\r\n',
      'GET http://other.example/v1/verify HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /v1/verify HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'POST /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nZZZ\r\n',
      'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\0\x01\0',
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .tuple(line, fc.uint8Array({ maxLength: 100 }))
        .map(([head, tail]) => Buffer.concat([Buffer.from(head, 'latin1'), tail])),
    );
    await fc.assert(
      fc.asyncProperty(bytes, (bytes) =>
        expectNoFailure(async () => {
          const text = await sendBytes(app.url, bytes, 150);
          return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
        }),
      ),
      { numRuns: 40 },
    );
    expect(await app.accepts(secret)).toBe(true);
  });
});
