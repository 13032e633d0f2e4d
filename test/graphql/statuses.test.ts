// The table of error codes in schema/README.md: the status of each code for every media type that a client accepts.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy } from '../support/proxy.ts';
import { type RawRequest, send } from '../support/raw.ts';

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';
/** The Accept header of the client, and the media type of the response. Undefined: no header. */
const ACCEPTED: [accept: string | undefined, type: string][] = [
  [JSON_TYPE, JSON_TYPE],
  [RESPONSE_TYPE, RESPONSE_TYPE],
  [`${RESPONSE_TYPE}, ${JSON_TYPE};q=0.9`, RESPONSE_TYPE],
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  [undefined, JSON_TYPE],
];

let app: TestApp;
/** Limits each address to one failed authentication a minute. */
let strict: TestApp;
let secret: string;
let another: string;
beforeAll(async () => {
  app = await startTestApp();
  strict = await startTestApp({ env: { REKEY_FAILED_AUTH_PER_MINUTE: '1', REKEY_TRUSTED_PROXIES: '127.0.0.1' } });
  const admin = await app.admin();
  ({ secret } = await app.apiKey(admin, { scopes: ['API_KEYS_READ'] }));
  ({ secret: another } = await app.apiKey(admin));
});
afterAll(() => Promise.all([app?.close(), strict?.close()]));

const VIEWER = '{ viewer { scopes } }';
const operation = (query: string, headers: Record<string, string> = {}): RawRequest => ({
  method: 'POST',
  headers: { 'content-type': JSON_TYPE, ...headers },
  body: JSON.stringify({ query }),
});
const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
const ask = (url: string, request: RawRequest, accept: string | undefined) =>
  send(url, '/graphql', { ...request, headers: { ...request.headers, ...(accept === undefined ? {} : { accept }) } });

/** The statuses of every code in these tests, to compare with the table. */
const seen = new Map<string, Set<number>>();
const record = (code: string, status: number) => seen.set(code, (seen.get(code) ?? new Set()).add(status));

interface Case {
  what: string;
  request: () => RawRequest;
  code: string;
  status: number | { precise: number; else: number };
}
const CASES: Case[] = [
  {
    what: 'a document that is invalid against the schema',
    request: () => operation('{ nope }', bearer(secret)),
    code: 'BAD_USER_INPUT',
    status: { precise: 400, else: 200 },
  },
  {
    what: 'a document that exceeds a limit',
    request: () => operation(`{ ${'viewer { scopes } '.repeat(11)} }`, bearer(secret)),
    code: 'BAD_USER_INPUT',
    status: { precise: 400, else: 200 },
  },
  {
    what: 'a syntax error',
    request: () => operation('{ viewer '),
    code: 'BAD_USER_INPUT',
    status: { precise: 400, else: 200 },
  },
  {
    what: 'an invalid variable',
    request: () => operation('query ($first: Int!) { apiKeys(first: $first) { nodes { id } } }', bearer(secret)),
    code: 'BAD_USER_INPUT',
    status: { precise: 400, else: 200 },
  },
  {
    what: 'a body that is not a GraphQL request',
    request: () => ({ ...operation(''), body: '[1]' }),
    code: 'BAD_USER_INPUT',
    status: 400,
  },
  {
    what: 'two different credentials',
    request: () => operation(VIEWER, { ...bearer(secret), 'x-api-key': another }),
    code: 'BAD_USER_INPUT',
    status: 400,
  },
  { what: 'a GET', request: () => ({ method: 'GET' }), code: 'BAD_USER_INPUT', status: 405 },
  {
    what: 'a body above 256 KiB',
    request: () => ({ ...operation(''), body: ' '.repeat(256 * 1024 + 1) }),
    code: 'BAD_USER_INPUT',
    status: 413,
  },
  {
    what: 'a body with another media type than JSON',
    request: () => operation(VIEWER, { 'content-type': 'text/plain' }),
    code: 'BAD_USER_INPUT',
    status: 415,
  },
  {
    what: 'an invalid credential',
    request: () => operation(VIEWER, bearer('nonsense')),
    code: 'UNAUTHENTICATED',
    status: 401,
  },
  { what: 'no credential', request: () => operation(VIEWER), code: 'UNAUTHENTICATED', status: 200 },
  {
    what: 'a missing scope',
    request: () => operation('{ sessions { nodes { id } } }', bearer(secret)),
    code: 'FORBIDDEN',
    status: 200,
  },
];

describe.each(ACCEPTED)('a client that accepts %s', (accept, type) => {
  test.each(CASES)('gets the status in the table for $what', async ({ request, code, status }) => {
    const answer = await ask(app.url, request(), accept);
    const expected = typeof status === 'number' ? status : type === RESPONSE_TYPE ? status.precise : status.else;
    expect(answer.status).toBe(expected);
    expect(answer.json.errors[0].extensions.code).toBe(code);
    if (status === 401) {
      expect(answer.json).not.toHaveProperty('data');
      expect(answer.headers).toHaveProperty('www-authenticate');
    }
    // A request that is rejected before it is parsed as an operation always gets JSON.
    if (expected <= 401) expect(answer.headers['content-type']).toContain(type);
    record(code, answer.status);
  });

  test('gets 429 for too many failed authentications', async () => {
    // From an address of its own.
    const address = `192.0.2.${ACCEPTED.findIndex(([each]) => each === accept)}`;
    const bad = operation(VIEWER, { ...bearer('nonsense'), 'x-forwarded-for': address });
    expect((await ask(strict.url, bad, accept)).status).toBe(401);
    const limited = await ask(strict.url, bad, accept);
    expect(limited.headers).toHaveProperty('retry-after');
    record(limited.json.errors[0].extensions.code, limited.status);
  });
});

test('a client that accepts no supported media type gets 406', async () => {
  const answer = await ask(app.url, operation(VIEWER, bearer(secret)), 'application/xml');
  expect(answer.status).toBe(406);
  record('BAD_USER_INPUT', answer.status);
});

const postgresUrl = inject('postgresUrl');
test.skipIf(!postgresUrl)('while the database does not answer, every client gets 503', async () => {
  const direct = await migratedDatabase();
  const { hostname, port } = new URL(direct);
  const proxy = await startProxy({ host: hostname, port: Number(port) });
  const replica = await startTestApp({ databaseUrl: proxy.url(direct) });
  try {
    const unseen = await replica.apiKey(await replica.admin());
    proxy.cut();
    for (const [accept] of ACCEPTED) {
      const answer = await ask(replica.url, operation(VIEWER, bearer(unseen.secret)), accept);
      expect(answer.headers).toHaveProperty('retry-after');
      record(answer.json.errors[0].extensions.code, answer.status);
    }
  } finally {
    await proxy.heal();
    await replica.close();
    await proxy.close();
  }
});

test('the table names exactly the statuses that these tests got for each code', () => {
  const page = readFileSync(new URL('../../schema/README.md', import.meta.url), 'utf8');
  const table = page.split('\n## Error codes\n')[1]!.split('\n## ')[0]!;
  const named = new Map<string, Set<number>>();
  for (const [, code, http] of table.matchAll(/^\| `([A-Z_]+)` \| ([^|]*) \|/gm)) {
    const statuses = [...http!.matchAll(/\b[2-5]\d\d\b/g)].map(([status]) => Number(status));
    named.set(code!, new Set([...(named.get(code!) ?? []), ...statuses]));
  }
  if (!postgresUrl) seen.set('AUTHENTICATION_UNAVAILABLE', new Set([503]));
  for (const [code, statuses] of seen) expect([...named.get(code)!].sort(), code).toEqual([...statuses].sort());
  expect([...seen.keys()].sort()).toEqual(
    ['AUTHENTICATION_UNAVAILABLE', 'BAD_USER_INPUT', 'FORBIDDEN', 'RATE_LIMITED', 'UNAUTHENTICATED'].sort(),
  );
});
