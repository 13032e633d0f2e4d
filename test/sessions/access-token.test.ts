// Malformed and forged tokens, sent to a service that verifies valid ones.
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { hasFormOfAccessToken } from '../../src/sessions/access-token.ts';
import { PRIVATE_JWT_KEY } from '../../src/sessions/jwt-key.entity.ts';
import { MASTER_KEY, startTestApp, type TestApp } from '../support/app.ts';
import { databasesAt } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy } from '../support/proxy.ts';
import { send } from '../support/raw.ts';

type Json = Record<string, unknown>;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Json;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A compact JWS with this header and payload, and with the signature that `signature` makes. */
function jws(header: Json, payload: unknown, signature: (input: string) => string): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signature(input)}`;
}

const byEd25519 = (key: KeyObject) => (input: string) => sign(null, Buffer.from(input), key).toString('base64url');
const byHmac = (key: string | Buffer) => (input: string) => createHmac('sha256', key).update(input).digest('base64url');

/** The service's own key, as only its operator can have it. */
async function signingKey(app: TestApp): Promise<{ kid: string; privateKey: string }> {
  const [row] = await app.app.database
    .fork()
    .execute<{ kid: string; private_sealed: string }[]>(`select kid, private_sealed from jwt_keys`);
  const { sealer } = app.app;
  return { kid: row!.kid, privateKey: sealer.openNow(PRIVATE_JWT_KEY, { id: row!.kid }, row!.private_sealed) };
}

async function present(app: TestApp, token: string) {
  const response = await fetch(`${app.url}/v1/verify`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body: await response.text() };
}

describe('the form of a token', () => {
  const beginning = encode({ alg: 'EdDSA', typ: 'at+jwt', kid: 'kid' });

  test('accepts one encoding of the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.base64String(), (bytes, text) => {
        const canonical = Buffer.from(bytes).toString('base64url');
        expect(hasFormOfAccessToken(`${beginning}.${canonical}.${canonical}`)).toBe(true);
        const given = text.replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
        const isCanonical = given !== '' && Buffer.from(given, 'base64url').toString('base64url') === given;
        expect(hasFormOfAccessToken(`${beginning}.${given}.AAAA`)).toBe(isCanonical);
        expect(hasFormOfAccessToken(`${beginning}.AAAA.${given}`)).toBe(isCanonical);
      }),
    );
  });

  test.each(['', '.', '..', beginning, `${beginning}.`, `${beginning}..`, `${beginning}.e30.`, `${beginning}..e30`])(
    'rejects %j',
    (text) => {
      expect(hasFormOfAccessToken(text)).toBe(false);
    },
  );
});

describe('an access token', () => {
  let app: TestApp;
  let header: Json;
  let claims: Json;
  let genuine: string;
  let ours: (input: string) => string;
  const theirs = generateKeyPairSync('ed25519');

  beforeAll(async () => {
    app = await startTestApp({ env: { REKEY_MASTER_KEY: MASTER_KEY } });
    genuine = (await app.admin()).accessToken;
    [header, claims] = genuine.split('.').slice(0, 2).map(decode) as [Json, Json];
    ours = byEd25519(createPrivateKey((await signingKey(app)).privateKey));
  });

  afterAll(() => app?.close());

  async function expectRefused(token: string, what: string) {
    expect(await present(app, token), what).toEqual({
      status: 401,
      challenge: 'Bearer realm="rekey", error="invalid_token"',
      body: '{"error":"unauthenticated","error_description":"The credential is not valid."}',
    });
    const { status, data, errors } = await app.graphql('{ viewer { user { id } } }', {}, { bearer: token });
    expect({ status, data, errors }, what).toEqual({
      status: 401,
      data: undefined,
      errors: [{ message: 'The credential is not valid.', extensions: { code: 'UNAUTHENTICATED' } }],
    });
  }

  test('is accepted if these tests make it with valid contents', async () => {
    expect((await present(app, genuine)).status).toBe(204);
    expect((await present(app, jws(header, { ...claims, jti: 'another' }, ours))).status).toBe(204);
  });

  test('is rejected with another algorithm than EdDSA', async () => {
    const [jwk] = (await (await fetch(`${app.url}/.well-known/jwks.json`)).json()).keys;
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'EDDSA', 'eddsa']) {
      await expectRefused(
        jws({ ...header, alg }, claims, () => ''),
        `alg ${alg} without a signature`,
      );
      await expectRefused(jws({ ...header, alg }, claims, ours), `alg ${alg}, signed`);
    }
    await expectRefused(jws({ ...header, alg: undefined }, claims, ours), 'no alg');
    await expectRefused(jws({ ...header, alg: ['EdDSA'] }, claims, ours), 'alg as a list');
    // The public key is public. As a secret for HMAC, any client could sign with it.
    const secrets = [publicPem, publicPem.trim(), jwk.x, Buffer.from(jwk.x, 'base64url'), JSON.stringify(jwk), ''];
    for (const secret of secrets) {
      await expectRefused(jws({ ...header, alg: 'HS256' }, claims, byHmac(secret)), 'HS256 with the public key');
    }
  });

  test('is rejected if its header contains or references its own key', async () => {
    const requested: string[] = [];
    const jwk = { ...theirs.publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'EdDSA', use: 'sig' };
    const server = createServer((request, response) => {
      requested.push(request.url ?? '');
      response.end(JSON.stringify({ keys: [{ ...jwk, kid: header.kid }, jwk] }));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const jku = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
    for (const kid of [header.kid, 'mine', undefined]) {
      for (const pointer of [{ jwk }, { jku }, { x5u: jku }, { x5c: ['MIIB'] }, { 'x5t#S256': 'AAAA' }]) {
        const token = jws({ ...header, kid, ...pointer }, claims, byEd25519(theirs.privateKey));
        await expectRefused(token, `kid ${kid} with ${Object.keys(pointer)}`);
      }
    }
    expect(requested).toEqual([]);
  });

  test('is rejected with an unknown key id', async () => {
    const kids = [
      ...['../../../dev/null', "' or '1'='1", '__proto__', 'constructor', '%00', `${header.kid} `, 'a'.repeat(4000)],
      ...['', 0, 1, true, null, [], [header.kid], {}, { kid: header.kid }, undefined],
    ];
    for (const kid of kids) await expectRefused(jws({ ...header, kid }, claims, ours), `kid ${JSON.stringify(kid)}`);
  });

  test('is rejected with an unsupported extension', async () => {
    await expectRefused(jws({ ...header, crit: ['exp'] }, claims, ours), 'crit exp');
    await expectRefused(jws({ ...header, crit: [] }, claims, ours), 'crit empty');
    await expectRefused(jws({ ...header, crit: 'b64', b64: false }, claims, ours), 'crit of a wrong type');
    await expectRefused(jws({ ...header, crit: ['b64'], b64: false }, claims, ours), 'an unencoded payload');
    await expectRefused(jws({ ...header, crit: ['b64'], b64: 'no' }, claims, ours), 'b64 of a wrong type');
    await expectRefused(
      jws({ ...header, zip: 'DEF', enc: 'A256GCM' }, claims, () => 'AAAA'),
      'an encrypted one',
    );
  });

  test('is rejected if it has another type', async () => {
    for (const typ of [undefined, 'JWT', 'id+jwt', 'logout+jwt', 'secevent+jwt', '', 1, null, ['at+jwt']]) {
      await expectRefused(jws({ ...header, typ }, claims, ours), `typ ${JSON.stringify(typ)}`);
    }
  });

  test('is rejected if its signed claims are missing, of a wrong type, of another user or outside of their lifetime', async () => {
    const now = Math.floor(Date.now() / 1000);
    const changes: Json[] = [
      ...['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'exp'].map((name) => ({ [name]: undefined })),
      ...['iss', 'aud', 'sub', 'sid', 'jti'].flatMap((name) => ['', 1, null, {}, 'else'].map((v) => ({ [name]: v }))),
      ...['iat', 'exp', 'nbf'].flatMap((name) => ['soon', null, {}, '9999999999'].map((value) => ({ [name]: value }))),
      { exp: now },
      { exp: now - 3600, iat: now - 7200 },
      { exp: 0 },
      { exp: -1 },
      { nbf: now + 60 },
      { exp: 1e300 },
      { aud: ['urn:another-service'] },
      { sub: (await app.member()).id },
      { sid: (await app.member()).sessionId },
    ].filter((change) => change.jti !== 'else');
    for (const change of changes)
      await expectRefused(jws(header, { ...claims, ...change }, ours), JSON.stringify(change));
    for (const payload of [null, [], 'claims', 1, [claims]]) {
      await expectRefused(jws(header, payload, ours), `a payload of ${JSON.stringify(payload)}`);
    }
  });

  test('B21: is accepted with an `iat` in the future, because the clock of the issuing replica may be ahead', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const seconds of [3, 60, 1846, 86_400]) {
      const stamped = { ...claims, jti: `${claims.jti} ${seconds}`, iat: now + seconds, exp: now + seconds + 300 };
      expect((await present(app, jws(header, stamped, ours))).status, `stamped in ${seconds} s`).toBe(204);
    }
  });

  test('is rejected with a signature of other bytes', async () => {
    const [first, second, third] = genuine.split('.') as [string, string, string];
    const promoted = encode({ ...claims, scope: 'ADMIN', sub: 'usr_1' });
    const flipped = (third[10] === 'A' ? 'B' : 'A') + third.slice(11);
    const forgeries = {
      'of other claims': `${first}.${promoted}.${third}`,
      'with a flipped bit': `${first}.${second}.${third.slice(0, 10)}${flipped}`,
      'cut short': `${first}.${second}.${third.slice(0, -2)}`,
      doubled: `${first}.${second}.${third}${third}`,
      'of zeros': `${first}.${second}.${Buffer.alloc(64).toString('base64url')}`,
      'by another key': jws(header, claims, byEd25519(theirs.privateKey)),
    };
    for (const [what, token] of Object.entries(forgeries)) await expectRefused(token, what);
  });

  test('is rejected if it only resembles a compact JWS', async () => {
    const [first, second, third] = genuine.split('.') as [string, string, string];
    const texts = [
      ...['.', '..', '...', 'a.b.c', 'eyJ.eyJ.eyJ', `${first}.${second}`, `${first}.${second}.`, `.${second}.${third}`],
      ...[`${first}..${third}`, `${genuine}.`, `.${genuine}`, `${genuine}.${third}`, `${first}.${second}.${third}=`],
      ...[`${Buffer.from('{').toString('base64url')}.${second}.${third}`, `bnVsbA.${second}.${third}`],
      ...[`W10.${second}.${third}`, `${first}.____.${third}`, `${first}!.${second}.${third}`],
      ...[`${'a'.repeat(9000)}.b.c`, `${first}.${'a'.repeat(9000)}.${third}`],
    ];
    for (const text of texts) await expectRefused(text, text.slice(0, 60));
  });

  test('is rejected in another encoding, before and after the valid one is accepted, without a cache entry', async () => {
    const token = jws(header, { ...claims, jti: 'in one spelling' }, ours);
    const parts = token.split('.') as [string, string, string];
    const changed = (index: number, change: (part: string) => string) =>
      parts.map((part, each) => (each === index ? change(part) : part)).join('.');
    const last = ALPHABET.indexOf(token.at(-1)!);
    const spellings = [0, 1, 2].flatMap((index) => [
      ...['=', '==', '===', '.', '\t', ' ', '!', 'A', 'AA', 'AAA', '%3D', '\u00a0'].map((end) =>
        changed(index, (part) => part + end),
      ),
      ...['\t', ' ', '=', '\u00ad', '\u0085', '\u00a0', '*', '~', '.'].map((inner) =>
        changed(index, (part) => part.slice(0, 5) + inner + part.slice(5)),
      ),
      changed(index, (part) => `\t${part}`),
    ]);
    // The last character of 64 bytes has four bits to spare.
    for (let spare = 1; spare < 16; spare++) spellings.push(token.slice(0, -1) + ALPHABET[last + spare]);
    const plain = parts[2].replaceAll('-', '+').replaceAll('_', '/');
    if (plain !== parts[2]) spellings.push(`${parts[0]}.${parts[1]}.${plain}`);
    const load = vi.spyOn(app.app.database.reads, 'query');
    onTestFinished(() => load.mockRestore());
    for (let round = 0; round < 2; round++) {
      for (const spelling of new Set(spellings)) {
        // White space at the end belongs to the header, not to the token (RFC 9110 §5.5).
        if (/[ \t]$/.test(spelling)) continue;
        const headers = { authorization: `Bearer ${spelling}` };
        expect((await send(app.url, '/v1/verify', { headers })).status, spelling).toBe(401);
        expect(await app.app.services.introspect(spelling), spelling).toBeNull();
      }
      expect(load.mock.calls.filter(([{ name }]) => name === 'session-load')).toHaveLength(round);
      expect((await present(app, token)).status).toBe(204);
    }
  });

  test('F0.6: is rejected in X-API-Key, before and after it is accepted as Bearer', async () => {
    const token = jws(header, { ...claims, jti: 'in the wrong header' }, ours);
    const asApiKey = async () => (await fetch(`${app.url}/v1/verify`, { headers: { 'x-api-key': token } })).status;
    expect(await asApiKey()).toBe(401);
    expect((await present(app, token)).status).toBe(204);
    expect(await asApiKey()).toBe(401);
    expect((await present(app, token)).status).toBe(204);
  });
});

describe.skipIf(inject('postgresUrl') === null)('a token of a key that another replica has just made', () => {
  /** A replica behind a proxy, and a token that is signed by a key which the replica has not seen yet. */
  async function given() {
    const databases = databasesAt(inject('postgresUrl')!);
    const databaseUrl = await migratedDatabase();
    const proxy = await startProxy({ host: '127.0.0.1', port: Number(new URL(databaseUrl).port) });
    onTestFinished(() => proxy.close());
    const app = await startTestApp({ databaseUrl: proxy.url(databaseUrl) });
    onTestFinished(async () => {
      await proxy.heal();
      await app.close();
    });
    const { accessToken } = await app.admin();
    const [header, claims] = accessToken.split('.').slice(0, 2).map(decode) as [Json, Json];
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const kid = 'the key of another replica';
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'EdDSA' };
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { reads: sql } = app.app.database;
    const sealed = await app.app.sealer.seal(PRIVATE_JWT_KEY, { id: kid }, { plaintext: pem, sql });
    await databases.query(
      `insert into jwt_keys (kid, state, public_jwk, private_sealed, created_at) values ($1, 'NEXT', $2, $3, now())`,
      [kid, jwk, sealed],
      new URL(databaseUrl).pathname.slice(1),
    );
    const token = (jti: string) => jws({ ...header, kid }, { ...claims, jti }, byEd25519(privateKey));
    return { app, proxy, token };
  }

  test('is not rejected while its key is loaded', async () => {
    const { app, proxy, token } = await given();
    let lookups = 0;
    const held = proxy.holdRepliesWhen((chunk, direction) => {
      const isLookup = direction === 'request' && chunk.includes('jwt-keys-load');
      if (isLookup) lookups++;
      return isLookup;
    });
    const first = present(app, token('first'));
    await held;
    const others = ['second', 'third', 'fourth'].map((jti) => present(app, token(jti)));
    await expect.poll(() => lookups).toBe(2); // One for the first request, one for all later ones.
    proxy.releaseReplies();
    for (const { status } of await Promise.all([first, ...others])) expect(status).toBe(204);
    expect(lookups).toBe(2);
  });

  test('F0.10: gets 503, not 401, while the database is unreachable', async () => {
    const { app, proxy, token } = await given();
    proxy.cut();
    const statuses = new Set<number>();
    for (let tries = 0; tries < 20; tries++) statuses.add((await present(app, token(`try ${tries}`))).status);
    expect([...statuses]).toEqual([503]);
    await proxy.heal();
    await expect.poll(async () => (await present(app, token('at last'))).status).toBe(204);
  });
});
