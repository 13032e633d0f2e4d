import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { send } from '../support/raw.ts';

const PERMISSIONS = ['orders:read', 'orders:write', 'a.b_c:/d*-e'];

let app: TestApp;
let admin: Account;
let key: { id: string; secret: string };

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.admin();
  key = await app.apiKey(admin, { scopes: ['API_KEYS_READ', 'WORKSPACES_READ'], permissions: PERMISSIONS });
});
afterAll(() => app.close());

const verify = (path = '', headers: Record<string, string> = {}, method = 'GET') =>
  send(app.url, `/v1/verify${path}`, { method, headers });
const asKey = (extra: Record<string, string> = {}) => ({ authorization: `Bearer ${key.secret}`, ...extra });

describe('the response headers describe the credential', () => {
  test('an API key: its owner, id, scopes and permissions, and no body', async () => {
    const answer = await verify('', asKey());
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    expect(answer.headers).toMatchObject({
      'x-rekey-user': admin.id,
      'x-rekey-workspace': '-',
      'x-rekey-credential': key.id,
      'x-rekey-scopes': 'API_KEYS_READ,WORKSPACES_READ',
      'x-rekey-permissions': PERMISSIONS.join(','),
      'x-rekey-expires': '-',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  test('an API key in X-API-Key', async () => {
    expect(await verify('', { 'x-api-key': key.secret })).toMatchObject({
      status: 204,
      headers: { 'x-rekey-credential': key.id },
    });
  });

  test('an access token: its user and its session', async () => {
    const answer = await verify('', { authorization: `Bearer ${admin.accessToken}` });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'x-rekey-user': admin.id,
      'x-rekey-workspace': '-',
      'x-rekey-credential': admin.sessionId,
      'x-rekey-permissions': '-',
      'x-rekey-expires': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(String(answer.headers['x-rekey-scopes']).split(',')).toContain('ADMIN');
  });

  test('a key that is bound to a workspace: the workspace', async () => {
    const { workspace } = await app.mutate(
      'createWorkspace',
      { name: 'a team' },
      '... on CreateWorkspaceSuccess { workspace { id } }',
      { bearer: admin.accessToken },
    );
    const bound = await app.apiKey(admin, { scopes: [], workspaceId: workspace.id });
    expect((await verify('', { authorization: `Bearer ${bound.secret}` })).headers).toMatchObject({
      'x-rekey-workspace': workspace.id,
      'x-rekey-scopes': '-',
      'x-rekey-permissions': '-',
    });
  });

  test('all headers are always set, so that a client cannot send its own through a gateway', async () => {
    // A gateway replaces the headers of the client with these. A missing one would let the header of the client pass.
    const { headers } = await verify('', {
      ...asKey(),
      'x-rekey-workspace': 'wsp_FORGED',
      'x-rekey-user': 'usr_FORGED',
    });
    for (const name of ['user', 'workspace', 'credential', 'scopes', 'permissions', 'expires']) {
      expect(headers[`x-rekey-${name}`]).toMatch(/^\S+$/);
      expect(String(headers[`x-rekey-${name}`])).not.toContain('FORGED');
    }
  });

  test('a key that expires: the time, as RFC 3339', async () => {
    const expiresAt = '2099-12-31T23:59:59.500Z';
    const expiring = await app.apiKey(admin, { scopes: [], expiresAt });
    const { headers } = await verify('', { authorization: `Bearer ${expiring.secret}` });
    expect(headers['x-rekey-expires']).toBe(expiresAt);
  });

  test('an invalid permission that SQL has written is left out', async () => {
    const written = await app.apiKey(admin, { scopes: [], permissions: ['orders:read'] });
    for (const [permissions, expected] of [
      [['orders:read', 'a,admin:all', 'b\r\nX-Rekey-User: usr_FORGED', 'ö', ''], 'orders:read'],
      [['a,b'], '-'],
      [['-'], '-'],
    ] as const) {
      const list = 'array(select jsonb_array_elements_text(?::jsonb))';
      await app.sql(`update api_keys set permissions = ${list} where id = ?`, [
        JSON.stringify(permissions),
        written.id,
      ]);
      await expect
        .poll(async () => (await verify('', { authorization: `Bearer ${written.secret}` })).headers)
        .toMatchObject({ 'x-rekey-user': admin.id, 'x-rekey-permissions': expected });
    }
  });

  test('the largest response has less than 4 KiB of headers, which nginx reads by default', async () => {
    const longest = Array.from({ length: 50 }, (_, index) => `${index}:`.padEnd(40, 'x')).slice(0, 49);
    const permissions = [...longest, 'y'.repeat(2048 - longest.join(',').length - 1)];
    expect(permissions.join(',')).toHaveLength(2048);
    const largest = await app.apiKey(admin, { scopes: [], permissions });
    const { headers } = await verify('', { authorization: `Bearer ${largest.secret}` });
    expect(headers['x-rekey-permissions']).toBe(permissions.join(','));
    const scopes = String(
      (await verify('', { authorization: `Bearer ${admin.accessToken}` })).headers['x-rekey-scopes'],
    );
    const bytes = Object.entries(headers).reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, 0);
    // Leaves room for headers of later versions.
    expect(bytes + scopes.length).toBeLessThan(4096 - 512);
  });

  test.each(['orders\r\nX-Rekey-User: usr_FORGED', 'a,b', 'a b', 'ö', '\u0001', 'a;b', '-', '"a"'])(
    'createApiKey rejects a permission that could add a header or count as two: %j',
    async (permission) => {
      const refused = await app.mutate(
        'createApiKey',
        { name: 'forger', scopes: [], permissions: [permission] },
        '... on InvalidInputError { fields { path } }',
        { bearer: admin.accessToken },
      );
      expect(refused.__typename).toBe('InvalidInputError');
    },
  );
});

describe('the response does not depend on the form of the request', () => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    'a gateway may send the method of the original request: %s',
    async (method) => {
      expect((await verify('', asKey(), method)).status).toBe(204);
      expect((await verify('', {}, method)).status).toBe(401);
    },
  );

  test('HEAD gets the response of GET without a body', async () => {
    expect(await verify('', asKey(), 'HEAD')).toMatchObject({ status: 204 });
    expect(await verify('', {}, 'HEAD')).toMatchObject({ status: 401, text: '' });
  });

  test('nginx: auth_request sends the headers of the original request, including its content type, without a body', async () => {
    const answer = await verify('', {
      ...asKey(),
      'x-original-uri': '/orders?since=%00yesterday',
      'content-type': 'multipart/form-data; boundary=x',
      'content-length': '0',
      connection: 'close',
      cookie: 'session=x',
      accept: 'image/png',
    });
    expect(answer.status).toBe(204);
  });

  test('Traefik: forwardAuth sends X-Forwarded-* headers with GET', async () => {
    const forwarded = {
      'x-forwarded-method': 'DELETE',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-uri': '/orders/1',
      'x-forwarded-for': '203.0.113.9',
    };
    expect((await verify('?permission=orders:write', { ...asKey(), ...forwarded })).status).toBe(204);
    expect((await verify('?permission=orders:write', forwarded)).status).toBe(401);
  });

  test('Envoy: ext_authz appends the original path to its path_prefix and needs status 200', async () => {
    const prefix = '?permission=orders:read&path=';
    const asked = { 'content-length': '0', 'x-envoy-internal': 'true' };
    for (const path of ['/orders/1', '/', '/orders?permission=launch:missiles&path=/x', '/a%20b?x=1#y']) {
      const answer = await verify(`${prefix}${path}`, { ...asKey(), ...asked }, 'POST');
      expect(answer, path).toMatchObject({ status: 200, text: '', headers: { 'x-rekey-credential': key.id } });
    }
    expect((await verify(`${prefix}/orders`, asked, 'POST')).status).toBe(401);
    expect((await verify('?permission=launch:missiles&path=/orders?permission=orders:read', asKey())).status).toBe(403);
    expect((await verify('?path=/orders', asKey())).status).toBe(200);
    // A `permission` after `path` would be required only until a client sends a path with a question mark.
    for (const permission of ['launch:missiles', 'orders:read'])
      expect((await verify(`?path=/orders&x=1&permission=${permission}`, asKey())).status).toBe(400);
  });

  test('a request body is ignored', async () => {
    const body = Buffer.alloc(300_000, 'x');
    const answer = await send(app.url, '/v1/verify', { method: 'POST', headers: asKey(), body });
    expect(answer.status).toBe(204);
  });
});

describe('the parameter `permission` restricts access', () => {
  test.each([
    '?permission=orders:read',
    '?permission=orders%3Aread',
    '?%70ermission=a.b_c:/d*-e',
    '?&permission=orders:read&',
  ])('a permission that the credential holds: 204 (%s)', async (query) => {
    expect((await verify(query, asKey())).status).toBe(204);
  });

  test('several permissions are all required', async () => {
    expect((await verify('?permission=orders:read&permission=orders:write', asKey())).status).toBe(204);
    expect((await verify('?permission=orders:read&permission=orders:delete', asKey())).status).toBe(403);
    expect((await verify('?permission=orders:delete&permission=orders:read', asKey())).status).toBe(403);
  });

  test.each(['orders:delete', 'orders', 'ORDERS:READ', 'orders:read,orders:write', '*', '-', 'orders:read%20'])(
    'a permission that the credential does not hold exactly: 403 (%j)',
    async (permission) => {
      const answer = await verify(`?permission=${permission}`, asKey());
      expect(answer.status).toBe(403);
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      expect(answer.headers).not.toHaveProperty('x-rekey-user');
      expect(answer.json).toEqual({ error: 'insufficient_scope', error_description: expect.any(String) });
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="rekey", error="insufficient_scope"');
    },
  );

  test('a scope is not a permission, not even for an administrator: 403', async () => {
    const authorization = `Bearer ${admin.accessToken}`;
    expect((await verify('?permission=ADMIN', { authorization })).status).toBe(403);
    expect((await verify('?permission=API_KEYS_READ', asKey())).status).toBe(403);
  });

  test('a request for a permission without a credential gets 401, not 403', async () => {
    expect((await verify('?permission=orders:delete')).status).toBe(401);
  });
});

describe('an invalid query is rejected with 400, so that a misspelt restriction is never ignored', () => {
  const problemOf = async (query: string) => {
    const answer = await verify(query, asKey());
    expect(answer, query).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
    expect(answer.headers).not.toHaveProperty('x-rekey-user');
    expect(answer.text.length, query.slice(0, 50)).toBeLessThan(250);
    return answer.json.error_description as string;
  };

  test.each([
    'permissions=orders:read',
    'Permission=orders:read',
    'PERMISSION=orders:read',
    'permission[]=orders:read',
    'permission%5B%5D=orders:read',
    'permission%20=orders:read',
    'scope=ADMIN',
    'scopes=ADMIN',
    'permission=orders:read&scope=ADMIN',
    'permission=orders:read&permissions=orders:write',
    'x',
    '=orders:read',
    '?permission=orders:read',
    'p%61th=/orders',
    'Path=/orders',
    'permissions=orders:read&path=/orders',
    'permission=orders:read&x=1&path=/orders',
  ])('an unknown parameter: %s', async (query) => {
    expect(await problemOf(`?${query}`)).toMatch(/^Unknown parameter/);
  });

  test('the error names a short unknown parameter, but not one that is long or may be a secret', async () => {
    expect(await problemOf('?permissions=x')).toContain('`permissions`');
    for (const name of ['x'.repeat(12_000), key.secret, '%3Cscript%3E', '%00', '%F0%9F%98%80', '%ED%A0%80'])
      expect(await problemOf(`?${name}=1`)).toMatch(/^Unknown parameter\. /);
    expect(await problemOf(`?${'x&'.repeat(5000)}`)).toContain('`x`');
  });

  test.each(['?permission=', '?permission', '?permission=orders:read&permission=', '?permission=&path=/orders'])(
    'an empty permission, as from an unset variable: %s',
    async (query) => {
      expect(await problemOf(query)).toContain('`permission` must not be empty');
    },
  );

  test.each(['?path=&permission=orders:read', '?path=&permissions=orders:read/orders', '?path=&x=1/orders?y=2'])(
    'other parameters of the operator after an empty path=: %s',
    async (query) => {
      expect(await problemOf(query)).toContain('`path=`');
    },
  );

  test('but the path of the client may contain anything', async () => {
    for (const path of [
      '/a?permissions=x',
      '/a?scope=ADMIN&permission=',
      '/a&b',
      '/?path=',
      '/a?&permission=p',
      '*',
      '',
    ])
      expect((await verify(`?permission=orders:read&path=${path}`, asKey())).status, path).toBe(200);
  });
});

describe('authentication', () => {
  const checksumWrong = 'rka_000000000000000000000000000000000000';
  test.each([
    ['an unknown secret', { authorization: `Bearer ${checksumWrong}` }],
    ['garbage', { authorization: 'Bearer \u00ff\u00fe' }],
    ['an empty credential', { authorization: 'Bearer ' }],
    ['a JWT of another issuer', { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3JfMSJ9.' }],
    ['nothing after the scheme', { authorization: 'Bearer' }],
  ])('%s is rejected with 401 and error="invalid_token"', async (_, headers) => {
    const answer = await verify('', headers);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="rekey", error="invalid_token"');
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(answer.headers).not.toHaveProperty('x-rekey-user');
    expect(answer.json).toEqual({ error: 'unauthenticated', error_description: 'The credential is not valid.' });
  });

  test.each([
    ['a request without a credential', {}],
    ['an empty X-API-Key', { 'x-api-key': '' }],
    ['another scheme', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
  ])('%s is rejected with 401 and no error code, as RFC 6750 §3.1 requires', async (_, headers) => {
    const answer = await verify('', headers);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="rekey"');
  });

  test('a secret in the URL is rejected with 401', async () => {
    expect((await verify(`?access_token=${key.secret}`)).status).toBe(401);
    expect((await verify(`?authorization=Bearer+${key.secret}`)).status).toBe(401);
  });

  test('an access token in X-API-Key is rejected with 401', async () => {
    expect((await verify('', { 'x-api-key': admin.accessToken })).status).toBe(401);
  });

  test('a refresh token is rejected with 401', async () => {
    expect((await verify('', { authorization: `Bearer ${admin.refreshToken}` })).status).toBe(401);
  });

  test('two different credentials are rejected with 400', async () => {
    const answer = await verify('', { ...asKey(), 'x-api-key': makeSecret('rka') });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('rka_');
    const twice = ['Authorization', `Bearer ${key.secret}`, 'X-API-Key', key.secret, 'X-API-Key', checksumWrong];
    const { status } = await send(app.url, '/v1/verify', { headers: [...twice, 'Host', 'x'] });
    expect([400, 401]).toContain(status);
  });

  test('the same credential in two headers is accepted', async () => {
    expect((await verify('', { ...asKey(), 'x-api-key': key.secret })).status).toBe(204);
  });

  test('a path that only begins with /v1/verify gets 404', async () => {
    for (const path of ['/', '/../verify', 'x', '/admin', '%2f']) {
      expect((await verify(path, asKey())).status, path).toBe(404);
    }
  });
});

describe.skipIf(inject('postgresUrl') === null)('while the database is unreachable', () => {
  let proxy: TcpProxy;
  let replica: TestApp;

  beforeAll(async () => {
    const direct = await migratedDatabase();
    const { hostname, port } = new URL(direct);
    proxy = await startProxy({ host: hostname, port: Number(port) });
    replica = await startTestApp({ databaseUrl: proxy.url(direct) });
  });
  afterAll(async () => {
    await proxy?.heal();
    await replica?.close();
    await proxy?.close();
  });

  test('every endpoint neither accepts nor rejects a credential: it returns 503 with Retry-After, and recovers by itself', async () => {
    const account = await replica.admin();
    const unseen = await replica.apiKey(account, { scopes: ['INTROSPECT'] });
    const authorization = `Bearer ${unseen.secret}`;
    const form = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const json = { authorization, 'content-type': 'application/json' };
    proxy.cut();

    const answers = await Promise.all([
      send(replica.url, '/v1/verify', { headers: { authorization } }),
      send(replica.url, '/v1/introspect', { method: 'POST', headers: form, body: 'token=x' }),
      send(replica.url, '/graphql', { method: 'POST', headers: json, body: '{"query":"{ viewer { scopes } }"}' }),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 503,
        headers: { 'retry-after': '1', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
      });
      expect(answer.headers).not.toHaveProperty('www-authenticate');
      expect(answer.text).not.toMatch(/ECONN|socket|127\.0\.0\.1/);
    }
    const [, , graphql] = answers;
    expect(graphql?.json).not.toHaveProperty('data');
    expect(graphql?.json.errors).toEqual([
      {
        message: expect.any(String),
        extensions: { code: 'AUTHENTICATION_UNAVAILABLE', retryAfterSeconds: 1 },
      },
    ]);

    const notReady = await send(replica.url, '/readyz');
    expect(notReady).toMatchObject({ status: 503, json: { status: 'not ready', database: 'unreachable' } });
    expect((await send(replica.url, '/livez')).status).toBe(200);
    // A request that can be rejected without the database is still rejected.
    expect((await send(replica.url, '/v1/verify')).status).toBe(401);
    expect((await send(replica.url, '/v1/verify', { headers: { authorization: 'Bearer nonsense' } })).status).toBe(401);

    await proxy.heal();
    await expect.poll(async () => (await send(replica.url, '/readyz')).status).toBe(200);
    await expect
      .poll(async () => (await send(replica.url, '/v1/verify', { headers: { authorization } })).status)
      .toBe(204);
  });
});
