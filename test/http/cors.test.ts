// CORS: what pages of other origins may read. Only what the operator has listed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { EventStream, headersOf } from '../support/live.ts';
import { send } from '../support/raw.ts';

const [LISTED, OTHER] = ['https://app.example', 'https://evil.example'];
const CORS_HEADERS = /^access-control-/;

let app: TestApp;
let secret: string;
beforeAll(async () => {
  app = await startTestApp({ env: { REKEY_ALLOWED_ORIGINS: `${LISTED}, http://localhost:3000` } });
  secret = (await app.apiKey(await app.admin(), { scopes: ['SESSIONS_READ'] })).secret;
});
afterAll(() => app.close());

const operation = (query: string, origin: string | null, headers: Record<string, string> = {}) =>
  send(app.url, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(origin === null ? {} : { origin }), ...headers },
    body: JSON.stringify({ query }),
  });
const preflight = (path: string, origin: string | null, method = 'POST') =>
  send(app.url, path, {
    method: 'OPTIONS',
    headers: {
      ...(origin === null ? {} : { origin }),
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type',
    },
  });

describe('a page of a listed origin', () => {
  test('may send operations: its preflight names the method and the headers, and says for how long', async () => {
    const { status, headers, text } = await preflight('/graphql', LISTED!);
    expect([status, text]).toEqual([204, '']);
    expect(headers).toMatchObject({
      'access-control-allow-origin': LISTED,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-max-age': '7200',
      vary: 'Origin',
      'x-request-id': expect.any(String),
    });
    const allowed = headers['access-control-allow-headers']!.toLowerCase().split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining(['accept', 'authorization', 'content-type', 'x-api-key', 'x-request-id', 'x-rekey-csrf']),
    );
  });

  test('may poll for revocations', async () => {
    const { status, headers } = await preflight('/v1/revocations', LISTED!, 'GET');
    expect([status, headers['access-control-allow-methods']]).toEqual([204, 'GET']);
    const polled = await send(app.url, '/v1/revocations', { headers: { origin: LISTED, 'x-api-key': secret } });
    expect([polled.status, polled.headers['access-control-allow-origin']]).toEqual([200, LISTED]);
  });

  const readable = {
    'access-control-allow-origin': LISTED,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'Retry-After, WWW-Authenticate, X-Request-Id',
    vary: 'Origin',
  };

  test.each([
    ['an answer', '{ __typename }', {}, 200],
    ['an invalid credential', '{ viewer { scopes } }', { authorization: 'Bearer rka_unknown' }, 401],
    ['a document with an error', '{', { accept: 'application/graphql-response+json' }, 400],
    ['another media type', '{ __typename }', { 'content-type': 'text/plain' }, 415],
    ['no media type in common', '{ __typename }', { accept: 'application/xml' }, 406],
  ])('reads %s', async (_what, query, headers, status) => {
    const answer = await operation(query, LISTED!, headers);
    expect([answer.status, answer.headers]).toEqual([status, expect.objectContaining(readable)]);
    expect(Object.keys(answer.headers).filter((name) => CORS_HEADERS.test(name))).toHaveLength(3);
  });

  test('reads a stream', async () => {
    const stream = await EventStream.open(app.url, { caller: { secret }, headers: { origin: LISTED! } });
    expect([stream.status, stream.headers]).toEqual([200, expect.objectContaining(readable)]);
    stream.close();
  });

  test('reads the errors of a poll', async () => {
    for (const [path, headers, status] of [
      ['/v1/revocations', {}, 401],
      ['/v1/revocations?x=1', { 'x-api-key': secret }, 400],
    ] as const) {
      const answer = await send(app.url, path, { headers: { origin: LISTED, ...headers } });
      expect([answer.status, answer.headers]).toEqual([status, expect.objectContaining(readable)]);
    }
  });

  test('may not use the other endpoints', async () => {
    for (const path of ['/v1/verify', '/v1/introspect', '/readyz', '/metrics']) {
      for (const answer of [
        await preflight(path, LISTED!),
        await send(app.url, path, { headers: { origin: LISTED, ...headersOf({ secret }) } }),
      ]) {
        expect(
          Object.keys(answer.headers).filter((name) => CORS_HEADERS.test(name)),
          path,
        ).toEqual([]);
      }
    }
  });
});

describe('a page of another origin', () => {
  test.each([OTHER!, 'null', '*', 'https://app.example.evil.example', 'http://app.example', `${LISTED}, ${OTHER}`])(
    'gets no header that lets it read: %s',
    async (origin) => {
      for (const answer of [await operation('{ __typename }', origin), await preflight('/graphql', origin)]) {
        expect(Object.keys(answer.headers).filter((name) => CORS_HEADERS.test(name))).toEqual([]);
        expect(answer.headers.vary).toBe('Origin');
      }
    },
  );
});

test('a client without an origin is served as before, and a cache must not use its answer for a page', async () => {
  const { status, headers, json } = await operation('{ __typename }', null);
  expect([status, json, headers.vary]).toEqual([200, { data: { __typename: 'Query' } }, 'Origin']);
});

test('OPTIONS that is no preflight is not answered', async () => {
  const { status, headers } = await send(app.url, '/graphql', { method: 'OPTIONS', headers: { origin: LISTED } });
  expect([status, headers.allow]).toEqual([405, 'POST']);
  const polled = await send(app.url, '/v1/revocations', { method: 'OPTIONS', headers: { origin: LISTED } });
  expect([polled.status, polled.headers.allow]).toEqual([405, 'GET']);
});

test('without listed origins, no answer has a header of CORS or `Vary`, and a preflight is rejected', async () => {
  const closed = await startTestApp();
  try {
    const sent = [
      { method: 'OPTIONS', headers: { origin: LISTED, 'access-control-request-method': 'POST' } },
      {
        method: 'POST',
        headers: { origin: LISTED, 'content-type': 'application/json' },
        body: '{"query":"{ __typename }"}',
      },
    ];
    for (const request of sent) {
      const { status, headers } = await send(closed.url, '/graphql', request);
      expect(status).toBe(request.method === 'POST' ? 200 : 405);
      expect(Object.keys(headers).filter((name) => CORS_HEADERS.test(name) || name === 'vary')).toEqual([]);
    }
  } finally {
    await closed.close();
  }
});
