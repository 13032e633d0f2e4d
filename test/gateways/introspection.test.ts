// What src/http/README.md promises for Apache with mod_auth_openidc, with the configuration file that it shows.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import {
  type Arrived,
  type Backend,
  findGateway,
  type Gateway,
  startBackend,
  startGateway,
} from '../support/gateways.ts';
import { INTROSPECTING_APACHE, introspectingApache, startTls, type Tls } from '../support/introspecting-apache.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { type RawRequest, send } from '../support/raw.ts';

const EXPIRES_AT = '2099-12-31T23:59:59.000Z';
const PERMISSION = 'Require claim permissions:api:use';
const SCOPE = 'Require claim "scope~(^| )API_KEYS_READ( |$)"';
const refused401 = { status: 401, reached: false };
const permissions = ['api:use', 'orders:read'];

describe.skipIf(findGateway(INTROSPECTING_APACHE) === null)('mod_auth_openidc', () => {
  let app: TestApp;
  let admin: Account;
  let backend: Backend;
  let toRekey: TcpProxy;
  let tls: Tls;
  let gateway: Gateway;
  let caller: { id: string; secret: string };
  const started: Gateway[] = [];

  const start = async (mistake?: [string, string]) => {
    const kind = introspectingApache(tls, caller);
    const another = await startGateway(kind, { rekey: app.url, backend: backend.url, ...(mistake ? { mistake } : {}) });
    started.push(another);
    return another;
  };
  beforeAll(async () => {
    app = await startTestApp();
    admin = await app.admin();
    caller = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    backend = await startBackend();
    toRekey = await startProxy({ host: '127.0.0.1', port: Number(new URL(app.url).port) });
    tls = await startTls(`http://127.0.0.1:${toRekey.port}`);
    gateway = await start();
  });
  afterAll(async () => {
    for (const each of started) await each.stop();
    await tls?.close();
    await toRekey?.close();
    await backend?.close();
    await app?.close();
  });

  const ask = async (secret: string | null, request: RawRequest = {}, through = gateway) => {
    const before = backend.arrivals;
    const credential = secret === null ? {} : { authorization: `Bearer ${secret}` };
    const answer = await send(through.url, '/orders', { ...request, headers: { ...credential, ...request.headers } });
    return { ...answer, reached: backend.arrivals > before };
  };
  const refusal = async (secret: string | null, request: RawRequest = {}, through = gateway) => {
    const { status, headers, reached } = await ask(secret, request, through);
    return { status, reached, challenge: headers['www-authenticate'] ?? null };
  };
  const claimsOf = ({ rawHeaders }: Arrived): Record<string, string[]> => {
    const found: Record<string, string[]> = {};
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]!.replaceAll('-', '_').toLowerCase();
      if (name.startsWith('oidc_claim_')) (found[name.slice('oidc_claim_'.length)] ??= []).push(rawHeaders[index + 1]!);
    }
    return found;
  };

  test('the backend gets the claims of a valid credential, and none that the client has written', async () => {
    const key = await app.apiKey(admin, { permissions, scopes: ['API_KEYS_READ', 'SESSIONS_READ'] });
    const forged = { OIDC_CLAIM_sub: 'FORGED', 'oidc-claim-permissions': 'FORGED', 'OIDC-CLAIM_workspace': 'FORGED' };
    const { status, json } = await ask(key.secret, { headers: forged });
    expect(status, gateway.log()).toBe(200);
    expect(claimsOf(json)).toMatchObject({
      active: ['1'],
      sub: [admin.id],
      credential: [key.id],
      client_id: [key.id],
      permissions: [permissions.join(',')],
      scope: ['API_KEYS_READ SESSIONS_READ'],
    });
    expect(JSON.stringify(json)).not.toContain('FORGED');
  });

  test('an access token is introspected, too', async () => {
    const granted = await start([PERMISSION, `Require claim sub:${admin.id}`]);
    expect(await ask(admin.accessToken, {}, granted)).toMatchObject({ status: 200, reached: true });
  });

  test('a missing or an invalid credential gets 401 with a challenge', async () => {
    expect(await refusal(null)).toEqual({
      ...refused401,
      challenge: expect.stringContaining('Bearer error="invalid_request"'),
    });
    expect(await refusal('nonsense')).toEqual({
      ...refused401,
      challenge: expect.stringContaining('Bearer error="invalid_token"'),
    });
    const { secret } = await app.apiKey(admin, { permissions });
    expect(await refusal(null, { headers: { 'x-api-key': secret } })).toMatchObject({ status: 401, reached: false });
  });

  test.each([
    ['a key', {}],
    ['a key that expires', { expiresAt: EXPIRES_AT }],
  ])('%s is rejected by the first request after its revocation', async (_, more) => {
    const key = await app.apiKey(admin, { permissions, ...more });
    for (const _ of [1, 2]) expect(await ask(key.secret)).toMatchObject({ status: 200, reached: true });
    await app.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    expect(await refusal(key.secret)).toMatchObject({ status: 401, reached: false });
  });

  test('without the line against its cache, the module would accept a revoked credential', async () => {
    const caching = await start(['OIDCOAuthTokenIntrospectionInterval -1', '']);
    const key = await app.apiKey(admin, { permissions, expiresAt: EXPIRES_AT });
    expect(await ask(key.secret, {}, caching)).toMatchObject({ status: 200 });
    await app.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    expect(await ask(key.secret, {}, caching)).toMatchObject({ status: 200, reached: true });
  });

  test('a credential without the permission, or without the scope, gets 403', async () => {
    const plain = await app.apiKey(admin, { scopes: ['API_KEYS_WRITE'], permissions: ['api:used', 'api'] });
    expect(await refusal(plain.secret)).toMatchObject({ status: 403, reached: false });
    const scoped = await start([PERMISSION, SCOPE]);
    expect(await refusal(plain.secret, {}, scoped)).toMatchObject({ status: 403, reached: false });
    const reader = await app.apiKey(admin, { scopes: ['API_KEYS_READ'] });
    expect(await ask(reader.secret, {}, scoped)).toMatchObject({ status: 200 });
  });

  test('OPTIONS gets 401 or 403, with and without a credential: its claims could be those of the client', async () => {
    const { secret } = await app.apiKey(admin, { permissions });
    const forged = { OIDC_CLAIM_sub: 'FORGED', 'access-control-request-method': 'POST' };
    for (const each of [null, secret]) {
      const { status, reached } = await refusal(each, { method: 'OPTIONS', headers: forged });
      expect([401, 403]).toContain(status);
      expect(reached).toBe(false);
    }
  });

  test('a key with allowed addresses gets 403, because the module does not compare them', async () => {
    const { secret } = await app.apiKey(admin, { permissions, allowedAddresses: ['192.0.2.1'] });
    expect(await refusal(secret)).toMatchObject({ status: 403, reached: false });
  });

  test('no request reaches the backend while Rekey is unreachable', async () => {
    const { secret } = await app.apiKey(admin, { permissions });
    expect(await ask(secret)).toMatchObject({ status: 200 });
    toRekey.cut();
    expect(await refusal(secret)).toMatchObject({ status: 401, reached: false });
    await toRekey.heal();
    expect(await ask(secret)).toMatchObject({ status: 200 });
  });
});
