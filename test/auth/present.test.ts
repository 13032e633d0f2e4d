import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccessError } from '../../src/access/access-error.ts';
import { presentedCredential } from '../../src/auth/present.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { sendBytes } from '../support/raw.ts';

/** What a request with these header lines presents, as Node hands it over. */
function presented(...lines: [name: string, value: string][]) {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    // Node keeps the first Authorization, and joins what it does not know.
    if (lower === 'authorization') headers[lower] ??= value;
    else headers[lower] = lower in headers ? `${headers[lower]}, ${value}` : value;
  }
  return presentedCredential({ headers, rawHeaders: lines.flat() });
}

describe('a request presents', () => {
  test.each<[string, string]>([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER abc', 'abc'],
    ['Bearer    abc', 'abc'],
    ['Bearer abc  ', 'abc'],
    // What cannot be read is a credential that is refused, not the absence of one.
    ['', ''],
    ['Bearer', ''],
    ['Bearer ', ''],
    ['Bearerabc', ''],
    ['Bearer abc def', ''],
    ['Bearer\tabc', ''],
    ['Bearer abc, Bearer def', ''],
    ['Basic YWRtaW46cGFzc3dvcmQ=', ''],
    ['Digest username="abc"', ''],
    ['Token abc', ''],
    ['Bearer Bearer abc', ''],
    ['abc', ''],
  ])('by Authorization %j: %j', (value, text) => {
    expect(presented(['Authorization', value])).toEqual({ carrier: 'bearer', text });
  });

  test.each<[string, string]>([
    ['abc', 'abc'],
    ['  abc\t', 'abc'],
    ['', ''],
    ['Bearer abc', 'Bearer abc'],
  ])('by X-API-Key %j: %j', (value, text) => {
    expect(presented(['x-API-key', value])).toEqual({ carrier: 'apiKeyHeader', text });
  });

  test('nothing, in any other place', () => {
    expect(presented(['Cookie', 'authorization=abc'], ['Proxy-Authorization', 'Bearer abc'], ['X-Token', 'abc'])).toBe(
      null,
    );
  });

  test('one credential, however often the same one is repeated', () => {
    expect(presented(['Authorization', 'Bearer a'], ['X-API-Key', 'a'])).toMatchObject({ text: 'a' });
    expect(presented(['Authorization', 'Bearer a'], ['authorization', 'Bearer a'])).toMatchObject({ text: 'a' });
    expect(presented(['X-API-Key', 'a'], ['x-api-key', 'a'])).toMatchObject({ text: 'a' });
  });

  test.each<[how: string, one: [string, string], other: [string, string]]>([
    ['two headers', ['Authorization', 'Bearer a'], ['X-API-Key', 'b']],
    ['two headers, one of them empty', ['Authorization', 'Bearer a'], ['X-API-Key', '']],
    ['two headers, one of another scheme', ['Authorization', 'Basic YTpi'], ['X-API-Key', 'b']],
    ['one header twice', ['Authorization', 'Bearer a'], ['Authorization', 'Bearer b']],
    ['one header twice, once in capitals', ['Authorization', 'Bearer a'], ['AUTHORIZATION', 'Bearer b']],
    ['one header twice, the first empty', ['Authorization', ''], ['Authorization', 'Bearer b']],
    ['one API key header twice', ['X-API-Key', 'a'], ['X-API-Key', 'b']],
  ])('a contradiction, by %s', (_, one, other) => {
    expect(() => presented(one, other)).toThrow(AccessError);
    expect(() => presented(other, one)).toThrow(expect.objectContaining({ code: 'BAD_CREDENTIALS_IN_REQUEST' }));
  });
});

describe('over the wire', () => {
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

  /** The status with these header lines, at both doors that take any credential; they must agree. */
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

  test('two different credentials are 400, the second of two Authorization headers included', async () => {
    expect(await status(`Authorization: Bearer ${secret}`, `X-API-Key: ${other}`)).toBe(400);
    expect(await status(`Authorization: Bearer ${secret}`, `Authorization: Bearer ${other}`)).toBe(400);
    expect(await status(`X-API-Key: ${secret}`, `X-API-Key: ${other}`)).toBe(400);
    expect(await status(`Authorization: Bearer ${secret}`, 'Authorization: Basic YTpi')).toBe(400);
  });

  test('what cannot be read is 401, and so is what is as long as a header can be', async () => {
    for (const value of ['', 'Bearer', `Bearer ${secret} x`, `Token ${secret}`, secret, `Bearer ${'a'.repeat(9000)}`]) {
      expect(await status(`Authorization: ${value}`), value.slice(0, 40)).toBe(401);
    }
    for (const value of ['', `Bearer ${secret}`, `${secret},${secret}`, 'a'.repeat(9000)]) {
      expect(await status(`X-API-Key: ${value}`), value.slice(0, 40)).toBe(401);
    }
  });

  test('one character more, less or different is 401', async () => {
    const variants = [
      `${secret}0`,
      secret.slice(0, -1),
      secret.toUpperCase(),
      `RKA${secret.slice(3)}`,
      ` ${secret}\u00a0`,
    ];
    for (const variant of variants) expect(await status(`Authorization: Bearer ${variant}`), variant).toBe(401);
  });
});
