// The check of one request, without a database: what is signed, by which key, when, and in which order it is checked.
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import { describe, expect, test, vi } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { newId } from '../../src/kernel/ids.ts';
import { COVERED, digestOf, httpSignedHeaders, newNonce, signedHeaders } from '../support/signing.ts';
import { createService, type Sent } from './support.ts';

const NOW = Date.UTC(2026, 10, 29, 12);
const WINDOW = 300_000;
const REQUEST = { method: 'POST', target: '/orders?x=1&y=%2F', body: '{"n":1}' };
const AUTHORITY = 'api.example';

const service = createService({ now: () => NOW, windowMs: WINDOW });
const { key, reasonFor } = service;

/** The same request in both profiles. */
const PROFILES = [
  {
    profile: 'rekey',
    sign: (request: typeof REQUEST & { timestamp?: number; nonce?: string }, by = key): Sent => ({
      ...request,
      headers: { host: AUTHORITY, ...signedHeaders(by, { timestamp: NOW, ...request }) },
    }),
  },
  {
    profile: 'rfc9421',
    sign: (request: typeof REQUEST & { timestamp?: number; nonce?: string }, by = key): Sent => ({
      ...request,
      headers: {
        host: AUTHORITY,
        ...httpSignedHeaders(by, { timestamp: NOW, ...request, authority: AUTHORITY }),
      },
    }),
  },
];

describe.each(PROFILES)('in the profile $profile', ({ profile, sign }) => {
  test('a request that the key has signed is accepted', async () => {
    expect(await reasonFor(sign(REQUEST))).toBeNull();
  });

  test.each([
    ['another method', { method: 'PUT' }],
    ['another path', { target: '/order?x=1&y=%2F' }],
    ['another query', { target: '/orders?x=2&y=%2F' }],
    ['the same query in another order', { target: '/orders?y=%2F&x=1' }],
    ['the same query in another spelling', { target: '/orders?x=1&y=/' }],
    ['a query that goes on', { target: '/orders?x=1&y=%2F&z=' }],
    ['another body', { body: '{"n":2}' }],
    ['a body that goes on', { body: '{"n":1} ' }],
    ['no body', { body: '' }],
  ])('%s is another request', async (_what, change) => {
    expect(await reasonFor({ ...sign(REQUEST), ...change })).toBe('SIGNATURE_INVALID');
  });

  test.each([
    ['nonce', () => newNonce()],
    ['timestamp', () => NOW - 1000],
  ])('another %s than the one that was signed is rejected', async (name, value) => {
    const { headers } = sign(REQUEST);
    const { headers: other } = sign({ ...REQUEST, [name]: value() });
    const names = profile === 'rekey' ? [`x-${name}`] : ['signature-input'];
    const mixed = { ...(headers as Record<string, string>) };
    for (const each of names) mixed[each] = (other as Record<string, string>)[each]!;
    expect(await reasonFor({ ...REQUEST, headers: mixed })).toBe('SIGNATURE_INVALID');
  });

  test('the secret of another key, and the id of another key, are rejected', async () => {
    const secret = makeSecret('rks');
    expect(await reasonFor(sign(REQUEST, { id: key.id, secret }))).toBe('SIGNATURE_INVALID');
    expect(await reasonFor(sign(REQUEST, { id: newId('sgk'), secret: key.secret }), null)).toBe('SIGNATURE_INVALID');
  });

  test('F3.10: the key of the HMAC is the secret as it was shown, and not a hash of it', async () => {
    for (const hash of ['hex', 'base64', 'base64url'] as const) {
      const secret = createHash('sha256').update(key.secret).digest(hash);
      expect(await reasonFor(sign(REQUEST, { id: key.id, secret }))).toBe('SIGNATURE_INVALID');
    }
  });

  test.each([
    [-WINDOW, null],
    [-WINDOW - 1000, 'TIMESTAMP_OUT_OF_RANGE'],
    [WINDOW, null],
    [WINDOW + 1000, 'TIMESTAMP_OUT_OF_RANGE'],
    [-86_400_000, 'TIMESTAMP_OUT_OF_RANGE'],
    [86_400_000, 'TIMESTAMP_OUT_OF_RANGE'],
  ])('a time that differs by %i ms is answered with %s', async (difference, expected) => {
    expect(await reasonFor(sign({ ...REQUEST, timestamp: NOW + difference }))).toBe(expected);
  });

  test('F3.15: only a request whose signature is good uses a nonce up', async () => {
    const nonce = newNonce();
    const good = sign({ ...REQUEST, nonce });
    const before = service.used.length;
    await reasonFor({ ...good, body: 'another' });
    await reasonFor(sign({ ...REQUEST, nonce, timestamp: NOW - WINDOW - 1000 }));
    await reasonFor(sign({ ...REQUEST, nonce }, { id: key.id, secret: makeSecret('rks') }));
    await reasonFor(good, null);
    expect(service.used).toHaveLength(before);
    expect([await reasonFor(good), await reasonFor(good)]).toEqual([null, 'NONCE_REPLAYED']);
  });

  test('a nonce is used up for every later request, also one that is signed at another time', async () => {
    const nonce = newNonce();
    expect(await reasonFor(sign({ ...REQUEST, nonce }))).toBeNull();
    expect(await reasonFor(sign({ ...REQUEST, nonce, timestamp: NOW - 1000 }))).toBe('NONCE_REPLAYED');
    expect(await reasonFor(sign({ ...REQUEST, nonce, target: '/other' }))).toBe('NONCE_REPLAYED');
  });

  test('a key that does not exist accepts nothing, also if its decoy had signed the request', async () => {
    const open = vi.spyOn(service.secrets, 'open').mockResolvedValue(createSecretKey(Buffer.from(key.secret)));
    try {
      expect(await reasonFor(sign(REQUEST), null)).toBe('SIGNATURE_INVALID');
    } finally {
      open.mockRestore();
    }
  });

  test('a secret that does not open, because it belongs to another key, is an error and no rejection', async () => {
    const { principal } = service;
    const moved = { ...principal, credentialId: newId('sgk') };
    await expect(service.verify(sign(REQUEST), moved)).rejects.toThrow('sealed');
  });

  test('every body is covered, byte by byte', async () => {
    const bodies = ['', '{"ok":true}', 'Grüße 日本 🎉', 'x'.repeat(200_000), Buffer.from([0, 255, 128, 10, 13])];
    for (const body of bodies) {
      const signed = sign({ ...REQUEST, body: body as string });
      const length = Buffer.byteLength(body);
      expect(await reasonFor({ ...signed, body: Buffer.concat([Buffer.from(body), Buffer.from([0])]) })).toBe(
        'SIGNATURE_INVALID',
      );
      if (length > 0)
        expect(await reasonFor({ ...signed, body: Buffer.from(body).subarray(1) })).toBe('SIGNATURE_INVALID');
      expect(await reasonFor(signed)).toBeNull();
    }
  });

  test.each(['/', '/?', '/a?b', '/a?b=c&b=d', '/a??x=?', '/a%2Fb/../c?q=%C3%BC&r=+', '/a//b/./c', '/a;b=c?d=e#f'])(
    'the target %s is covered as it is sent',
    async (target) => {
      expect(await reasonFor(sign({ ...REQUEST, target }))).toBeNull();
    },
  );
});

describe('in the profile rfc9421', () => {
  const sign = PROFILES[1]!.sign;

  test('another host is another request', async () => {
    const { headers } = sign(REQUEST);
    expect(await reasonFor({ ...REQUEST, headers: { ...(headers as object), host: 'other.example' } })).toBe(
      'SIGNATURE_INVALID',
    );
  });

  test('`expires` ends the request earlier, and not later', async () => {
    const with_ = (expires: number) => ({
      ...REQUEST,
      headers: {
        host: AUTHORITY,
        ...httpSignedHeaders(key, {
          ...REQUEST,
          authority: AUTHORITY,
          timestamp: NOW - 10_000,
          parameters: { expires },
        }),
      },
    });
    expect(await reasonFor(with_(NOW / 1000 + 1))).toBeNull();
    expect(await reasonFor(with_(NOW / 1000))).toBe('TIMESTAMP_OUT_OF_RANGE');
    const late = {
      authority: AUTHORITY,
      timestamp: NOW - WINDOW - 1000,
      parameters: { expires: NOW / 1000 + 3600 },
    };
    const headers = { host: AUTHORITY, ...httpSignedHeaders(key, { ...REQUEST, ...late }) };
    expect(await reasonFor({ ...REQUEST, headers })).toBe('TIMESTAMP_OUT_OF_RANGE');
  });

  test('a covered header that was changed, added to or removed is rejected', async () => {
    const fields = { 'x-tenant': 'one' };
    const headers = {
      host: AUTHORITY,
      ...fields,
      ...httpSignedHeaders(key, {
        ...REQUEST,
        authority: AUTHORITY,
        timestamp: NOW,
        components: [...COVERED, 'x-tenant'],
        fields,
      }),
    };
    const lines = Object.entries(headers) as [string, string][];
    expect(await reasonFor({ ...REQUEST, headers: { ...headers, 'x-tenant': 'two' } })).toBe('SIGNATURE_INVALID');
    expect(await reasonFor({ ...REQUEST, headers: [...lines, ['X-Tenant', 'two']] })).toBe('SIGNATURE_INVALID');
    const without = lines.filter(([name]) => name !== 'x-tenant');
    expect(await reasonFor({ ...REQUEST, headers: without })).toBe('SIGNATURE_INCOMPLETE');
    expect(await reasonFor({ ...REQUEST, headers })).toBeNull();
  });

  test('a Content-Digest that was replaced together with the body is rejected', async () => {
    const { headers } = sign(REQUEST);
    const body = '{"n":2}';
    const replaced = { ...(headers as Record<string, string>), 'content-digest': digestOf(body) };
    expect(await reasonFor({ ...REQUEST, body, headers: replaced })).toBe('SIGNATURE_INVALID');
  });
});

describe.each(PROFILES)('a request whose body a gateway keeps, in the profile $profile', ({ profile, sign }) => {
  const forwarded = (sent: Sent): Sent => {
    const headers = { 'content-digest': digestOf(REQUEST.body), ...(sent.headers as Record<string, string>) };
    return { ...sent, headers: { ...headers, host: 'rekey.internal' }, forwardedHost: AUTHORITY, isForwarded: true };
  };

  test('is accepted by its declared digest, which the signature covers', async () => {
    expect(await reasonFor(forwarded(sign(REQUEST)))).toBeNull();
    const sent = forwarded(sign(REQUEST));
    const headers = { ...(sent.headers as Record<string, string>), 'content-digest': digestOf('another') };
    expect(await reasonFor({ ...sent, headers })).toBe('SIGNATURE_INVALID');
  });

  test('is rejected without the digest', async () => {
    const sent = forwarded(sign(REQUEST));
    const { 'content-digest': _, ...headers } = sent.headers as Record<string, string>;
    expect(await reasonFor({ ...sent, headers })).toBe('SIGNATURE_INCOMPLETE');
  });

  test('is one for the host that the gateway names', async () => {
    const expected = profile === 'rfc9421' ? 'SIGNATURE_INVALID' : null;
    expect(await reasonFor({ ...forwarded(sign(REQUEST)), forwardedHost: 'other.example' })).toBe(expected);
    expect(await reasonFor({ ...forwarded(sign(REQUEST)), forwardedHost: null })).toBe(expected);
  });
});

const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  target: fc.webPath().chain((path) => fc.webQueryParameters().map((query) => `${path || '/'}?${query}`)),
  body: fc.uint8Array({ maxLength: 400 }),
  timestamp: fc.integer({ min: NOW - WINDOW, max: NOW + WINDOW }),
  nonce: fc.stringMatching(/^[A-Za-z0-9_-]{16,128}$/),
});

test('any request that a second implementation signs is accepted, and with one bit changed it is not', async () => {
  await fc.assert(
    fc.asyncProperty(anyRequest, fc.nat(), async (request, at) => {
      const own = createService({ now: () => NOW, windowMs: WINDOW });
      const { method, target, timestamp, nonce, body } = request;
      const text = [method, target, timestamp, nonce, bytesToHex(nobleSha256(body))].join('\n');
      const encoder = new TextEncoder();
      const mac = nobleHmac(nobleSha256, encoder.encode(own.key.secret), encoder.encode(text));
      const headersOf = (signature: Uint8Array) => ({
        'x-signature': `kid=${own.key.id};hmac-sha256=${bytesToHex(signature)}`,
        'x-timestamp': String(timestamp),
        'x-nonce': nonce,
      });
      const flipped = mac.slice();
      flipped[at % 32]! ^= 1 << (at % 8);
      expect(await own.reasonFor({ ...request, headers: headersOf(flipped) })).toBe('SIGNATURE_INVALID');
      expect(await own.reasonFor({ ...request, headers: headersOf(mac) })).toBeNull();
    }),
  );
});

describe('http-message-signatures, another implementation of RFC 9421', () => {
  const algorithm = 'hmac-sha256';
  /** It reads the URL by the rules of WHATWG, as `fetch` does before it sends. */
  const request = anyRequest.map(({ target, ...rest }) => {
    const { pathname, search } = new URL(`https://${AUTHORITY}${target}`);
    return { ...rest, target: pathname + search };
  });
  const seconds = (moment: number) => new Date(Math.floor(moment / 1000) * 1000);

  test('signs any request so that it is accepted here', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ method, target, body, timestamp, nonce }) => {
        const own = createService({ now: () => NOW, windowMs: WINDOW + 1000 });
        const message = {
          method,
          url: `https://${AUTHORITY}${target}`,
          headers: { host: AUTHORITY, 'content-digest': digestOf(body) },
        };
        const signed = await httpbis.signMessage(
          {
            key: createSigner(own.key.secret, algorithm, own.key.id),
            fields: COVERED,
            params: ['created', 'nonce', 'keyid', 'alg'],
            paramValues: { created: seconds(timestamp), nonce },
          },
          message,
        );
        const headers = Object.entries(signed.headers).map(([name, value]): [string, string] => [name, String(value)]);
        expect(await own.reasonFor({ method, target, body, headers })).toBeNull();
      }),
      { numRuns: 50 },
    );
  });

  test('accepts the requests that are accepted here, and rejects changed ones', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ method, target, body, timestamp, nonce }) => {
        const signed = { method, target, body, timestamp, nonce, authority: AUTHORITY };
        const headers = { host: AUTHORITY, ...httpSignedHeaders(key, signed) };
        const verify = (url: string) =>
          httpbis.verifyMessage(
            {
              keyLookup: async () => ({
                id: key.id,
                algs: [algorithm],
                verify: createVerifier(key.secret, algorithm),
              }),
              notAfter: seconds(NOW + WINDOW + 1000),
            },
            { method, url, headers },
          );
        expect(await verify(`https://${AUTHORITY}${target}`)).toBe(true);
        expect(await verify(`https://${AUTHORITY}/other${target}`)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

test('the HMAC is that of Node, so a signature of the wrong length is never compared by its beginning', async () => {
  const headers = signedHeaders(key, { ...REQUEST, timestamp: NOW });
  const [kid, mac] = headers['x-signature']!.split('hmac-sha256=');
  expect(mac).toHaveLength(64);
  const short = { ...headers, 'x-signature': `${kid}hmac-sha256=${mac!.slice(0, 32)}` };
  expect(await reasonFor({ ...REQUEST, headers: short })).toBe('SIGNATURE_MALFORMED');
  const http = httpSignedHeaders(key, { ...REQUEST, authority: AUTHORITY, timestamp: NOW });
  const value = Buffer.from(http.signature!.split(':')[1]!, 'base64');
  for (const part of [value.subarray(0, 16), value.subarray(0, 31), Buffer.alloc(0), Buffer.concat([value, value])]) {
    const cut = { host: AUTHORITY, ...http, signature: `rekey=:${part.toString('base64')}:` };
    expect(await reasonFor({ ...REQUEST, headers: cut })).toBe('SIGNATURE_INVALID');
  }
  expect(createHmac('sha256', key.secret).digest()).toHaveLength(32);
});
