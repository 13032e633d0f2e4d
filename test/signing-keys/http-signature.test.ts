// RFC 9421, with its own examples, and the rules of this service on top of it.
import { createSecretKey } from 'node:crypto';
import { type InnerList, parseDictionary } from 'structured-headers';
import { describe, expect, test } from 'vitest';
import { hmacSha256 } from '../../src/crypto/hmac.ts';
import { signatureBase } from '../../src/signing-keys/signature-base.ts';
import { COVERED, type HttpSigned, httpSignedHeaders, signedHeaders } from '../support/signing.ts';
import { readSigned, reasonOf, received, type Sent } from './support.ts';

/** The request of RFC 9421, appendix B.2. */
const TEST_REQUEST: Sent = {
  method: 'POST',
  target: '/foo?param=Value&Pet=dog',
  headers: {
    Host: 'example.com',
    Date: 'Tue, 20 Apr 2021 02:07:55 GMT',
    'Content-Type': 'application/json',
    'Content-Digest':
      'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
    'Content-Length': '18',
  },
  body: '{"hello": "world"}',
};
const SHARED_SECRET = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==';

/** The signature base of a request for this member of `Signature-Input`. */
function baseOf(sent: Sent, input: string): string {
  const member = parseDictionary(`sig=${input}`).get('sig') as InnerList;
  return signatureBase(
    received(sent),
    member[0].map(([name]) => String(name)),
    member,
  );
}

describe('the examples of RFC 9421', () => {
  test('B.2.5: a request that is signed with hmac-sha256', () => {
    const base = baseOf(
      TEST_REQUEST,
      '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    );
    expect(base).toBe(
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@authority": example.com',
        '"content-type": application/json',
        '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
      ].join('\n'),
    );
    const key = createSecretKey(Buffer.from(SHARED_SECRET, 'base64'));
    expect(hmacSha256(key, base).toString('base64')).toBe('pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=');
  });

  test('B.2.3: the base of a signature that covers the whole request', () => {
    const covered = '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length")';
    expect(baseOf(TEST_REQUEST, `${covered};created=1618884473;keyid="test-key-rsa-pss"`)).toBe(
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@query": ?param=Value&Pet=dog',
        '"@authority": example.com',
        '"content-type": application/json',
        '"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
        '"content-length": 18',
        `"@signature-params": ${covered};created=1618884473;keyid="test-key-rsa-pss"`,
      ].join('\n'),
    );
  });

  test('§2.1: the value of a header is trimmed, and the values of a repeated one are joined', () => {
    const headers: [string, string][] = [
      ['X-OWS-Header', '   Leading and trailing whitespace.   '],
      ['Cache-Control', 'max-age=60'],
      ['X-Empty-Header', ''],
      ['cache-control', '   must-revalidate'],
      ['Example-Dict', ' a=1,    b=2;x=1;y=2,   c=(a   b   c)'],
    ];
    const input = '("x-ows-header" "cache-control" "x-empty-header" "example-dict")';
    expect(baseOf({ headers }, input)).toBe(
      [
        '"x-ows-header": Leading and trailing whitespace.',
        '"cache-control": max-age=60, must-revalidate',
        '"x-empty-header": ',
        '"example-dict": a=1,    b=2;x=1;y=2,   c=(a   b   c)',
        `"@signature-params": ${input}`,
      ].join('\n'),
    );
  });

  test.each([
    ['@path', '/path?param=value', '/path'],
    ['@query', '/path?param=value&foo=bar&baz=bat%2Dman', '?param=value&foo=bar&baz=bat%2Dman'],
    ['@query', '/path?queryString', '?queryString'],
    ['@query', '/path', '?'],
    ['@query', '/path?', '?'],
    ['@query', '/path?a=b?c=d', '?a=b?c=d'],
    ['@path', '?a=b', '/'],
  ])('§2.2: %s of %s is %s', (name, target, expected) => {
    expect(baseOf({ target }, `("${name}")`).split('\n')[0]).toBe(`"${name}": ${expected}`);
  });

  test.each([
    ['WWW.Example.COM', 'www.example.com'],
    ['www.example.com:8443', 'www.example.com:8443'],
    ['www.example.com:443', 'www.example.com'],
    ['www.example.com:80', 'www.example.com'],
    ['[2001:DB8::1]:8080', '[2001:db8::1]:8080'],
  ])('§2.2.3: @authority of %s is %s', (host, expected) => {
    expect(baseOf({ headers: { host } }, '("@authority")').split('\n')[0]).toBe(`"@authority": ${expected}`);
    const forwarded = { headers: { host: 'rekey.internal' }, forwardedHost: host };
    expect(baseOf(forwarded, '("@authority")').split('\n')[0]).toBe(`"@authority": ${expected}`);
  });

  test('§2.5: the parameters are signed in their canonical form and in their order', () => {
    const spaced = '(  "@method"   "@path" ); created=1;  nonce="n" ;tag="a"'.replace(' ;tag', ';tag');
    const [, , last] = baseOf({}, spaced).split('\n');
    expect(last).toBe('"@signature-params": ("@method" "@path");created=1;nonce="n";tag="a"');
  });
});

const KEY = { id: 'sgk_01JDQ8Z3W4F5G6H7J8K9M0N1P2', secret: 'rks_a' };
const REQUEST: HttpSigned = { method: 'POST', target: '/orders?x=1', body: '{}', authority: 'api.example' };

/** A request that is signed like this. */
function signed(request: Partial<HttpSigned> = {}, headers: Record<string, string> = {}): Sent {
  const whole = { ...REQUEST, ...request };
  return { ...whole, headers: { host: 'api.example', ...headers, ...httpSignedHeaders(KEY, whole) } };
}
const reason = (sent: Sent) => reasonOf(() => readSigned(sent));

describe('a signature of ours', () => {
  test('is read: its key, nonce, times and digest', () => {
    const timestamp = 1_764_400_000_000;
    const parameters = { expires: 1_764_400_060 };
    const nonce = 'a-nonce_of-16+chars'.replace('+', '-');
    expect(readSigned(signed({ timestamp, nonce, parameters }))).toMatchObject({
      keyId: KEY.id,
      nonce,
      signedAt: timestamp,
      expiresAt: 1_764_400_060_000,
      declaredDigest: expect.any(Buffer),
    });
  });

  test.each([
    ['components in another order', { components: [...COVERED].reverse() }],
    [
      'more components',
      { components: [...COVERED, 'content-type', 'x-tenant'], fields: { 'content-type': 'a/b', 'x-tenant': 't' } },
    ],
    ['another label', { label: 'sig1' }],
    ['no `alg`', { parameters: { alg: null } }],
    ['a tag', { parameters: { tag: 'orders' } }],
    ['a parameter that the RFC does not know', { parameters: { more: 'x' } }],
  ] as [string, Partial<HttpSigned>][])('may have %s', async (_what, request) => {
    expect(await reason(signed(request, request.fields))).toBeNull();
  });

  test('is found among signatures of other services, which are ignored', async () => {
    const sent = signed();
    const headers = sent.headers as Record<string, string>;
    const theirs = `proxy=("@method");created=1;keyid="proxy-key";alg="ed25519"`;
    expect(
      await reason({
        ...sent,
        headers: {
          ...headers,
          'signature-input': `${theirs}, ${headers['signature-input']}`,
          signature: `proxy=:AAAA:, ${headers.signature}`,
        },
      }),
    ).toBeNull();
    const lines: [string, string][] = [
      ...Object.entries(headers),
      ['Signature-Input', theirs],
      ['Signature', 'proxy=:AAAA:'],
    ];
    expect(await reason({ ...sent, headers: lines })).toBeNull();
  });

  test('is found beside labels and texts with commas', async () => {
    const sent = signed({ parameters: { tag: 'a, rekey=1, b' } });
    const headers = sent.headers as Record<string, string>;
    const input = `a=%"\\", b="\\", b=\\\\", c=1;d="x,y", ${headers['signature-input']}`;
    expect(await reason({ ...sent, headers: { ...headers, 'signature-input': input } })).toBeNull();
  });

  test('of other services alone is no signature, well-formed or not', () => {
    for (const input of ['proxy=("@method");keyid="a"', 'nonsense((', 'sig=("@method");created=1', '']) {
      expect(readSigned({ headers: { 'signature-input': input, signature: 'x' } })).toBeNull();
    }
    expect(readSigned({ headers: { signature: 'keyId="a",signature="b"' } })).toBeNull();
  });
});

describe('SIGNATURE_INCOMPLETE', () => {
  test.each(COVERED)('%s is not covered', async (name) => {
    expect(await reason(signed({ components: COVERED.filter((each) => each !== name) }))).toBe('SIGNATURE_INCOMPLETE');
  });

  test.each(['created', 'nonce'])('the parameter %s is missing', async (name) => {
    expect(await reason(signed({ parameters: { [name]: null } }))).toBe('SIGNATURE_INCOMPLETE');
  });

  test.each(['signature', 'content-digest'])('the header %s is missing', async (name) => {
    const sent = signed();
    const headers = Object.entries(sent.headers as object).filter(([each]) => each !== name);
    expect(await reason({ ...sent, headers })).toBe('SIGNATURE_INCOMPLETE');
  });

  test('a covered header is missing', async () => {
    const request = { components: [...COVERED, 'x-tenant'], fields: { 'x-tenant': 't' } };
    expect(await reason(signed(request))).toBe('SIGNATURE_INCOMPLETE');
  });

  test('the signature has another label', async () => {
    const sent = signed();
    const headers = { ...(sent.headers as object), signature: 'other=:AAAA:' };
    expect(await reason({ ...sent, headers })).toBe('SIGNATURE_INCOMPLETE');
  });
});

describe('SIGNATURE_MALFORMED', () => {
  test.each([
    ['an algorithm that is not hmac-sha256', { parameters: { alg: 'ed25519' } }],
    ['an id that no key has', { parameters: { keyid: 'sgk_nonsense' } }],
    ['a nonce of 15 characters', { nonce: 'a'.repeat(15) }],
    ['a nonce of 129 characters', { nonce: 'a'.repeat(129) }],
    ['a nonce that is a number', { parameters: { nonce: 1_234_567_890_123_456 % 1e15 } }],
    ['`created` as text', { parameters: { created: 'now' } }],
    ['`created` that is negative', { parameters: { created: -1 } }],
    ['`created` in milliseconds', { parameters: { created: 1_764_400_000_000 } }],
    ['`expires` as text', { parameters: { expires: 'never' } }],
    ['a component twice', { components: [...COVERED, '@method'] }],
    ['a derived component that is not known here', { components: [...COVERED, '@target-uri'] }],
    ['a component of responses', { components: [...COVERED, '@status'] }],
    ['a component in upper case', { components: [...COVERED, 'Host'] }],
    ['an empty component', { components: [...COVERED, ''] }],
    ['65 components', { components: [...COVERED, ...Array.from({ length: 60 }, (_, index) => `x-${index}`)] }],
  ] as [string, Partial<HttpSigned>][])('%s', async (_what, request) => {
    expect(await reason(signed(request))).toBe('SIGNATURE_MALFORMED');
  });

  const changed = (name: string, change: (value: string) => string): Sent => {
    const sent = signed();
    const headers = sent.headers as Record<string, string>;
    return { ...sent, headers: { ...headers, [name]: change(headers[name]!) } };
  };

  test.each([
    ['a component with a parameter', 'signature-input', (value: string) => value.replace('"@method"', '"@method";req')],
    ['a component that is a token', 'signature-input', (value: string) => value.replace('"@method"', 'method')],
    ['a signature without components', 'signature-input', (value: string) => value.replace(/\(.*\)/, '?1')],
    ['no structured field', 'signature-input', (value: string) => `${value},`],
    ['two signatures of ours', 'signature-input', (value: string) => `${value}, other=();keyid="sgk_1"`],
    ['two signatures under one label', 'signature-input', (value: string) => `${value}, ${value}`],
    ['a label twice, with another signature before', 'signature-input', (value: string) => `rekey=1, ${value}`],
    ['a label twice, hidden by a text', 'signature-input', (value: string) => `a=%"\\", rekey=1, b="c", ${value}`],
    ['two values under one label', 'signature', (value: string) => `rekey=:AAAA:, ${value}`],
    ['two digests', 'content-digest', (value: string) => `sha-256=:AAAA:, ${value}`],
    ['more than 4096 characters', 'signature-input', (value: string) => `${value}, a="${'x'.repeat(4096)}"`],
    ['a signature that is text', 'signature', () => 'rekey="AAAA"'],
    ['a signature that is no structured field', 'signature', () => 'rekey=:A'],
    ['a digest that is no structured field', 'content-digest', () => '=:A'],
    ['a digest of another length', 'content-digest', () => 'sha-256=:AAAA:'],
  ])('%s', async (_what, name, change) => {
    expect(await reason(changed(name, change))).toBe('SIGNATURE_MALFORMED');
  });

  test('a signature in each profile', async () => {
    const sent = signed();
    const headers = { ...(sent.headers as object), ...signedHeaders(KEY, REQUEST) };
    expect(await reason({ ...sent, headers })).toBe('SIGNATURE_MALFORMED');
  });

  test('two hosts', async () => {
    const sent = signed();
    const headers = [...Object.entries(sent.headers as object), ['Host', 'api.example']] as [string, string][];
    expect(await reason({ ...sent, headers })).toBe('SIGNATURE_MALFORMED');
  });
});
