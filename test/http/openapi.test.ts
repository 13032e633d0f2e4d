// What /openapi.json says, compared with what the running service answers.
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPENAPI } from '../../src/http/openapi.ts';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { poll } from '../support/live.ts';
import { type RawAnswer, type RawRequest, send } from '../support/raw.ts';

let app: TestApp;
let admin: Account;
let service: { id: string; secret: string };
beforeAll(async () => {
  app = await startTestApp({ env: { REKEY_ISSUER: 'https://auth.example.com', REKEY_FAILED_AUTH_PER_MINUTE: '40' } });
  admin = await app.admin();
  service = await app.apiKey(admin, { scopes: ['INTROSPECT'], permissions: ['orders:read'] });
});
afterAll(() => app.close());

interface Described {
  headers?: Record<string, { $ref: string } | { schema: object }>;
  content?: Record<string, { schema: object }>;
}
type Operations = Record<string, Record<string, { responses: Record<string, Described> }>>;

const ajv = new Ajv2020({ strict: false });
(formats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema({ $id: 'openapi', ...OPENAPI });
/** A schema of the document, with references into it. */
const inDocument = (schema: object) => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'));

/** Throws if the response is not one of those that the document describes. */
function check(path: string, method: string, answer: RawAnswer): void {
  const operation = (OPENAPI.paths as unknown as Operations)[path]?.[method.toLowerCase()];
  const described = operation?.responses[String(answer.status)];
  if (!described) throw new Error(`${method} ${path} returned ${answer.status}, which is not described.`);
  const schema = described.content?.['application/json']?.schema;
  if (schema && !ajv.validate(inDocument(schema), answer.json))
    throw new Error(`${method} ${path} ${answer.status}: ${ajv.errorsText()} in ${answer.text}`);
  if (!described.content) expect(answer.text).toBe(path === '/livez' ? 'ok' : '');
  for (const name of Object.keys(described.headers ?? {}))
    if (!OPTIONAL.has(name))
      expect(answer.headers, `${method} ${path} ${answer.status}`).toHaveProperty(name.toLowerCase());
}

/** Only where the client asks for it, where something was revoked, or for a credential with a rate limit. */
const OPTIONAL = new Set(['X-Rekey-Position', 'X-Rekey-Receipt', 'RateLimit', 'RateLimit-Policy']);

test('the document is valid OpenAPI 3.1', async () => {
  const { json, status } = await send(app.url, '/openapi.json');
  expect(status).toBe(200);
  const result = await new Validator().validate(json);
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
});

test('it has every endpoint of the service but GraphQL, the page at / and itself', async () => {
  const others = ['/', '/graphql', '/openapi.json'];
  expect(Object.keys(OPENAPI.paths).toSorted()).toEqual(
    app.app.paths.filter((path) => !others.includes(path)).toSorted(),
  );
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

describe('the service answers as the document says', () => {
  const ask = async (path: string, request: RawRequest = {}) => {
    const answer = await send(app.url, path, request);
    check(path.split('?', 1)[0]!, request.method ?? 'GET', answer);
    return answer.status;
  };
  const post = (path: string, body: string, headers: Record<string, string>) =>
    ask(path, { method: 'POST', headers: { ...FORM, ...headers }, body });

  test('/v1/verify', async () => {
    expect(await ask('/v1/verify', { headers: bearer(service.secret) })).toBe(204);
    expect(await ask('/v1/verify?permission=orders:read', { method: 'POST', headers: bearer(service.secret) })).toBe(
      204,
    );
    expect(await ask('/v1/verify?permission=orders:write', { headers: bearer(service.secret) })).toBe(403);
    expect(await ask('/v1/verify')).toBe(401);
    expect(await ask('/v1/verify?x=1', { headers: bearer(service.secret) })).toBe(400);
  });

  test('/v1/verify, for a key with a rate limit', async () => {
    const key = await app.apiKey(admin, { rateLimit: { requests: 1, windowSeconds: 60 } });
    for (const status of [204, 429]) {
      const answer = await send(app.url, '/v1/verify', { headers: bearer(key.secret) });
      check('/v1/verify', 'GET', answer);
      expect(answer.status).toBe(status);
      const described = (OPENAPI.paths as unknown as Operations)['/v1/verify']!.get!.responses[status]!.headers!;
      for (const name of ['RateLimit', 'RateLimit-Policy']) {
        expect(described).toHaveProperty(name);
        expect(answer.headers).toHaveProperty(name.toLowerCase());
      }
    }
  });

  test('/v1/introspect', async () => {
    const workspaceId = await app.workspace(admin);
    const metadata = [{ key: 'team', value: 'a' }];
    const key = await app.apiKey(admin, { workspaceId, metadata, allowedAddresses: ['127.0.0.0/8'] });
    for (const token of [service.secret, key.secret, admin.accessToken, 'unknown'])
      expect(await post('/v1/introspect', `token=${token}`, bearer(service.secret))).toBe(200);
    expect(await post('/v1/introspect', 'token=x', {})).toBe(401);
    expect(await post('/v1/introspect', 'token=x', bearer((await app.apiKey(admin)).secret))).toBe(403);
    expect(await post('/v1/introspect', '', bearer(service.secret))).toBe(400);
    expect(await post('/v1/introspect', `token=${'x'.repeat(20_000)}`, bearer(service.secret))).toBe(413);
    const latin = { 'content-type': 'application/x-www-form-urlencoded; charset=latin1' };
    expect(await post('/v1/introspect', 'token=x', { ...bearer(service.secret), ...latin })).toBe(415);
  });

  test('/v1/revoke', async () => {
    const key = await app.apiKey(admin);
    expect(await post('/v1/revoke', `token=${key.secret}`, {})).toBe(200);
    expect(await post('/v1/revoke', 'token=unknown', {})).toBe(200);
    expect(await post('/v1/revoke', '', {})).toBe(400);
  });

  test('/v1/revocations', async () => {
    const key = await app.apiKey(admin);
    const { position } = (await poll(app.url, { bearer: service.secret })).json;
    await app.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    expect(await ask(`/v1/revocations?after=${position}`, { headers: bearer(service.secret) })).toBe(200);
    expect(await ask('/v1/revocations', { headers: bearer(service.secret) })).toBe(200);
    expect(await ask('/v1/revocations?after=x', { headers: bearer(service.secret) })).toBe(400);
    expect(await ask('/v1/revocations')).toBe(401);
  });

  test('the endpoints without a credential', async () => {
    for (const path of [
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
      '/livez',
      '/readyz',
      '/metrics',
    ])
      expect(await ask(path), path).toBe(200);
  });

  test('an address with too many failures', async () => {
    let status = 0;
    for (let call = 0; call < 60 && status !== 429; call++)
      status = await ask('/v1/verify', { headers: bearer('unknown') });
    expect(status).toBe(429);
  });
});
