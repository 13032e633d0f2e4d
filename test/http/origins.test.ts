// Which web pages may use the service, as far as the headers of a request tell.

import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createProxyTrust } from '../../src/http/client-address.ts';
import { createOrigins } from '../../src/http/origins.ts';
import { originOf } from '../../src/kernel/origin.ts';

const PROXY = '10.0.0.1';
const origins = createOrigins(['https://app.example', 'http://localhost:3000'], createProxyTrust(['10.0.0.0/8']));

/** Whether a request with these headers may open a WebSocket. */
const isAllowed = (headers: Record<string, string>, remoteAddress = '192.0.2.1') =>
  origins.isAllowed({ headers, socket: { remoteAddress } } as unknown as IncomingMessage);

describe('an origin', () => {
  test.each([
    ['https://app.example', 'https://app.example'],
    ['HTTPS://App.Example', 'https://app.example'],
    ['https://app.example:443', 'https://app.example'],
    ['http://app.example:80', 'http://app.example'],
    ['https://app.example:8443', 'https://app.example:8443'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['http://münchen.example', 'http://xn--mnchen-3ya.example'],
  ])('%s is spelled %s', (text, spelled) => {
    expect(originOf(text)).toBe(spelled);
  });

  test.each([
    '',
    'null',
    '*',
    'app.example',
    '//app.example',
    'https://',
    'https://*.example ',
    'https://app.example/',
    'https://app.example/path',
    'https://app.example?x',
    'https://app.example#x',
    'https://user@app.example',
    'https://app.example\\@evil.example',
    'https://app.example, https://evil.example',
    'https://app.example:99999',
    'ftp://app.example',
    'ws://app.example',
    'file:///etc/passwd',
    `https://${'a'.repeat(300)}.example`,
  ])('is not %j', (text) => {
    expect(originOf(text)).toBe(null);
  });
});

describe('a listed origin', () => {
  test.each(['https://app.example', 'https://APP.example:443', 'http://localhost:3000'])('is %s', (origin) => {
    expect(origins.isListed(origin)).toBe(true);
    expect(isAllowed({ origin, host: 'rekey.example' })).toBe(true);
  });

  test.each([
    undefined,
    'null',
    '*',
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'https://evil-app.example',
    'https://sub.app.example',
    'http://localhost',
    'http://127.0.0.1:3000',
  ])('is not %s', (origin) => {
    expect(origins.isListed(origin)).toBe(false);
    expect(isAllowed({ ...(origin === undefined ? {} : { origin }), host: 'rekey.example' })).toBe(false);
  });

  test('is none if the operator lists none', () => {
    const none = createOrigins([], createProxyTrust([]));
    expect([none.anyListed, origins.anyListed]).toEqual([false, true]);
    for (const origin of ['', 'null', 'https://app.example']) expect(none.isListed(origin)).toBe(false);
  });
});

describe("the service's own origin", () => {
  test('is the scheme, the host and the port of the request', () => {
    expect(isAllowed({ origin: 'http://rekey.example:4000', host: 'rekey.example:4000' })).toBe(true);
    expect(isAllowed({ origin: 'http://rekey.example', host: 'REKEY.example:80' })).toBe(true);
    for (const origin of ['http://rekey.example', 'https://rekey.example:4000', 'http://other.example:4000']) {
      expect(isAllowed({ origin, host: 'rekey.example:4000' }), origin).toBe(false);
    }
  });

  test('is what a trusted proxy names, and nothing that another client names', () => {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'auth.example', host: 'rekey.internal:4000' };
    expect(isAllowed({ ...forwarded, origin: 'https://auth.example' }, PROXY)).toBe(true);
    expect(isAllowed({ ...forwarded, origin: 'http://rekey.internal:4000' }, PROXY)).toBe(false);
    expect(isAllowed({ ...forwarded, origin: 'https://auth.example' })).toBe(false);
    expect(isAllowed({ ...forwarded, origin: 'http://rekey.internal:4000' })).toBe(true);
  });

  test('has the scheme of the page, where the proxy names that of the WebSocket', () => {
    const request = { 'x-forwarded-host': 'auth.example', host: 'rekey.internal:4000' };
    expect(isAllowed({ ...request, 'x-forwarded-proto': 'wss', origin: 'https://auth.example' }, PROXY)).toBe(true);
    expect(isAllowed({ ...request, 'x-forwarded-proto': 'ws', origin: 'http://auth.example' }, PROXY)).toBe(true);
    expect(isAllowed({ ...request, 'x-forwarded-proto': 'ws', origin: 'https://auth.example' }, PROXY)).toBe(false);
  });

  test('comes from the first entry, where several proxies have added one', () => {
    const forwarded = { 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'auth.example, rekey.internal' };
    expect(isAllowed({ ...forwarded, host: 'x', origin: 'https://auth.example' }, PROXY)).toBe(true);
  });

  test.each(['null', '', 'http://', 'http://rekey.example/x'])('is not %j, whatever the host', (origin) => {
    for (const host of ['rekey.example', '', '/', 'a b', 'rekey.example/x']) {
      expect(isAllowed({ origin, host }), host).toBe(false);
    }
  });
});
