// Forged access tokens: all get the same response, and the service makes no outbound request for any of them. This is the
// set that every verifier must reject. Changes to the text of a token are in `test/sessions/access-token.test.ts`.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
  type SignOptions,
  UnsecuredJWT,
} from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { PRIVATE_JWT_KEY } from '../../src/sessions/jwt-key.entity.ts';
import { type Account, MASTER_KEY, startTestApp, type TestApp } from '../support/app.ts';
import { sendBytes } from '../support/raw.ts';
import { claimsOf, login } from '../support/sessions.ts';

const ISSUER = 'urn:rekey';
const REFUSAL = {
  status: 401,
  challenge: 'Bearer realm="rekey", error="invalid_token"',
  body: '{"error":"unauthenticated","error_description":"The credential is not valid."}',
};

describe('a forged access token', () => {
  let app: TestApp;
  let member: Account;
  let otherMember: Account;
  let ours: KeyObject;
  let kid: string;
  let otherKid: string;
  let publicX: string;
  let theirs: CryptoKey;
  let theirPublic: JWK;
  let genuine: JWTPayload;
  /** Every address that this process connects to, and every name that it looks up. */
  let destinations: string[];

  beforeAll(async () => {
    app = await startTestApp({ env: { REKEY_MASTER_KEY: MASTER_KEY } });
    [member, otherMember] = [await app.member(), await app.member()];
    const rows = await app.sql('select kid, state, private_sealed from jwt_keys');
    const current = rows.find(({ state }) => state === 'CURRENT');
    ({ kid } = current);
    otherKid = rows.find(({ state }) => state === 'NEXT').kid;
    ours = createPrivateKey(app.app.sealer.openNow(PRIVATE_JWT_KEY, { id: kid }, current.private_sealed));
    ({ x: publicX } = app.app.jwtKeys.jwks.keys.find((key) => key.kid === kid) as { x: string });
    const { privateKey, publicKey } = await generateKeyPair('EdDSA');
    theirs = privateKey;
    theirPublic = await exportJWK(publicKey);
    genuine = claimsOf(member.accessToken);
  });
  afterAll(() => app?.close());

  beforeEach(() => {
    destinations = [];
    const connect = Socket.prototype.connect;
    vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
      const [first] = args.flat() as { host?: string; port?: number; path?: string }[];
      destinations.push(`${first?.host ?? first?.path}:${first?.port}`);
      return connect.apply(this, args as Parameters<typeof connect>);
    });
    const { lookup } = dns;
    vi.spyOn(dns, 'lookup').mockImplementation(((name: string, ...rest: unknown[]) => {
      destinations.push(`lookup ${name}`);
      return (lookup as (...args: unknown[]) => unknown)(name, ...rest);
    }) as never);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    const { hostname, port } = new URL(app.url);
    expect(destinations.filter((each) => each !== `${hostname}:${port}`)).toEqual([]);
  });

  async function present(token: string) {
    const response = await fetch(`${app.url}/v1/verify`, { headers: { authorization: `Bearer ${token}` } });
    const challenge = response.headers.get('www-authenticate');
    return { status: response.status, challenge, body: await response.text() };
  }
  const sign = (
    header: object = {},
    claims: object = {},
    key: KeyObject | CryptoKey | Uint8Array = ours,
    options: SignOptions = {},
  ) =>
    new SignJWT({ ...genuine, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid, ...header } as JWTHeaderParameters)
      .sign(key, options);
  const now = () => Math.floor(Date.now() / 1000);

  test('would be noticed if it caused a connection from this process', async () => {
    const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await fetch(`http://127.0.0.1:${port}/jwks.json`);
    expect(destinations).toContain(`127.0.0.1:${port}`);
    destinations = [];
  });

  test('is compared with a valid token that is made in the same way', async () => {
    expect((await present(member.accessToken)).status).toBe(204);
    expect((await present(await sign({}, { jti: 'made here' }))).status).toBe(204);
  });

  const forgeries: [what: string, forge: () => string | Promise<string>][] = [
    [
      'alg none',
      () => {
        const [, payload] = new UnsecuredJWT(genuine).encode().split('.');
        return `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid })).toString('base64url')}.${payload}.`;
      },
    ],
    [
      'alg none with a signature',
      async () =>
        (await sign()).replace(
          /^[^.]+/,
          Buffer.from(`{"alg":"none","typ":"at+jwt","kid":"${kid}"}`).toString('base64url'),
        ),
    ],
    ['HS256 with the public key as its secret', () => sign({ alg: 'HS256' }, {}, Buffer.from(publicX, 'base64url'))],
    ['HS256 with the text of the public key', () => sign({ alg: 'HS256' }, {}, Buffer.from(publicX.padEnd(64)))],
    ['another service’s key under our kid', () => sign({}, {}, theirs)],
    ['another service’s key under its own kid', () => sign({ kid: 'theirs' }, {}, theirs)],
    ['the kid of another key of ours', () => sign({ kid: otherKid })],
    ['a kid like a path', () => sign({ kid: '../../../../dev/null' })],
    ['a kid like SQL', () => sign({ kid: "' union select public_jwk from jwt_keys --" })],
    ['a kid like a URL', () => sign({ kid: 'https://keys.evil.example/jwks.json' }, {}, theirs)],
    ['no kid', () => sign({ kid: undefined })],
    ['jku', () => sign({ jku: 'https://keys.evil.example/jwks.json' }, {}, theirs)],
    ['x5u', () => sign({ x5u: 'https://keys.evil.example/chain.pem' }, {}, theirs)],
    ['an embedded jwk that it was signed with', () => sign({ jwk: theirPublic }, {}, theirs)],
    ['an unknown crit, signed by us', () => sign({ crit: ['hsm'], hsm: true }, {}, ours, { crit: { hsm: true } })],
    ['typ JWT', () => sign({ typ: 'JWT' })],
    ['no typ', () => sign({ typ: undefined })],
    ['the typ of an ID token', () => sign({ typ: 'id+jwt' })],
    ['another issuer', () => sign({}, { iss: 'https://evil.example' })],
    ['another audience', () => sign({}, { aud: 'https://another.example' })],
    ['no jti', () => sign({}, { jti: undefined })],
    ['an empty jti (F2.8)', () => sign({}, { jti: '' })],
    ['no exp', () => sign({}, { exp: undefined })],
    ['expired a second ago', () => sign({}, { iat: now() - 300, exp: now() - 1 })],
    ['not valid yet', () => sign({}, { nbf: now() + 60 })],
    ['the subject of another user', () => sign({}, { sub: otherMember.id })],
    ['the session of another user', () => sign({}, { sid: otherMember.sessionId })],
    ['an unknown session', () => sign({}, { sid: 'ses_00000000000000000000000000' })],
    ['a refresh token', () => member.refreshToken],
    ['F3.2: an opaque token', () => `at_${'0123456789abcdef'.repeat(4)}`],
    ['signed by us, and longer than any that we issue', () => sign({}, { padding: 'A'.repeat(6200) })],
    ['as long as a header can be', () => `eyJ${'A'.repeat(12_000)}.${'A'.repeat(900)}.${'A'.repeat(86)}`],
  ];
  test.each(forgeries)('is rejected with the common response: %s', async (_what, forge) => {
    expect(await present(await forge())).toEqual(REFUSAL);
  });

  test('gains no scope from its own claims', async () => {
    const bearer = await sign({}, { jti: 'promoted', scope: 'ADMIN INTROSPECT', role: 'ADMIN' });
    const { data, errors } = await app.graphql('{ users { nodes { id } } }', {}, { bearer });
    expect([data, errors?.[0]?.extensions.code]).toEqual([null, 'FORBIDDEN']);
  });

  test('of 1 MB is rejected before it is read completely, and the service continues', async () => {
    const token = `eyJ${'A'.repeat(1024 * 1024)}.A.A`;
    const answer = await sendBytes(
      app.url,
      `GET /v1/verify HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^(HTTP\/1\.1 431 |$)/); // Node rejects it before our code runs, or closes the connection.
    const introspected = await app.app.services.introspect(token);
    expect(introspected).toBeNull();
    expect((await present((await login(app, member)).accessToken)).status).toBe(204);
  });

  test('is inactive in introspection, like an unknown token', async () => {
    const admin = await app.admin();
    const introspect = async (token: string) => {
      const headers = {
        authorization: `Bearer ${admin.accessToken}`,
        'content-type': 'application/x-www-form-urlencoded',
      };
      const response = await fetch(`${app.url}/v1/introspect`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ token }),
      });
      return [response.status, await response.text()];
    };
    for (const token of [await sign({}, {}, theirs), await sign({}, { exp: 1 }), member.refreshToken, 'x']) {
      expect(await introspect(token)).toEqual([200, '{"active":false}']);
    }
  });

  test('would need the claims of every valid token: issuer, audience and those of RFC 9068', () => {
    expect(genuine).toMatchObject({
      iss: ISSUER,
      aud: ISSUER,
      client_id: ISSUER,
      sub: member.id,
      sid: member.sessionId,
    });
    expect(genuine.exp! - genuine.iat!).toBe(300);
    expect(genuine.jti).toMatch(new RegExp(`^${member.sessionId}\\.[0-9a-f-]{36}$`));
    expect((genuine.scope as string).split(' ')).toContain('SESSIONS_READ');
  });
});
