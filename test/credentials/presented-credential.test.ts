import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiKeyCredential } from '../../src/api-keys/api-key.credential.ts';
import { CredentialTypes } from '../../src/credentials/credential-types.ts';
import { presentedCredential, presentedRefreshToken } from '../../src/credentials/presented-credential.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { AccessError } from '../../src/identity/access-error.ts';
import { sessionCredential } from '../../src/sessions/session.credential.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { send, sendBytes } from '../support/raw.ts';

const { isOurs } = new CredentialTypes([apiKeyCredential, sessionCredential]);

/** What a request with these header lines presents. */
const presented = (...lines: [name: string, value: string][]) => presentedCredential(requestOf(lines), isOurs);

/** A request with these header lines, as Node hands it over. */
function requestOf(lines: [name: string, value: string][]) {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    // Node keeps the first Authorization header, and joins headers that it does not know.
    if (lower === 'authorization') headers[lower] ??= value;
    else headers[lower] = lower in headers ? `${headers[lower]}, ${value}` : value;
  }
  return { headers, rawHeaders: lines.flat() };
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** The header of an access token of Rekey. */
const OURS = part({ alg: 'EdDSA', typ: 'at+jwt', kid: 'kid' });
/** Two secrets of Rekey. */
const [ONE, OTHER] = [makeSecret('rka'), makeSecret('rka')];

describe('a request presents', () => {
  test.each<[string, string]>([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER abc', 'abc'],
    ['Bearer    abc', 'abc'],
    ['Bearer abc  ', 'abc'],
    ['Bearer abc\u00a0', 'abc\u00a0'],
    // An unreadable value is a credential that is rejected, not a missing one.
    ['Bearer', ''],
    ['Bearer ', ''],
    ['bearer', ''],
    ['Bearer abc def', ''],
    ['Bearer\tabc', ''],
    ['Bearer \tabc', '\tabc'],
    ['Bearer\u00a0abc', ''],
    ['bearer abc\u00a0', ''],
    ['Bearer abc, Bearer def', ''],
    ['Bearer Bearer abc', ''],
    ['Bearer: abc', ''],
    ['Bearer,abc', ''],
    ['Bearer="abc"', ''],
  ])('in Authorization %j the text %j', (value, text) => {
    expect(presented(['Authorization', value])).toEqual({ carrier: 'bearer', text });
  });

  test.each([
    '',
    'Basic YWRtaW46cGFzc3dvcmQ=',
    'basic YWRtaW46cGFzc3dvcmQ=',
    'Digest username="abc"',
    'AWS4-HMAC-SHA256 Credential=AKIA/20261129/eu/s3/aws4_request, SignedHeaders=host, Signature=00',
    'Negotiate YII=',
    'DPoP abc',
    'Token abc',
    'Bearerabc',
    'Bearer2 abc',
    'Bearer-Token abc',
    'x-bearer abc',
    'abc',
    'rka_000000000000000000000000000000000000',
  ])('nothing in Authorization %j, which has another scheme', (value) => {
    expect(presented(['Authorization', value])).toBeNull();
    expect(presented(['Authorization', value], ['X-API-Key', 'abc'])).toEqual({ carrier: 'apiKeyHeader', text: 'abc' });
    expect(presented(['X-API-Key', 'abc'], ['Authorization', value])).toEqual({ carrier: 'apiKeyHeader', text: 'abc' });
    const cookie = { name: '__Host-rekey-access', text: 'abc' };
    const headers: [string, string][] = [
      ['Authorization', value],
      ['Cookie', `${cookie.name}=${cookie.text}`],
      ['X-Rekey-CSRF', '1'],
    ];
    expect(presented(...headers)).toEqual({ carrier: 'cookie', text: 'abc' });
  });

  test.each([
    ['an opaque token', 'abc'],
    ['a token of another service', 'ghp_0123456789abcdefghijABCDEFGHIJ012345'],
    ['a mistyped secret of Rekey', 'rka_000000000000000000000000000000000000'],
    ['a token that cannot be read', 'abc def'],
    ['no token', ''],
    ['a JWT signed with RSA', 'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA'],
    [
      'a JWT of RFC 9068 with its header in another order',
      `${part({ typ: 'at+jwt', alg: 'EdDSA', kid: 'x' })}.e30.AAAA`,
    ],
    ['a JWT like ours without a key id', `${part({ alg: 'EdDSA', typ: 'at+jwt' })}.e30.AAAA`],
    ['a JWT like ours in five parts', `${OURS}.e30.AAAA.AAAA.AAAA`],
    ['a JWT like ours with padding', `${OURS}.e30.AA==`],
    ['a JWT like ours, longer than any of them', `${OURS}.${'AAAA'.repeat(2048)}.AAAA`],
  ])('the X-API-Key beside a Bearer of another service: %s', (_, text) => {
    const apiKey = { carrier: 'apiKeyHeader', text: ONE };
    expect(presented(['Authorization', `Bearer ${text}`], ['X-API-Key', ONE])).toEqual(apiKey);
    expect(presented(['X-API-Key', ONE], ['Authorization', `Bearer ${text}`])).toEqual(apiKey);
    // It is unknown which of them is an imported secret.
    const unreadable = { carrier: 'apiKeyHeader', text: '' };
    expect(presented(['Authorization', `Bearer ${text}`], ['X-API-Key', 'abc123'])).toEqual(unreadable);
  });

  test.each(['abc', '', ' '])('the Bearer of Rekey beside an X-API-Key of another service: %j', (text) => {
    const bearer = { carrier: 'bearer', text: ONE };
    expect(presented(['Authorization', `Bearer ${ONE}`], ['X-API-Key', text])).toEqual(bearer);
    expect(presented(['X-API-Key', text], ['Authorization', `bearer  ${ONE}`])).toEqual(bearer);
  });

  test('nothing in an empty X-API-Key', () => {
    expect(presented(['X-API-Key', ''])).toBeNull();
  });

  test.each<[string, string]>([
    ['abc', 'abc'],
    ['  abc\t', 'abc'],
    ['Bearer abc', 'Bearer abc'],
    ['abc\u00a0', 'abc\u00a0'],
    ['\u00a0abc', '\u00a0abc'],
  ])('in X-API-Key %j the text %j', (value, text) => {
    expect(presented(['x-API-key', value])).toEqual({ carrier: 'apiKeyHeader', text });
  });

  test('nothing in any other header', () => {
    expect(presented(['Cookie', 'authorization=abc'], ['Proxy-Authorization', 'Bearer abc'], ['X-Token', 'abc'])).toBe(
      null,
    );
  });

  test('one credential if the same one is repeated', () => {
    expect(presented(['Authorization', 'Bearer a'], ['X-API-Key', 'a'])).toMatchObject({ text: 'a' });
    expect(presented(['Authorization', 'Bearer a'], ['authorization', 'Bearer a'])).toMatchObject({ text: 'a' });
    expect(presented(['X-API-Key', 'a'], ['x-api-key', 'a'])).toMatchObject({ text: 'a' });
  });

  test.each<[how: string, one: [string, string], other: [string, string]]>([
    ['two headers', ['Authorization', `Bearer ${ONE}`], ['X-API-Key', OTHER]],
    ['an access token and an API key', ['Authorization', `Bearer ${OURS}.e30.AAAA`], ['X-API-Key', ONE]],
    ['a refresh token and an API key', ['Authorization', `Bearer ${makeSecret('rkr')}`], ['X-API-Key', ONE]],
    ['one header twice', ['Authorization', 'Bearer a'], ['Authorization', 'Bearer b']],
    ['one header twice, once in capitals', ['Authorization', 'Bearer a'], ['AUTHORIZATION', 'Bearer b']],
    ['one header twice, the first empty', ['Authorization', ''], ['Authorization', 'Bearer b']],
    ['one header twice, the second of another scheme', ['Authorization', 'Bearer a'], ['Authorization', 'Basic YTpi']],
    ['one API key header twice', ['X-API-Key', 'a'], ['X-API-Key', 'b']],
  ])('a contradiction and is rejected: %s', (_, one, other) => {
    expect(() => presented(one, other)).toThrow(AccessError);
    expect(() => presented(other, one)).toThrow(expect.objectContaining({ code: 'BAD_CREDENTIALS_IN_REQUEST' }));
  });
});

describe('the refresh token of a browser', () => {
  const cookie: [string, string] = ['Cookie', '__Host-rekey-refresh=abc'];
  const csrf: [string, string] = ['X-Rekey-CSRF', '1'];
  const refreshToken = (...lines: [string, string][]) => presentedRefreshToken(requestOf(lines), isOurs);

  test('is read if no header presents a credential', () => {
    expect(refreshToken(cookie, csrf)).toBe('abc');
    expect(refreshToken(cookie, csrf, ['Authorization', 'Basic YTpi'])).toBe('abc');
    expect(refreshToken(cookie, csrf, ['X-API-Key', ''])).toBe('abc');
    expect(refreshToken(cookie)).toBeNull();
    expect(refreshToken(csrf)).toBeNull();
  });

  test.each<[string, string]>([
    ['Authorization', 'Bearer abc'],
    ['Authorization', 'Bearer'],
    ['X-API-Key', 'abc'],
  ])('is not read beside %s: %j', (name, value) => {
    expect(refreshToken(cookie, csrf, [name, value])).toBeNull();
  });
});

describe('over HTTP', () => {
  let app: TestApp;
  let secret: string;
  let other: string;

  beforeAll(async () => {
    app = await startTestApp();
    const member = await app.member();
    secret = (await app.apiKey(member)).secret;
    other = (await app.apiKey(member)).secret;
  });

  afterAll(() => app?.close());

  /** The status with these header lines, at both endpoints that accept any credential. They must agree. */
  async function status(...lines: string[]): Promise<number> {
    const common = [...lines, 'Host: rekey', 'Connection: close'];
    const body = '{"query":"{ viewer { user { id } } }"}';
    const length = `Content-Length: ${body.length}`;
    const requests = [
      ['GET /v1/verify HTTP/1.1', ...common, '', ''],
      ['POST /graphql HTTP/1.1', ...common, 'Content-Type: application/json', length, '', body],
    ];
    const answers = await Promise.all(requests.map((request) => sendBytes(app.url, request.join('\r\n'))));
    const [verify, graphql] = answers.map((answer) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]));
    expect(graphql).toBe(verify === 204 ? 200 : verify);
    for (const answer of answers) expect(answer).not.toContain('rka_');
    return verify!;
  }

  test('the same credential in every spelling is accepted', async () => {
    expect(await status(`Authorization: Bearer ${secret}`)).toBe(204);
    expect(await status(`AUTHORIZATION:bEaReR   ${secret}  `)).toBe(204);
    expect(await status(`x-api-key:   ${secret}\t`)).toBe(204);
    expect(await status(`X-API-Key: ${secret}`, `Authorization: Bearer ${secret}`)).toBe(204);
    expect(await status(`Authorization: Bearer ${secret}`, `Authorization: Bearer ${secret}`)).toBe(204);
  });

  test('two different credentials get 400, also in two Authorization headers', async () => {
    expect(await status(`Authorization: Bearer ${secret}`, `X-API-Key: ${other}`)).toBe(400);
    expect(await status(`Authorization: Bearer ${secret}`, `Authorization: Bearer ${other}`)).toBe(400);
    expect(await status(`X-API-Key: ${secret}`, `X-API-Key: ${other}`)).toBe(400);
    expect(await status(`Authorization: Bearer ${secret}`, 'Authorization: Basic YTpi')).toBe(400);
  });

  test('a valid X-API-Key is accepted beside an Authorization of another scheme or a Bearer of another service', async () => {
    const theirs = ['Basic YTpi', 'Digest username="a"', 'AWS4-HMAC-SHA256 Credential=x', 'Token abc', secret, ''];
    const foreign = ['Bearer abc', 'Bearer', 'Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA'];
    for (const value of [...theirs, ...foreign]) {
      expect(await status(`Authorization: ${value}`, `X-API-Key: ${secret}`), value).toBe(204);
      expect(await status(`X-API-Key: ${secret}`, `Authorization: ${value}`), value).toBe(204);
      expect(await status(`X-API-Key: ${secret}x`, `Authorization: ${value}`), value).toBe(401);
    }
    expect(await status(`Proxy-Authorization: Bearer ${other}`, `X-API-Key: ${secret}`)).toBe(204);
  });

  test('a valid Bearer is accepted beside an X-API-Key of another service or an empty one', async () => {
    for (const value of ['sk_live_0123456789', '', ' ', `${other}x`, 'rkr_']) {
      expect(await status(`Authorization: Bearer ${secret}`, `X-API-Key: ${value}`), value).toBe(204);
      expect(await status(`X-API-Key: ${value}`, `Authorization: Bearer ${secret}`), value).toBe(204);
    }
    expect(await status('X-API-Key: sk_live_0123456789', `Authorization: Bearer ${secret}x`)).toBe(401);
  });

  test('an Authorization of another scheme alone is no credential: the challenge names no error, and no failure is counted', async () => {
    const unknown = app.app.authenticator.counts.unknown!;
    const before = unknown.refused;
    for (const value of ['Basic YTpi', 'Digest username="a"', `Token ${secret}`, secret, 'Bearerx', '']) {
      const answer = await send(app.url, '/v1/verify', { headers: { authorization: value } });
      expect([answer.status, answer.headers['www-authenticate']], value).toEqual([401, 'Bearer realm="rekey"']);
      const { status, errors } = await app.graphql('{ viewer { scopes } }', {}, { headers: { authorization: value } });
      expect([status, errors?.[0]?.extensions.code], value).toEqual([200, 'UNAUTHENTICATED']);
    }
    expect(unknown.refused).toBe(before);
  });

  test('an unreadable credential gets 401, and so does one that is as long as a header can be', async () => {
    for (const value of ['Bearer', `Bearer ${secret} x`, `Bearer\t${secret}`, `Bearer ${'a'.repeat(9000)}`]) {
      expect(await status(`Authorization: ${value}`), value.slice(0, 40)).toBe(401);
    }
    for (const value of [`Bearer ${secret}`, `${secret},${secret}`, 'a'.repeat(9000)]) {
      expect(await status(`X-API-Key: ${value}`), value.slice(0, 40)).toBe(401);
    }
  });

  test('a secret with one character more, less or different gets 401', async () => {
    const variants = [
      `${secret}0`,
      secret.slice(0, -1),
      secret.toUpperCase(),
      `RKA${secret.slice(3)}`,
      ` ${secret}\u00a0`,
      `\u00a0${secret}`,
      `${secret}\u0085`,
    ];
    for (const variant of variants) {
      expect(await status(`Authorization: Bearer ${variant}`), variant).toBe(401);
      expect(await status(`X-API-Key: ${variant}`), variant).toBe(401);
    }
  });
});
