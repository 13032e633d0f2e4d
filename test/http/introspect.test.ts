import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { type RawRequest, send } from '../support/raw.ts';

let app: TestApp;
let admin: Account;
let member: Account;
/** The API key of a service that introspects credentials of other users. */
let service: { id: string; secret: string };

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.admin();
  member = await app.member();
  service = await app.apiKey(admin, { scopes: ['INTROSPECT'], permissions: ['orders:read'] });
});
afterAll(() => app.close());

const FORM = 'application/x-www-form-urlencoded';

function introspect(body: string, headers: Record<string, string> = {}, method = 'POST') {
  const authorization = `Bearer ${service.secret}`;
  return send(app.url, '/v1/introspect', {
    method,
    headers: { authorization, 'content-type': FORM, ...headers },
    body,
  });
}

const ask = (token: string, more: Record<string, string> = {}) =>
  introspect(new URLSearchParams({ token, ...more }).toString());

const revoke = (apiKeyId: string) =>
  app.mutate('revokeApiKey', { apiKeyId }, '... on RevokeApiKeySuccess { apiKey { id } }', {
    bearer: admin.accessToken,
  });

describe('RFC 7662 §2.2: an active token is described', () => {
  test('an API key: its owner, its scopes, and no `exp` if it does not expire', async () => {
    const key = await app.apiKey(member, { scopes: ['API_KEYS_READ', 'WORKSPACES_READ'] });
    const answer = await ask(key.secret);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json).toEqual({
      active: true,
      iss: 'urn:rekey',
      sub: member.id,
      scope: 'API_KEYS_READ WORKSPACES_READ',
      token_type: 'Bearer',
      client_id: key.id,
      iat: expect.any(Number),
      credential: key.id,
      permissions: [],
    });
  });

  test('`iat` is when the presented secret was issued, also after a rotation', async () => {
    const key = await app.apiKey(member);
    await app.sql(`update api_keys set created_at = created_at - interval '1 hour' where id = ?`, [key.id]);
    const issued = (await ask(key.secret)).json.iat;
    expect(issued).toBeLessThan(Date.now() / 1000 - 3000);
    const { secret } = await app.as(member).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 60 }).expectSuccess();
    expect((await ask(secret)).json.iat).toBeGreaterThan(issued + 3000);
    expect((await ask(key.secret)).json.iat).toBe(issued);
  });

  test('an access token: its own `jti`, `iat` and `client_id`', async () => {
    const claims = JSON.parse(Buffer.from(member.accessToken.split('.')[1]!, 'base64url').toString());
    const { jti, iat, client_id } = (await ask(member.accessToken)).json;
    expect({ jti, iat, client_id }).toEqual({ jti: claims.jti, iat: claims.iat, client_id: claims.client_id });
  });

  test('an API key with permissions, and with `exp` in whole seconds', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const key = await app.apiKey(admin, { scopes: [], permissions: ['orders:read', 'orders:write'], expiresAt });
    expect((await ask(key.secret)).json).toMatchObject({
      scope: '',
      permissions: ['orders:read', 'orders:write'],
      exp: Math.floor(Date.parse(expiresAt) / 1000),
    });
  });

  test('an access token: its session and its user', async () => {
    const { json } = await ask(member.accessToken);
    expect(json).toMatchObject({ active: true, sub: member.id, credential: member.sessionId });
    const { exp } = JSON.parse(Buffer.from(member.accessToken.split('.')[1]!, 'base64url').toString());
    expect(json.exp).toBe(exp); // The end of the token, not of its session.
    expect(json.scope.split(' ')).toContain('SESSIONS_READ');
  });

  test('the previous secret of a rotated key: the end of its overlap, not of the key', async () => {
    const key = await app.apiKey(member);
    const { previousSecretExpiresAt } = await app.mutate(
      'rotateApiKey',
      { apiKeyId: key.id, overlapSeconds: 60 },
      '... on RotateApiKeySuccess { previousSecretExpiresAt }',
      { bearer: member.accessToken },
    );
    expect((await ask(key.secret)).json.exp).toBe(Math.floor(Date.parse(previousSecretExpiresAt) / 1000));
  });

  test('a service may introspect its own credential', async () => {
    expect((await ask(service.secret)).json).toMatchObject({ active: true, credential: service.id });
  });

  test('introspection is not counted as use of the credential', async () => {
    const key = await app.apiKey(member);
    await ask(key.secret);
    const { data } = await app.graphql(
      'query ($id: ID!) { apiKey(id: $id) { lastUsedAt } }',
      { id: key.id },
      { bearer: member.accessToken },
    );
    expect(data.apiKey.lastUsedAt).toBeNull();
  });

  test.each(['access_token', 'refresh_token', 'api_key', 'nonsense', ''])(
    'a wrong or unknown token_type_hint changes nothing: %j',
    async (token_type_hint) => {
      expect((await ask(service.secret, { token_type_hint })).json).toMatchObject({ active: true });
    },
  );
});

describe('RFC 7662 §2.2: an inactive token gets {"active":false} and nothing else', () => {
  const inactive = { status: 200, text: '{"active":false}' };

  test.each([
    ['garbage', 'garbage'],
    ['binary', '\0\u0001\u{1f511}'],
    ['white space', ' '],
    ['a very long token', 'x'.repeat(10_000)],
    ['an unknown secret with a checksum that is wrong', 'rka_000000000000000000000000000000000000'],
    ['an id', 'key_01J0000000000000000000000'],
    ['a JWT without a signature', 'eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJ1c3JfMSJ9.'],
  ])('%s', async (_, token) => {
    expect(await ask(token)).toMatchObject(inactive);
  });

  test('a revoked key', async () => {
    const key = await app.apiKey(admin);
    expect((await ask(key.secret)).json.active).toBe(true);
    await revoke(key.id);
    expect(await ask(key.secret)).toMatchObject(inactive);
  });

  test('the previous secret of a key that was rotated without overlap', async () => {
    const key = await app.apiKey(admin);
    await app.mutate('rotateApiKey', { apiKeyId: key.id }, '... on RotateApiKeySuccess { secret }', {
      bearer: admin.accessToken,
    });
    expect(await ask(key.secret)).toMatchObject(inactive);
  });

  test('an expired key', async () => {
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    const key = await app.apiKey(admin, { expiresAt });
    expect((await ask(key.secret)).json.active).toBe(true);
    await expect.poll(async () => (await ask(key.secret)).text, { timeout: 5_000 }).toBe('{"active":false}');
  });

  test('a refresh token of ours, because it authenticates no request', async () => {
    expect(await ask(member.refreshToken)).toMatchObject(inactive);
    expect(await ask(member.refreshToken, { token_type_hint: 'refresh_token' })).toMatchObject(inactive);
  });

  test('an access token after logout', async () => {
    const leaving = await app.member();
    await app.mutate('logout', null, '... on LogoutSuccess { session { id } }', { bearer: leaving.accessToken });
    expect(await ask(leaving.accessToken)).toMatchObject(inactive);
  });

  test('a JWT with our claims and the signature of another key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const [header, payload] = member.accessToken.split('.') as [string, string];
    const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    const forged = await new SignJWT(decode(payload)).setProtectedHeader(decode(header)).sign(privateKey);
    expect(await ask(forged)).toMatchObject(inactive);
  });
});

describe('RFC 7662 §2.1: authorization of the caller', () => {
  test('a caller without a credential gets 401', async () => {
    const answer = await send(app.url, '/v1/introspect', {
      method: 'POST',
      headers: { 'content-type': FORM },
      body: `token=${service.secret}`,
    });
    expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="rekey"' } });
    expect(answer.json).not.toHaveProperty('active');
  });

  test('a caller with an invalid credential gets 401 and nothing about the token', async () => {
    const answer = await introspect(`token=${service.secret}`, { authorization: 'Bearer nonsense' });
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="rekey", error="invalid_token"' },
    });
    expect(answer.json).not.toHaveProperty('active');
  });

  test('a caller with two different credentials gets 400', async () => {
    expect((await introspect('token=x', { 'x-api-key': makeSecret('rka') })).status).toBe(400);
  });

  test('a caller without the scope INTROSPECT gets 403, even for its own credential', async () => {
    const own = await app.apiKey(member);
    for (const secret of [own.secret, member.accessToken]) {
      const answer = await introspect(`token=${secret}`, { authorization: `Bearer ${secret}` });
      expect(answer.status).toBe(403);
      expect(answer.json).toEqual({ error: 'forbidden', error_description: expect.stringContaining('INTROSPECT') });
    }
  });

  test('an administrator may introspect with a session', async () => {
    expect((await introspect('token=x', { authorization: `Bearer ${admin.accessToken}` })).text).toBe(
      '{"active":false}',
    );
  });
});

describe('RFC 7662 §2.1: the form of the request', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('only POST is allowed: %s gets 405', async (method) => {
    const answer = await introspect('', { 'content-length': '0' }, method);
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  test('the token is never read from the URL', async () => {
    const headers = { authorization: `Bearer ${service.secret}` };
    expect((await send(app.url, `/v1/introspect?token=${service.secret}`, { headers })).status).toBe(405);
    const posted = { method: 'POST', headers: { ...headers, 'content-type': FORM }, body: '' };
    expect((await send(app.url, `/v1/introspect?token=${service.secret}`, posted)).status).toBe(400);
  });

  test.each([
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain',
    '',
    'application/x-www-form-urlencoded-ish',
  ])('only a form is accepted: %j gets 400', async (type) => {
    const answer = await introspect(`token=${service.secret}`, { 'content-type': type });
    expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
    expect(answer.text).not.toContain('active');
  });

  test.each(['application/x-www-form-urlencoded; charset=UTF-8', 'Application/X-WWW-Form-URLencoded;charset=utf-8'])(
    'a media type with parameters is accepted: %s',
    async (type) => {
      const answer = await introspect(`token=${service.secret}`, { 'content-type': type });
      expect(answer.json).toMatchObject({ active: true });
    },
  );

  test.each(['charset=utf-16', 'charset="iso-8859-1"', 'charset=utf-8; charset=latin1', 'charset='])(
    'only UTF-8 is accepted: %s gets 415',
    async (parameter) => {
      const answer = await introspect(`token=${service.secret}`, { 'content-type': `${FORM}; ${parameter}` });
      expect(answer).toMatchObject({ status: 415, json: { error: 'invalid_request' } });
      expect(answer.text).not.toContain('active');
    },
  );

  test.each([
    ['bytes of Latin-1', Buffer.from('token=Gr\u00fc\u00dfe', 'latin1')],
    ['percent-encoded bytes of Latin-1', Buffer.from('token=Gr%FC%DFe')],
    ['a lone surrogate', Buffer.from('746f6b656e3deda080', 'hex')],
    ['a percent-encoded lone surrogate', Buffer.from('token=%ED%A0%80')],
    ['a percent sign that begins no encoding', Buffer.from('token=%zz')],
    ['ill-formed UTF-8 in another parameter', Buffer.from(`token=x&token_type_hint=%FF`)],
  ])('a form that is not valid UTF-8 gets 400: %s', async (_, body) => {
    const answer = await send(app.url, '/v1/introspect', {
      method: 'POST',
      headers: { authorization: `Bearer ${service.secret}`, 'content-type': FORM },
      body,
    });
    expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
    expect(answer.text).not.toContain('active');
  });

  test.each([
    ['no token', ''],
    ['an empty token', 'token='],
    ['two tokens', 'token=a&token=b'],
    ['another parameter alone', 'access_token=a'],
  ])('%s gets 400', async (_, body) => {
    const answer = await introspect(body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
  });

  test('the token may be percent-encoded, and a plus is a space', async () => {
    const encoded = [...service.secret].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
    expect((await introspect(`token=${encoded}`)).json).toMatchObject({ active: true });
    expect((await introspect(`token=+${service.secret}`)).json).toEqual({ active: false });
  });

  test.each([17_000, 5_000_000])('a body of %i bytes gets 413 instead of a closed connection', async (size) => {
    const body = `token=${'x'.repeat(size)}`;
    const authorization = `Bearer ${service.secret}`;
    for (const request of [
      { method: 'POST', headers: { authorization, 'content-type': FORM, 'content-length': size + 6 }, body },
      { method: 'POST', headers: { authorization, 'content-type': FORM, 'transfer-encoding': 'chunked' }, body },
    ] satisfies RawRequest[]) {
      expect(await send(app.url, '/v1/introspect', request)).toMatchObject({
        status: 413,
        json: { error: 'invalid_request' },
      });
    }
  });

  test('no response may be cached, whatever its status', async () => {
    const answers = await Promise.all([
      ask(service.secret),
      ask('garbage'),
      introspect(''),
      introspect('token=x', { authorization: 'Bearer nonsense' }),
      introspect('token=x', { authorization: `Bearer ${member.accessToken}` }),
      introspect('', {}, 'PUT'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 401, 403, 405]);
    for (const { headers } of answers) {
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    }
  });

  test('no introspected token reaches the log', async () => {
    const key = await app.apiKey(member);
    await ask(key.secret);
    await ask(`${key.secret.slice(0, -1)}!`);
    const log = app.log.join('');
    expect(log).not.toContain(key.secret);
    expect(log).not.toContain(member.accessToken);
  });
});

test('with REKEY_INTROSPECTION_USERNAME, a token of a user has the email address, and the read is in the audit log', async () => {
  const named = await startTestApp({ env: { REKEY_INTROSPECTION_USERNAME: 'on' } });
  try {
    const owner = await named.admin();
    const [user, key] = [await named.member(), await named.apiKey(owner, { scopes: ['INTROSPECT'] })];
    const workspaceId = await named.workspace(owner);
    const daemon = await named.daemonToken(owner, workspaceId);
    const ask = async (token: string) => {
      const headers = { authorization: `Bearer ${key.secret}`, 'content-type': FORM };
      return (await send(named.url, '/v1/introspect', { method: 'POST', headers, body: `token=${token}` })).json;
    };
    expect(await ask(user.accessToken)).toMatchObject({ active: true, sub: user.id, username: user.email });
    expect(await ask(key.secret)).toMatchObject({ username: owner.email });
    expect(await ask(daemon.secret)).not.toHaveProperty('username');
    expect(await ask('unknown')).toEqual({ active: false });
    const reads = await named.sql(`select subject_id, data from audit_events where type = 'personal-data.read'`);
    expect(reads).toMatchObject([{ subject_id: user.id, data: { fields: ['User.email'], count: 1 } }]);
  } finally {
    await named.close();
  }
});
