// Signed requests, checked with other implementations: node:crypto and http-message-signatures.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import fc from 'fast-check';
import { httpbis } from 'http-message-signatures';
import { describe, expect, test, vi } from 'vitest';
import { assertContentDigest } from '../../src/client/content-digest.ts';
import { signatureBase } from '../../src/client/signature.ts';
import { createSigner, type SignerOptions } from '../../src/client/signer.ts';

const KEY_ID = 'sgk_01JDQ8Z3W4F5G6H7J8K9M0N1P2';
const SECRET = 'rks_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17';
const NOW = 1_764_590_400_123;
const signerOf = (options: Partial<SignerOptions> = {}) =>
  createSigner({ keyId: KEY_ID, secret: SECRET, now: () => NOW, ...options });

const sha256 = (body: Uint8Array) => createHash('sha256').update(body).digest();
const bodyOf = async (request: Request) => new Uint8Array(await request.clone().arrayBuffer());

/** What the contract says is signed, made by another implementation. */
async function expectedSignature(request: Request): Promise<string> {
  const { pathname, search } = new URL(request.url);
  const text = [
    request.method,
    `${pathname}${search}`,
    request.headers.get('x-timestamp'),
    request.headers.get('x-nonce'),
    sha256(await bodyOf(request)).toString('hex'),
  ].join('\n');
  return `kid=${KEY_ID};hmac-sha256=${createHmac('sha256', SECRET).update(text).digest('hex')}`;
}

/** Whether another implementation of RFC 9421 accepts the request. */
async function isVerified(request: Request, secret = SECRET): Promise<boolean | null> {
  const { method, url, headers } = request;
  return httpbis.verifyMessage(
    {
      requiredParams: ['created', 'nonce', 'keyid', 'alg'],
      requiredFields: ['@method', '@authority', '@path', '@query', 'content-digest'],
      notAfter: new Date(NOW + 1000),
      keyLookup: async ({ keyid }) => ({
        id: keyid as string,
        algs: ['hmac-sha256'],
        verify: async (data, signature) => {
          const expected = createHmac('sha256', secret).update(data).digest();
          return expected.length === signature.length && timingSafeEqual(expected, signature);
        },
      }),
    },
    { method, url, headers: Object.fromEntries(headers) },
  );
}

const REQUESTS: [string, Request][] = [
  ['GET', new Request('https://api.example.com/orders')],
  ['GET of the root', new Request('https://api.example.com')],
  ['GET with a query', new Request('https://api.example.com/orders?b=2&a=1&a=%20+%2B&=&&')],
  ['GET of an odd path', new Request('https://api.example.com/a%2Fb//c/../d;e=1/ä?ü=€')],
  ['GET with a port', new Request('http://API.example.com:8080/orders')],
  ['HEAD', new Request('https://api.example.com/orders', { method: 'HEAD' })],
  ['DELETE', new Request('https://api.example.com/orders/1', { method: 'delete' })],
  ['POST without a body', new Request('https://api.example.com/orders', { method: 'POST' })],
  ['POST of an empty body', new Request('https://api.example.com/orders', { method: 'POST', body: '' })],
  ['POST of JSON', new Request('https://api.example.com/orders', { method: 'POST', body: '{"amount":1}' })],
  ['POST of UTF-8', new Request('https://api.example.com/orders', { method: 'POST', body: 'Grüße, 東京 😀\r\n' })],
  [
    'PUT of 200 KB',
    new Request('https://api.example.com/f', { method: 'PUT', body: new Uint8Array(200_000).map((_, i) => i) }),
  ],
];

describe('the profile `rekey`', () => {
  test.each(REQUESTS)('signs a %s', async (_what, request) => {
    const signed = await signerOf().sign(request.clone());
    expect(signed.headers.get('x-signature')).toBe(await expectedSignature(signed));
    expect(signed.headers.get('x-timestamp')).toBe(String(NOW));
    expect(signed.headers.get('x-nonce')).toMatch(/^[A-Za-z0-9_-]{16,128}$/);
    // A gateway asks Rekey about the request without its body.
    await assertContentDigest(signed);
    expect(signed.headers.has('content-digest')).toBe(true);
  });

  test('has a known answer', async () => {
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((bytes) => {
      (bytes as Uint8Array).set(Array.from({ length: 16 }, (_, index) => index));
      return bytes;
    });
    const request = new Request('https://api.example.com/orders?limit=2', { method: 'POST', body: '{"amount":1}' });
    const { headers } = await signerOf()
      .sign(request)
      .finally(() => vi.restoreAllMocks());
    // printf 'POST\n/orders?limit=2\n1764590400123\n000102…0e0f\n<sha256sum of the body>' | openssl dgst -sha256 -hmac <secret>
    expect(Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-')))).toEqual({
      'x-signature': `kid=${KEY_ID};hmac-sha256=d439463ded790feaebf57b03e5dc669d2d3a5c759dcf2e5cf747b19296418d5a`,
      'x-timestamp': '1764590400123',
      'x-nonce': '000102030405060708090a0b0c0d0e0f',
    });
  });
});

describe('the profile `rfc9421`', () => {
  test.each(REQUESTS)('signs a %s', async (_what, request) => {
    const signed = await signerOf({ profile: 'rfc9421' }).sign(request.clone());
    expect(await isVerified(signed)).toBe(true);
    expect(await isVerified(signed, `${SECRET}x`)).toBe(false);
    const digest = sha256(await bodyOf(signed)).toString('base64');
    expect(signed.headers.get('content-digest')).toBe(`sha-256=:${digest}:`);
    await assertContentDigest(signed);
    expect(signed.headers.get('signature-input')).toMatch(
      /^rekey=\("@method" "@authority" "@path" "@query" "content-digest"\);created=1764590400;nonce="[0-9a-f]{32}";keyid="sgk_01JDQ8Z3W4F5G6H7J8K9M0N1P2";alg="hmac-sha256"$/,
    );
  });

  test('makes the signature base of RFC 9421 §2.5', () => {
    const url = new URL('https://www.example.com:443/path?param=value');
    const { base } = signatureBase(
      { method: 'POST', url, keyId: KEY_ID, timestamp: NOW, nonce: 'n' },
      'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
    );
    expect(base).toBe(
      [
        '"@method": POST',
        '"@authority": www.example.com',
        '"@path": /path',
        '"@query": ?param=value',
        '"content-digest": sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
        `"@signature-params": ("@method" "@authority" "@path" "@query" "content-digest");created=1764590400;nonce="n";keyid="${KEY_ID}";alg="hmac-sha256"`,
      ].join('\n'),
    );
  });

  test('leaves the signatures of other parties beside it', async () => {
    const signed = await signerOf({ profile: 'rfc9421' }).sign(
      new Request('https://api.example.com/', {
        headers: { 'signature-input': 'proxy=("@path");keyid="other"', signature: 'proxy=:AAAA:' },
      }),
    );
    expect(signed.headers.get('signature-input')).toMatch(/^proxy=\("@path"\);keyid="other", rekey=\(/);
    expect(signed.headers.get('signature')).toMatch(/^proxy=:AAAA:, rekey=:[A-Za-z0-9+/]{43}=:$/);
  });
});

describe.each(['rekey', 'rfc9421'] as const)('a request that is signed with %s', (profile) => {
  const signer = signerOf({ profile });

  test('keeps its method, headers, body and options', async () => {
    const request = new Request('https://api.example.com/orders', {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'x-trace': '1' },
      body: '{}',
      redirect: 'manual',
    });
    const signed = await signer.sign(request);
    expect([signed.method, signed.url, signed.redirect]).toEqual(['PATCH', request.url, 'manual']);
    expect(signed.headers.get('x-trace')).toBe('1');
    expect(signed.headers.get('content-type')).toBe('application/json');
    expect(await signed.text()).toBe('{}');
  });

  test('leaves the original readable, and each signature has its own nonce', async () => {
    const request = new Request('https://api.example.com/', { method: 'POST', body: 'a body' });
    const [first, second] = [await signer.sign(request), await signer.sign(request)];
    const nonces = [first, second].map(({ headers }) => headers.get('x-nonce') ?? headers.get('signature-input'));
    expect(new Set(nonces).size).toBe(2);
    expect([await request.text(), await first.text(), await second.text()]).toEqual(['a body', 'a body', 'a body']);
  });

  test('may have a stream as its body', async () => {
    const body = new Blob(['a ', 'stream']).stream();
    const signed = await signer.sign(
      new Request('https://api.example.com/', { method: 'POST', body, duplex: 'half' } as RequestInit),
    );
    expect(await signed.text()).toBe('a stream');
  });

  test.each(['https://api.example.com/orders?', 'https://api.example.com/orders?#top'])(
    'has no empty query, which only some runtimes send: %s',
    async (url) => {
      const request = new Request(url, { method: 'POST', body: 'x', headers: { 'x-trace': '1' } });
      const signed = await signer.sign(request);
      expect(signed.url).toMatch(/\/orders(#top)?$/);
      expect([signed.method, signed.headers.get('x-trace'), await signed.text()]).toEqual(['POST', '1', 'x']);
      expect(await request.text()).toBe('x');
    },
  );

  test('is not signed twice: the service refuses two signatures', async () => {
    const signed = await signer.sign(new Request('https://api.example.com/'));
    await expect(signerOf({ profile: 'rekey' }).sign(signed)).rejects.toThrow(TypeError);
    await expect(signerOf({ profile: 'rfc9421' }).sign(signed)).rejects.toThrow('Sign the original request');
  });

  test('any URL and any body', async () => {
    const path = fc.webUrl({ validSchemes: ['https', 'http'], withQueryParameters: true });
    await fc.assert(
      fc.asyncProperty(path, fc.uint8Array({ maxLength: 100 }), async (url, body) => {
        const signed = await signer.sign(new Request(url, { method: 'POST', body: new Uint8Array(body) }));
        if (profile === 'rekey') expect(signed.headers.get('x-signature')).toBe(await expectedSignature(signed));
        else expect(await isVerified(signed)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe('`fetch` of a signer', () => {
  const URL_OF_API = 'https://api.example.com/orders';

  /** A service with this clock, which accepts timestamps within 300 s and says why it refuses others. */
  function serviceAt(clock: () => number, refusal = refusalWithReason) {
    const requests: Request[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const request = new Request(input, init);
      requests.push(request);
      const timestamp = Number(request.headers.get('x-timestamp'));
      const headers = { date: new Date(clock()).toUTCString() };
      return Math.abs(clock() - timestamp) <= 300_000 ? new Response('ok', { headers }) : refusal(headers);
    };
    return { fetch, requests };
  }
  const refusalWithReason = (headers: Record<string, string>) => {
    const errors = [{ message: 'No.', extensions: { code: 'UNAUTHENTICATED', reason: 'TIMESTAMP_OUT_OF_RANGE' } }];
    return Response.json({ errors }, { status: 401, headers });
  };

  test('signs and sends', async () => {
    const { fetch, requests } = serviceAt(() => NOW);
    const response = await signerOf({ fetch }).fetch(URL_OF_API, { method: 'POST', body: 'x' });
    expect(await response.text()).toBe('ok');
    expect(requests).toHaveLength(1);
    expect(requests[0]!.headers.get('x-signature')).toBe(await expectedSignature(requests[0]!));
  });

  test.each([
    ['behind', -3_600_000],
    ['ahead', 86_400_000],
    ['at the epoch', -NOW],
  ])('corrects a clock that is %s, once, and keeps the correction', async (_what, difference) => {
    const { fetch, requests } = serviceAt(() => NOW);
    const signer = signerOf({ fetch, now: () => NOW + difference });
    expect(await (await signer.fetch(URL_OF_API, { method: 'POST', body: 'a body' })).text()).toBe('ok');
    expect(requests).toHaveLength(2);
    expect(await requests[1]!.clone().text()).toBe('a body');
    expect(requests[1]!.headers.get('x-nonce')).not.toBe(requests[0]!.headers.get('x-nonce'));
    expect(requests[1]!.headers.get('x-signature')).toBe(await expectedSignature(requests[1]!));
    await signer.fetch(URL_OF_API);
    expect(requests).toHaveLength(3);
    const signed = await signer.sign(new Request(URL_OF_API));
    expect(Math.abs(Number(signed.headers.get('x-timestamp')) - NOW)).toBeLessThanOrEqual(1000);
  });

  test.each<[string, (headers: Record<string, string>) => Response]>([
    [
      'an endpoint that is not GraphQL',
      (headers) =>
        Response.json({ error: 'unauthenticated', reason: 'TIMESTAMP_OUT_OF_RANGE' }, { status: 401, headers }),
    ],
    ['a gateway with a page of its own', (headers) => new Response('<h1>401</h1>', { status: 401, headers })],
  ])('understands the refusal of %s', async (_what, refusal) => {
    const { fetch, requests } = serviceAt(() => NOW, refusal);
    const response = await signerOf({ fetch, now: () => NOW - 3_600_000 }).fetch(URL_OF_API);
    expect([response.status, requests.length]).toEqual([200, 2]);
  });

  test.each<[string, number, object | string, Record<string, string>]>([
    ['another reason', 401, { errors: [{ extensions: { reason: 'SIGNATURE_INVALID' } }] }, { date: '' }],
    ['another reason and another clock', 401, { reason: 'NONCE_REPLAYED' }, {}],
    ['no reason and the same clock', 401, '<h1>401</h1>', { date: new Date(NOW).toUTCString() }],
    ['no `Date`', 401, { reason: 'TIMESTAMP_OUT_OF_RANGE' }, { date: '' }],
    ['another status', 403, { reason: 'TIMESTAMP_OUT_OF_RANGE' }, {}],
  ])('sends nothing again after a refusal with %s', async (_what, status, body, headers) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const date = new Date(NOW + 7_200_000).toUTCString();
    const fetch = vi.fn(async () => new Response(text, { status, headers: { date, ...headers } }));
    const response = await signerOf({ fetch }).fetch(URL_OF_API);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(await response.text()).toBe(text);
  });

  test('sends a request at most twice', async () => {
    const fetch = vi.fn(async () => refusalWithReason({ date: new Date(NOW).toUTCString() }));
    expect((await signerOf({ fetch }).fetch(URL_OF_API)).status).toBe(401);
    expect(fetch).toHaveBeenCalledTimes(2);
  });
});

test.each([
  [{ keyId: 'key_01JDQ8Z3W4F5G6H7J8K9M0N1P2' }, '`keyId`'],
  [{ keyId: `${KEY_ID};x` }, '`keyId`'],
  [{ keyId: '' }, '`keyId`'],
  [{ secret: 'rka_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17' }, '`secret`'],
  [{ secret: '' }, '`secret`'],
])('rejects %o, and does not repeat it', (options, name) => {
  const create = () => signerOf(options);
  expect(create).toThrow(TypeError);
  expect(create).toThrow(name);
  expect(create).not.toThrow('zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ');
});
