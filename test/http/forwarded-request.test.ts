import { describe, expect, test } from 'vitest';
import { createProxyTrust } from '../../src/http/client-address.ts';
import { createReadForwarded } from '../../src/http/forwarded-request.ts';
import type { AccessError } from '../../src/identity/access-error.ts';

const PROXY = '10.0.0.1';
const readForwarded = createReadForwarded(createProxyTrust(['10.0.0.0/8', '2001:db8::/32']));

/** A request from this peer. Node joins the values of a repeated header with commas. */
const request = (headers: Record<string, string>, remoteAddress: string | undefined = PROXY) => ({
  headers,
  rawHeaders: Object.entries(headers).flat(),
  socket: { remoteAddress },
});
const FORWARDED = { 'x-forwarded-method': 'PUT', 'x-forwarded-uri': '/a?b=%2F', 'x-forwarded-host': 'api.example' };

const reasonOf = (headers: Record<string, string>) => {
  try {
    return readForwarded(request(headers));
  } catch (error) {
    return (error as AccessError).reason;
  }
};

test('a trusted proxy says which request it asks about', () => {
  const expected = { method: 'PUT', target: '/a?b=%2F', forwardedHost: 'api.example' };
  for (const peer of [PROXY, `::ffff:${PROXY}`, '2001:db8::7', '2001:DB8:0::7%eth0']) {
    expect(readForwarded(request(FORWARDED, peer)), peer).toEqual(expected);
  }
});

test('without a host, the host of the request itself counts', () => {
  const { 'x-forwarded-host': _, ...headers } = FORWARDED;
  expect(readForwarded(request(headers))).toEqual({ method: 'PUT', target: '/a?b=%2F', forwardedHost: null });
});

test.each([
  ['from any other address', FORWARDED, '192.0.2.1'],
  ['from a socket without an address', FORWARDED, ''],
  ['without a method and a target', { 'x-forwarded-host': 'api.example', 'x-forwarded-for': '192.0.2.1' }, PROXY],
])('%s, the request itself is meant', (_what, headers, peer) => {
  expect(readForwarded(request(headers as Record<string, string>, peer))).toBeNull();
});

test('and without trusted proxies, from every address', () => {
  expect(createReadForwarded(createProxyTrust([]))(request(FORWARDED))).toBeNull();
});

describe('a proxy that says only a part, or says it twice, is misconfigured', () => {
  test.each(['x-forwarded-method', 'x-forwarded-uri'])('%s is missing', (name) => {
    expect(reasonOf(Object.fromEntries(Object.entries(FORWARDED).filter(([each]) => each !== name)))).toBe(
      'SIGNATURE_INCOMPLETE',
    );
  });

  test.each([
    { 'x-forwarded-method': 'GET, PUT' },
    { 'x-forwarded-method': '' },
    { 'x-forwarded-uri': '/a, /b' },
    { 'x-forwarded-uri': 'http://api.example/a' },
    { 'x-forwarded-uri': '' },
    { 'x-forwarded-host': 'api.example, other.example' },
    { 'x-forwarded-host': 'api.example,other.example' },
    { 'x-forwarded-host': 'api.example/a' },
    { 'x-forwarded-host': '' },
    { 'x-forwarded-host': 'x'.repeat(256) },
  ] as Record<string, string>[])('%j', (wrong) => {
    expect(reasonOf({ ...FORWARDED, ...wrong })).toBe('SIGNATURE_MALFORMED');
  });
});
