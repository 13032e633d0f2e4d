import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { type RawAnswer, type RawRequest, send } from '../support/raw.ts';

let app: TestApp;
let admin: Account;
beforeAll(async () => {
  app = await startTestApp();
  admin = await app.admin();
});
afterAll(() => app.close());

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';
const TYPENAME = '{"query":"{ __typename }"}';

const post = (body: string | Buffer, headers: RawRequest['headers'] = {}) =>
  send(app.url, '/graphql', { method: 'POST', headers: { 'content-type': JSON_TYPE, ...headers }, body });
const ask = (params: object, headers: RawRequest['headers'] = {}) => post(JSON.stringify(params), headers);

/** Rejected with a GraphQL error and headers that forbid caching. */
function expectRefused(answer: RawAnswer, status: number): void {
  expect(answer).toMatchObject({
    status,
    headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
  });
  expect(Object.keys(answer.json)).toEqual(['errors']);
  expect(answer.json.errors).not.toEqual([]);
  for (const { message, extensions } of answer.json.errors) {
    expect(message).toEqual(expect.any(String));
    expect(extensions).toEqual({ code: 'BAD_USER_INPUT' });
  }
}

describe('the GraphQL over HTTP specification', () => {
  // The optional audits that this service does not satisfy, with the reason. All others must pass. src/http/README.md
  // lists them, too.
  const REFUSED: Record<string, string> = {
    '5A70': 'no operation by GET: a document in a URL ends up in logs, and a link could send it',
    D6D5: 'no variables by GET, because they may contain secrets',
    '6A70': 'the same for clients that accept application/json',
  };
  const audits = serverAudits({ url: () => `${app.url}/graphql`, fetchFn: fetch });

  test.each(audits.filter(({ id }) => !(id in REFUSED)))('$id: $name', async ({ fn }) => {
    const result = await fn();
    expect('reason' in result ? result.reason : result.status).toBe('ok');
  });

  test.each(audits.filter(({ id }) => id in REFUSED))('$id is not supported: $name', async ({ fn, name }) => {
    expect(name).toMatch(/^MAY /);
    expect((await fn()).status).toBe('notice');
  });

  test('src/http/README.md lists the unsupported audits', () => {
    const readme = readFileSync(new URL('../../src/http/README.md', import.meta.url), 'utf8');
    const listed = [...readme.matchAll(/^\| ([0-9A-F]{4}) \|/gm)].map(([, id]) => id);
    expect(listed).toEqual(Object.keys(REFUSED));
  });

  test('every unsupported audit still exists', () => {
    const ids = audits.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(Object.keys(REFUSED)));
    expect(ids).toHaveLength(61);
  });
});

describe('operations are accepted as JSON by POST only', () => {
  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'query=%7B__typename%7D'],
    [
      'multipart',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"{ __typename }"}\r\n--x--\r\n',
    ],
    ['text', 'text/plain', TYPENAME],
    ['text that claims to be JSON', 'text/plain; application/json', TYPENAME],
    ['a bare document', 'application/graphql', '{ __typename }'],
    ['a list of media types', 'text/plain, application/json', TYPENAME],
    ['a body without a type, which a page may send without a preflight', '', TYPENAME],
    ['a type that begins like JSON', 'application/jsonp', TYPENAME],
  ])('%s gets 415', async (_, type, body) => {
    expectRefused(await post(body, { 'content-type': type }), 415);
  });

  test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="utf-8"'])(
    'the media type may have parameters and any letter case: %s',
    async (type) => {
      expect((await post(TYPENAME, { 'content-type': type })).json).toEqual({ data: { __typename: 'Query' } });
    },
  );

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY'])('%s gets 405', async (method) => {
    const answer = await send(app.url, '/graphql?query=%7B__typename%7D', {
      method,
      headers: { 'content-type': JSON_TYPE, accept: JSON_TYPE },
    });
    expectRefused(answer, 405);
    expect(answer.headers.allow).toBe('POST');
  });

  test('HEAD gets 405', async () => {
    expect(await send(app.url, '/graphql', { method: 'HEAD' })).toMatchObject({ status: 405, text: '' });
  });

  test('a GET that accepts HTML gets the page and executes no operation', async () => {
    const answer = await send(app.url, '/graphql?query=%7B__typename%7D', { headers: { accept: 'text/html' } });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(answer.text.slice(0, 100)).toContain('<!doctype html>');
  });

  test('batched operations get 400', async () => {
    expectRefused(await post(`[${TYPENAME},${TYPENAME}]`), 400);
    expectRefused(await post(`[${TYPENAME}]`), 400);
    expectRefused(await post('[]'), 400);
  });

  test('a page of another origin gets no CORS permission', async () => {
    const preflight = await send(app.url, '/graphql', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(preflight.status).toBe(405);
    const posted = await post(TYPENAME, { origin: 'https://evil.example' });
    for (const { headers } of [preflight, posted]) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('a request body', () => {
  const padded = (size: number) => TYPENAME + ' '.repeat(size - TYPENAME.length);

  test('of 256 KiB is accepted', async () => {
    expect((await post(padded(256 * 1024))).json).toEqual({ data: { __typename: 'Query' } });
  });

  test.each([256 * 1024 + 1, 5_000_000])('of %i bytes gets 413, with or without Content-Length', async (size) => {
    expectRefused(await post(padded(size), { 'content-length': size }), 413);
    expectRefused(await post(padded(size), { 'transfer-encoding': 'chunked' }), 413);
  });

  test('that is too large gets 413 before it has arrived, and the connection stays usable', async () => {
    const size = 5_000_000;
    const request = (body: string, length: number) =>
      `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${length}\r\n\r\n${body}`;
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.setEncoding('latin1');
    let received = '';
    socket.on('data', (text) => (received += text));
    socket.write(request('{', size));
    await expect.poll(() => received).toMatch(/^HTTP\/1\.1 413 .*"code":"BAD_USER_INPUT"/s);
    received = '';
    socket.write(' '.repeat(size - 1) + request(TYPENAME, TYPENAME.length));
    await expect.poll(() => received).toMatch(/^HTTP\/1\.1 200 .*"__typename":"Query"/s);
    socket.destroy();
  });

  test('that is compressed gets 415 and is not decompressed', async () => {
    expectRefused(await post(gzipSync(TYPENAME), { 'content-encoding': 'gzip' }), 415);
    expectRefused(await post(TYPENAME, { 'content-encoding': 'gzip' }), 415);
    expect((await post(TYPENAME, { 'content-encoding': 'identity' })).status).toBe(200);
  });

  test.each(['', '{', 'null', '1', '"{ __typename }"', '{"query":', TYPENAME.slice(0, -1)])(
    'that is not a GraphQL request gets 400: %j',
    async (body) => {
      expectRefused(await post(body), 400);
    },
  );

  test('that is invalid is not repeated in the response, because it may contain a password', async () => {
    const { text } = await post('{"variables":{"input":{"password":"tidal lantern quarrel oboe"},}}');
    expect(text).not.toMatch(/tidal|password/);
  });

  test.each([
    ['no query', {}],
    ['a query that is null', { query: null }],
    ['a query that is not a string', { query: 1 }],
    ['a query that is a list', { query: ['{ __typename }'] }],
    ['variables that are a string', { query: '{ __typename }', variables: '{}' }],
    ['variables that are a list', { query: '{ __typename }', variables: [] }],
    ['extensions that are a number', { query: '{ __typename }', extensions: 1 }],
    ['an operation name that is a number', { query: '{ __typename }', operationName: 1 }],
    ['an unknown operation name', { query: 'query A { __typename }', operationName: 'B' }],
    ['two operations and no operation name', { query: 'query A { __typename } query B { __typename }' }],
    ['an unknown member', { query: '{ __typename }', id: 'x' }],
  ])('with %s gets 400, whatever the client accepts', async (_, params) => {
    for (const accept of [JSON_TYPE, RESPONSE_TYPE]) expectRefused(await ask(params, { accept }), 400);
  });
});

describe('an invalid document is rejected with the messages of the contract and never executed', () => {
  const login = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';
  const secret = 'hunter2 hunter2 hunter2';
  const cases: [string, object][] = [
    ['a syntax error', { query: '{ viewer ' }],
    ['a missing colon before a string', { query: `mutation { login(input: { password "${secret}" }) }` }],
    ['a missing comma between names', { query: `mutation { login(input: { password: x y ${secret} }) }` }],
    ['an empty document', { query: '' }],
    ['a document of comments', { query: '# nothing' }],
    ['an unknown field', { query: '{ vewer { scopes } }' }],
    ['an unknown argument', { query: '{ apiKey(ident: "x") { id } }' }],
    ['an argument of another type', { query: '{ apiKeys(first: "x") { nodes { id } } }' }],
    ['a missing variable', { query: login }],
    ['a variable of another type', { query: login, variables: { input: secret } }],
    ['an input field of another type', { query: login, variables: { input: { email: 'x', password: [secret] } } }],
    ['a missing input field', { query: login, variables: { input: { password: secret } } }],
    ['an unknown input field', { query: login, variables: { input: { email: 'x', password: 'x', pasword: secret } } }],
    [
      'a value that the enum does not have',
      {
        query: 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }',
        variables: { input: { name: 'x', scopes: [secret] } },
      },
    ],
    [
      'an invalid DateTime',
      {
        query: 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }',
        variables: { input: { name: 'x', expiresAt: secret } },
      },
    ],
    [
      'a number above the range of Int',
      { query: 'query ($n: Int!) { apiKeys(first: $n) { nodes { id } } }', variables: { n: 2 ** 40 } },
    ],
    [
      'an id that is an object',
      { query: 'query ($id: ID!) { apiKey(id: $id) { id } }', variables: { id: { secret } } },
    ],
    ['a literal of another type', { query: `{ introspect(token: ${secret.replaceAll(' ', '_')}) { active } }` }],
    ['a secret as an input', { query: 'query ($s: Secret) { __typename }', variables: { s: secret } }],
  ];

  test.each(cases)('%s', async (_, params) => {
    const authorization = `Bearer ${admin.accessToken}`;
    const precise = await ask(params, { accept: RESPONSE_TYPE, authorization });
    expectRefused(precise, 400);
    // Clients of the old media type read the body only if the status is 200.
    expectRefused(await ask(params, { accept: JSON_TYPE, authorization }), 200);
    expect(precise.text).not.toMatch(/hunter2|did you mean/i);
  });

  test('an invalid variable is named with the path of its field', async () => {
    const { json } = await ask({ query: login, variables: { input: { email: 'x', password: 5 } } });
    expect(json.errors[0].message).toBe('The variable `$input.password` must be a string.');
  });
});

describe('a response', () => {
  test.each([JSON_TYPE, RESPONSE_TYPE])('has the media type that the client accepts: %s', async (accept) => {
    const { headers } = await post(TYPENAME, { accept });
    expect(headers['content-type']).toBe(`${accept}; charset=utf-8`);
  });

  test.each(['text/event-stream', 'multipart/mixed'])('as %s must not be cached', async (accept) => {
    const answer = await post(TYPENAME, { accept });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    });
    expect(answer.text).toContain('{"data":{"__typename":"Query"}}');
  });

  test('in an unsupported media type gets 406', async () => {
    expect((await post(TYPENAME, { accept: 'image/png' })).status).toBe(406);
  });

  test('repeats the request id', async () => {
    const { headers } = await post(TYPENAME, { 'x-request-id': 'one-id-for-all-logs' });
    expect(headers['x-request-id']).toBe('one-id-for-all-logs');
  });

  test('does not depend on the Host header', async () => {
    for (const host of ['', '[', 'a b', 'x/evil?', '\u00ff', 'rekey.example:99999', 'user:pass@x']) {
      expect((await post(TYPENAME, { host })).json, JSON.stringify(host)).toEqual({ data: { __typename: 'Query' } });
    }
  });
});
