// What src/http/README.md promises for each gateway, with the configuration files that it shows.
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Credential } from '../support/account.ts';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import {
  type Arrived,
  type Backend,
  findGateway,
  GATEWAYS,
  type Gateway,
  type GatewayKind,
  startBackend,
  startGateway,
} from '../support/gateways.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { type RawRequest, send } from '../support/raw.ts';
import { digestOf, httpSignedHeaders, signedHeaders } from '../support/signing.ts';
import { until } from '../support/until.ts';

const IDENTITY = ['user', 'workspace', 'credential', 'scopes', 'permissions', 'expires'].map(
  (name) => `x-rekey-${name}`,
);
const FAILURES_PER_MINUTE = 5;
const EXPIRES_AT = '2099-12-31T23:59:59.000Z';
const PREFLIGHT = { origin: 'https://app.example', 'access-control-request-method': 'POST' };

const postgresUrl = inject('postgresUrl');
let database: TcpProxy | null = null;
let app: TestApp;
let admin: Account;
let backend: Backend;
const keys = {} as Record<'full' | 'plain' | 'bound' | 'largest', { id: string; secret: string }>;
/** Keys that Rekey has not cached, one for each gateway. */
const unseen = new Map<string, { secret: string }>();
let workspaceId: string;
let signing: Credential;

beforeAll(async () => {
  let databaseUrl: string | null = null;
  if (postgresUrl) {
    const direct = await migratedDatabase();
    const { hostname, port } = new URL(direct);
    database = await startProxy({ host: hostname, port: Number(port) });
    databaseUrl = database.url(direct);
  }
  const env = {
    REKEY_TRUSTED_PROXIES: '127.0.0.1/32',
    REKEY_FAILED_AUTH_PER_MINUTE: String(FAILURES_PER_MINUTE),
  };
  app = await startTestApp({ databaseUrl, env });
  admin = await app.admin();
  backend = await startBackend();
  const made = await app.mutate(
    'createWorkspace',
    { name: 'a team' },
    '... on CreateWorkspaceSuccess { workspace { id } }',
    { bearer: admin.accessToken },
  );
  workspaceId = made.workspace.id;
  const permissions = ['api:use', 'orders:read'];
  const long = Array.from({ length: 21 }, (_, index) => `${index}:`.padEnd(95, 'x'));
  keys.full = await app.apiKey(admin, { permissions, expiresAt: EXPIRES_AT });
  keys.plain = await app.apiKey(admin, { scopes: [] });
  keys.bound = await app.apiKey(admin, { scopes: ['API_KEYS_READ'], permissions, workspaceId });
  keys.largest = await app.apiKey(admin, { permissions: ['api:use', ...long] });
  signing = await app.signingKey(admin, workspaceId, { permissions });
  for (const { name } of GATEWAYS) unseen.set(name, await app.apiKey(admin, { permissions }));
});
afterAll(async () => {
  await backend?.close();
  await database?.heal();
  await app?.close();
  await database?.close();
});

/** Names and values of all headers that a backend may take for identity headers, in any spelling. */
function identityOf({ rawHeaders }: Arrived): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase().replaceAll('_', '-');
    if (IDENTITY.includes(name)) (found[name] ??= []).push(rawHeaders[index + 1]!);
  }
  return found;
}

/** Every identity header in every spelling that could reach a backend, as a client could forge it. */
function forged(value = 'FORGED'): string[] {
  const spellings = IDENTITY.flatMap((name) => [
    name,
    name.toUpperCase(),
    name.replaceAll('-', '_'),
    name.replace('-', '_'),
    name.replace(/-(?=\w+$)/, '_').toUpperCase(),
  ]);
  return spellings.flatMap((name) => [name, value]);
}

describe.each(GATEWAYS.filter((kind) => findGateway(kind) !== null))('$name', (kind: GatewayKind) => {
  /** Requests are counted by address, so each gateway's clients have addresses of their own. */
  const network = `127.0.${GATEWAYS.indexOf(kind) + 1}`;
  let toRekey: TcpProxy;
  let gateway: Gateway;
  const started: Gateway[] = [];

  const start = async (options: { ask?: string; mistake?: [string, string] } = {}) => {
    const rekey = `http://127.0.0.1:${toRekey.port}`;
    const another = await startGateway(kind, { rekey, backend: backend.url, ...options });
    started.push(another);
    return another;
  };
  beforeAll(async () => {
    toRekey = await startProxy({ host: '127.0.0.1', port: Number(new URL(app.url).port) });
    gateway = await start();
  });
  afterAll(async () => {
    for (const each of started) await each.stop();
    await toRekey?.close();
  });

  const ask = (path: string, request: RawRequest & { through?: Gateway } = {}) => {
    const { through = gateway, ...rest } = request;
    return send(through.url, path, { localAddress: `${network}.1`, ...rest });
  };
  const as = ({ secret }: { secret: string }): Record<string, string> => ({ 'x-api-key': secret });
  const arrived = async (path: string, request: RawRequest & { through?: Gateway } = {}): Promise<Arrived> => {
    const answer = await ask(path, request);
    expect(answer.status, answer.text).toBe(200);
    return answer.json;
  };
  /** The answer to a request that must not reach the backend. */
  const refused = async (request: RawRequest & { through?: Gateway }) => {
    const before = backend.arrivals;
    const answer = await ask('/orders', request);
    expect(backend.arrivals, 'the backend got it').toBe(before);
    return answer;
  };

  test('the backend gets the identity of a valid credential', async () => {
    const of = async (headers: Record<string, string>) => identityOf(await arrived('/orders', { headers }));
    expect(await of(as(keys.full))).toEqual({
      'x-rekey-user': [admin.id],
      'x-rekey-workspace': ['-'],
      'x-rekey-credential': [keys.full.id],
      'x-rekey-scopes': ['API_KEYS_READ,API_KEYS_WRITE'],
      'x-rekey-permissions': ['api:use,orders:read'],
      'x-rekey-expires': [EXPIRES_AT],
    });
    expect(await of({ authorization: `Bearer ${keys.bound.secret}` })).toMatchObject({
      'x-rekey-workspace': [workspaceId],
      'x-rekey-expires': ['-'],
    });
  });

  test('the backend gets the request unchanged: method, target and body', async () => {
    const headers = { ...as(keys.full), 'content-type': 'application/octet-stream' };
    const target = '/orders/a%20b?x=1&y=%2F&permission=z';
    const body = Buffer.alloc(300_000, 'x');
    expect(await arrived(target, { method: 'PUT', headers, body })).toMatchObject({
      method: 'PUT',
      url: target,
      bodyBytes: body.length,
    });
    const chunked = { ...headers, 'transfer-encoding': 'chunked' };
    expect((await arrived('/', { method: 'POST', headers: chunked, body })).bodyBytes).toBe(body.length);
  });

  test.each([400, 401, 403, 429, 500, 503])(
    'the client gets the answer of the backend unchanged: %i',
    async (status) => {
      const answer = await ask(`/status/${status}`, { headers: as(keys.full) });
      expect(answer).toMatchObject({ status, json: { url: `/status/${status}` } });
      expect(answer.headers).not.toHaveProperty('retry-after');
    },
  );

  describe('no identity header of a client reaches the backend', () => {
    test('whether the credential has a value for it or not, in any spelling', async () => {
      const anyKey = await start({ ask: '/v1/verify' });
      for (const [through, key] of [
        [gateway, keys.full],
        [gateway, keys.bound],
        [anyKey, keys.plain],
      ] as const) {
        for (const value of ['FORGED', '']) {
          const headers = ['host', 'api.example', ...forged(value), 'x-api-key', key.secret, ...forged(value)];
          const identity = identityOf(await arrived('/orders', { through, headers }));
          expect(Object.keys(identity).sort()).toEqual([...IDENTITY].sort());
          for (const [name, values] of Object.entries(identity)) {
            expect(values, name).toEqual([expect.stringMatching(/^(?!FORGED)\S+$/)]);
          }
        }
      }
      const identity = identityOf(await arrived('/orders', { through: anyKey, headers: as(keys.plain) }));
      expect(identity).toMatchObject({ 'x-rekey-scopes': ['-'], 'x-rekey-permissions': ['-'] });
    });

    test('and no client can remove one by naming it in `Connection`', async () => {
      for (const name of IDENTITY) {
        const headers = { ...as(keys.bound), connection: `close, ${name.toUpperCase()}` };
        const answer = await ask('/orders', { headers });
        if (answer.status === 400) continue;
        expect(answer.status).toBe(200);
        expect(Object.keys(identityOf(answer.json)).sort(), name).toEqual([...IDENTITY].sort());
      }
    });

    test('also with a preflight, which needs no credential', async () => {
      const headers = ['host', 'api.example', ...Object.entries(PREFLIGHT).flat(), ...forged()];
      const preflight = await arrived('/orders', { method: 'OPTIONS', headers });
      expect(preflight.method).toBe('OPTIONS');
      expect(identityOf(preflight)).toEqual({});
    });
  });

  test('no other request counts as a preflight', async () => {
    for (const method of ['GET', 'POST'])
      expect(await refused({ method, headers: PREFLIGHT })).toMatchObject({ status: 401 });
    const { origin } = PREFLIGHT;
    expect(await refused({ method: 'OPTIONS', headers: { origin } })).toMatchObject({ status: 401 });
  });

  describe('signed requests', () => {
    /** The host that the client addresses. Each gateway asks Rekey, and the backend, under another name. */
    const HOST = 'API.example:8443';
    const TARGETS = [
      '/',
      '/?',
      '/orders/a%20b?x=1&y=%2F&permission=z',
      '/o?a=b?c&=&&+;',
      '/%C3%BC/%2e?q=%E6%97%A5&q=\'"`',
    ];
    const BODIES = ['', '{"n":1}', 'Grüße 日本 🎉', 'x'.repeat(200_000)];

    let clients = 0;
    /** Each rejection counts for its address, so each of these requests comes from another one. */
    const anotherClient = () => ({ localAddress: `${network}.${10 + clients++}` });
    const signedIn = (
      profile: 'rekey' | 'rfc9421',
      request: { method: string; target: string; body: string; timestamp?: number },
    ): Record<string, string> => ({
      host: HOST,
      'content-length': String(Buffer.byteLength(request.body)),
      ...(profile === 'rekey'
        ? { ...signedHeaders(signing, request), 'content-digest': digestOf(request.body) }
        : httpSignedHeaders(signing, { ...request, authority: HOST.toLowerCase() })),
    });
    const headerOf = ({ rawHeaders }: Arrived, name: string) =>
      rawHeaders[rawHeaders.findIndex((each) => each.toLowerCase() === name) + 1];

    test.each(['rekey', 'rfc9421'] as const)('in the profile %s pass as they were signed', async (profile) => {
      for (const [index, target] of TARGETS.entries()) {
        const body = BODIES[index % BODIES.length]!;
        const method = body === '' ? 'GET' : ['POST', 'PUT', 'DELETE'][index % 3]!;
        const headers = signedIn(profile, { method, target, body });
        const answer = await ask(target, { method, headers, body });
        expect([target, answer.status], answer.text).toEqual([target, 200]);
        const request: Arrived = answer.json;
        expect(identityOf(request)).toMatchObject({
          'x-rekey-credential': [signing.id],
          'x-rekey-workspace': [workspaceId],
        });
        // What a backend must compare: the signature covers the header, and only the backend has the body.
        expect(headerOf(request, 'content-digest')).toBe(`sha-256=:${request.bodyDigest}:`);
        const replay = await ask(target, { method, headers, body, ...anotherClient() });
        expect(replay.status).toBe(401);
      }
    });

    test.each(['rekey', 'rfc9421'] as const)('in the profile %s are rejected if they were changed', async (profile) => {
      const request = { method: 'POST', target: '/orders?x=1', body: '{}' };
      const sign = () => signedIn(profile, request);
      const changes: [target: string, changed: RawRequest][] = [
        ['/orders?x=2', { method: 'POST', headers: sign() }],
        ['/orders?x=1', { method: 'PUT', headers: sign() }],
        ['/orders?x=1', { method: 'POST', headers: { ...sign(), 'content-digest': digestOf('{"n":2}') } }],
      ];
      // The client cannot say what was signed.
      const spoofed = {
        'X-Forwarded-Method': 'POST',
        'X-Forwarded-Uri': request.target,
        'X-Forwarded-Host': HOST,
      };
      changes.push(['/orders?x=2', { method: 'POST', headers: { ...sign(), ...spoofed } }]);
      if (profile === 'rfc9421')
        changes.push(['/orders?x=1', { method: 'POST', headers: { ...sign(), host: 'other.example', ...spoofed } }]);
      const before = backend.arrivals;
      for (const [target, changed] of changes) {
        const { status } = await ask(target, { ...changed, body: request.body, ...anotherClient() });
        expect([target, changed, status]).toEqual([target, changed, 401]);
      }
      expect(backend.arrivals).toBe(before);
    });

    test('whose body was changed reach the backend, which must compare it with Content-Digest', async () => {
      const headers = signedIn('rfc9421', { method: 'POST', target: '/orders', body: '{"n":1}' });
      const request = await arrived('/orders', { method: 'POST', headers, body: '{"n":2}' });
      expect(headerOf(request, 'content-digest')).not.toBe(`sha-256=:${request.bodyDigest}:`);
    });
  });

  test('a missing or invalid credential gets 401 with a challenge', async () => {
    const localAddress = `${network}.2`;
    const missing = await refused({ localAddress });
    expect(missing).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="rekey"' } });
    const bad = await refused({ localAddress, headers: { authorization: 'Bearer nonsense' } });
    expect(bad.status).toBe(401);
    expect(bad.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  test('a credential without the permission, such as a session, gets 403', async () => {
    expect((await refused({ headers: as(keys.plain) })).status).toBe(403);
    expect((await refused({ headers: { authorization: `Bearer ${admin.accessToken}` } })).status).toBe(403);
  });

  test('two different credentials, or a parameter that is misspelt in the configuration, get 400 without Retry-After', async () => {
    const both = { ...as(keys.full), authorization: `Bearer ${keys.bound.secret}` };
    const misspelt = await start({ ask: '/v1/verify?permissions=api:use' });
    for (const request of [{ headers: both }, { headers: as(keys.full), through: misspelt }]) {
      const answer = await refused(request);
      expect(answer.status).toBe(400);
      expect(answer.headers).not.toHaveProperty('retry-after');
    }
  });

  test('more headers than Rekey reads get 400 or 431 without Retry-After', async () => {
    const cookies = Array.from({ length: 3 }, () => ['cookie', `a=${'x'.repeat(7000)}`]).flat();
    const answer = await refused({ headers: ['host', 'api.example', 'x-api-key', keys.full.secret, ...cookies] });
    expect([400, 431]).toContain(answer.status);
    expect(answer.headers).not.toHaveProperty('retry-after');
  });

  test('the largest identity passes beside long headers of the client', async () => {
    const headers = { ...as(keys.largest), cookie: `a=${'x'.repeat(7000)}` };
    const identity = identityOf(await arrived('/orders', { headers }));
    expect(identity['x-rekey-permissions']![0]!.length).toBeGreaterThan(2000);
  });

  test('too many failures of one address get 429 with Retry-After, for that address only', async () => {
    const fail = (localAddress: string, forwardedFor: string) =>
      refused({
        localAddress,
        headers: { authorization: 'Bearer nonsense', 'x-forwarded-for': forwardedFor },
      });
    // The client changes the address that it claims with every request.
    const statuses: number[] = [];
    for (let i = 0; i < FAILURES_PER_MINUTE; i++) statuses.push((await fail(`${network}.3`, `192.0.2.${i}`)).status);
    const limited = await fail(`${network}.3`, '192.0.2.99');
    expect([...new Set(statuses)]).toEqual([401]);
    expect(limited).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
    expect((await fail(`${network}.4`, `${network}.3`)).status).toBe(401);
  });

  test('a key beyond its rate limit gets 429, which says how long to wait and what the limit is', async () => {
    const rateLimit = { requests: 2, windowSeconds: 3600 };
    const key = await app.apiKey(admin, { permissions: ['api:use'], rateLimit });
    for (const _ of [1, 2]) expect((await ask('/orders', { headers: as(key) })).status).toBe(200);
    const { status, headers } = await refused({ headers: as(key) });
    const seconds = headers['retry-after'];
    expect(status).toBe(429);
    expect(Number(seconds)).toBeGreaterThan(3000);
    expect([headers.ratelimit, headers['ratelimit-policy']]).toEqual([`"key";r=0;t=${seconds}`, '"key";q=2;w=3600']);
  });

  describe('no request reaches the backend when', () => {
    const expectUnavailable = async (request: RawRequest & { through?: Gateway }) => {
      const answer = await refused(request);
      expect(answer.status, gateway.log().slice(-2000)).toBe(503);
      expect(answer.headers['retry-after']).toBe('1');
    };

    test('Rekey is unreachable or does not answer: 503 with Retry-After', async () => {
      toRekey.cut();
      await expectUnavailable({ headers: as(keys.full) });
      await expectUnavailable({});
      await toRekey.heal();
      await arrived('/orders', { headers: as(keys.full) });
      toRekey.blackhole();
      await expectUnavailable({ headers: as(keys.full) });
      await toRekey.heal();
      await arrived('/orders', { headers: as(keys.full) });
    });

    test.skipIf(!postgresUrl)('the database of Rekey is unreachable: 503 with Retry-After', async () => {
      const headers = as(unseen.get(kind.name)!);
      database!.cut();
      await expectUnavailable({ headers });
      await database!.heal();
      await until('Rekey has its database again', async () => (await ask('/orders', { headers })).status === 200);
    });

    if (kind.files.length > 1) {
      test('the script of the gateway fails: 500 or 503', async () => {
        const through = await start({ mistake: ['name in ipairs(IDENTITY) do', 'name in ipairs(nothing) do'] });
        const answer = await refused({ through, headers: as(keys.full) });
        expect([500, 503]).toContain(answer.status);
      });
    }
  });
});
