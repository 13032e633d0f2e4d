// What a verifier makes of the answers of `/v1/verify`, and of what is no answer of Rekey.
import { describe, expect, test, vi } from 'vitest';
import { fingerprint, steadyClock } from '../../src/client/runtime.ts';
import { createVerifier } from '../../src/client/verifier.ts';

const URL_OF_SERVICE = 'http://rekey.internal:4000';
const UNKNOWN = { name: 'RekeyError', code: 'AUTHENTICATION_UNAVAILABLE', retryAfterSeconds: undefined };

/** The headers of a yes. */
const IDENTITY = {
  'x-rekey-credential': 'key_1',
  'x-rekey-user': '-',
  'x-rekey-workspace': '-',
  'x-rekey-scopes': 'API_KEYS_READ,AUDIT_READ',
  'x-rekey-permissions': '-',
  'x-rekey-expires': '2099-12-31T23:59:59.000Z',
};
const yes = (headers: Record<string, string> = IDENTITY) => new Response(null, { status: 204, headers });

/** A verifier of a service that gives this answer to every request. */
function answering(answer: () => Response | Promise<Response>, options: { timeoutMs?: number } = {}) {
  const fetch = vi.fn<typeof globalThis.fetch>(async () => answer());
  return { verify: createVerifier({ url: URL_OF_SERVICE, fetch, ...options }), fetch };
}

test('asks with the secret as a Bearer, the permission and the address, and follows no redirect', async () => {
  const { verify, fetch } = answering(() => yes());
  expect(await verify('rka_any', { permission: 'a b&c', clientAddress: '192.0.2.1' })).toMatchObject({ ok: true });
  const [url, init] = fetch.mock.calls[0]!;
  expect(String(url)).toBe(`${URL_OF_SERVICE}/v1/verify?permission=a+b%26c`);
  expect(init).toMatchObject({
    headers: { authorization: 'Bearer rka_any', 'x-forwarded-for': '192.0.2.1' },
    redirect: 'manual',
  });
});

test.each([
  [401, 'unauthenticated', { ok: false, status: 401, code: 'UNAUTHENTICATED' }],
  [403, 'insufficient_scope', { ok: false, status: 403, code: 'FORBIDDEN' }],
])('returns %d for %s', async (status, error, refused) => {
  const { verify } = answering(() => Response.json({ error, error_description: 'No.' }, { status }));
  expect(await verify('rka_any')).toEqual(refused);
});

test.each([
  [503, 'authentication_unavailable', 'AUTHENTICATION_UNAVAILABLE'],
  [429, 'rate_limited', 'RATE_LIMITED'],
  [400, 'invalid_request', 'INVALID_REQUEST'],
  [400, 'bad_credentials_in_request', 'BAD_CREDENTIALS_IN_REQUEST'],
  [431, 'request_header_fields_too_large', 'REQUEST_HEADER_FIELDS_TOO_LARGE'],
])('throws for %d with %s', async (status, error, code) => {
  const headers = { 'retry-after': '7' };
  const { verify } = answering(() => Response.json({ error, error_description: 'Why.' }, { status, headers }));
  await expect(verify('rka_any')).rejects.toMatchObject({ code, message: 'Why.', retryAfterSeconds: 7 });
});

test.each<[number, string | null]>([
  [502, '<h1>Not here</h1>'],
  [502, 'null'],
  [502, '1'],
  [502, '{"error":"Bad Gateway"}'],
  [502, '{"error":{}}'],
  [502, '{"error":"unauthenticated"}'],
  [200, '{"error":"unauthenticated"}'],
  [401, '<h1>Log in to the proxy</h1>'],
  [401, '{"error":"insufficient_scope"}'],
  [403, '{"error":"unauthenticated"}'],
  [403, '{"message":"Forbidden by the firewall"}'],
  [404, '{"error":"constructor"}'],
  [200, '{}'],
  [204, null],
  [302, null],
])('throws for an answer that does not come from Rekey: %d %s', async (status, body) => {
  const headers = { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT', location: 'http://127.0.0.1:1/login' };
  const { verify } = answering(() => new Response(body, { status, headers }));
  await expect(verify('rka_any')).rejects.toMatchObject(UNKNOWN);
});

test('throws if there is no answer, and if it takes longer than `timeoutMs`', async () => {
  const { verify } = answering(() => Promise.reject(new TypeError('fetch failed')));
  await expect(verify('rka_any')).rejects.toMatchObject({ ...UNKNOWN, cause: expect.any(TypeError) });
  const late = createVerifier({
    url: URL_OF_SERVICE,
    timeoutMs: 1,
    fetch: (_url, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error()))),
  });
  await expect(late('rka_any')).rejects.toMatchObject({ ...UNKNOWN, cause: expect.any(Error) });
});

test('reads `-` as none, and lists by commas', async () => {
  const { verify } = answering(() => yes());
  expect(await verify('rka_any')).toEqual({
    ok: true,
    credentialId: 'key_1',
    userId: null,
    workspaceId: null,
    scopes: ['API_KEYS_READ', 'AUDIT_READ'],
    permissions: [],
    expiresAt: '2099-12-31T23:59:59.000Z',
  });
});

describe.each(Object.keys(IDENTITY))('%s', (name) => {
  test('must be present: a proxy that removes it must not widen a credential', async () => {
    const { verify } = answering(() => {
      const response = yes();
      response.headers.delete(name);
      return response;
    });
    await expect(verify('rka_any')).rejects.toMatchObject({ ...UNKNOWN, message: expect.stringContaining(name) });
  });

  test('must not be empty', async () => {
    const { verify } = answering(() => yes({ ...IDENTITY, [name]: '' }));
    await expect(verify('rka_any')).rejects.toMatchObject(UNKNOWN);
  });
});

test.each([
  ['x-rekey-credential', '-'],
  ['x-rekey-credential', 'key_1, key_1'],
  ['x-rekey-user', 'usr_1, usr_1'],
  ['x-rekey-workspace', 'wsp_1, -'],
  ['x-rekey-scopes', 'ADMIN, API_KEYS_READ'],
  ['x-rekey-permissions', ','],
])('throws if a header is repeated or malformed: %s: %s', async (name, value) => {
  const { verify } = answering(() => yes({ ...IDENTITY, [name]: value }));
  await expect(verify('rka_any')).rejects.toMatchObject({ ...UNKNOWN, message: expect.stringContaining(name) });
});

test.each(['', ' ', 'rka_a b', 'rka_a\nb', 'schlüssel€', 'x'.repeat(8193)])(
  'rejects the malformed credential %j without a request',
  async (garbage) => {
    const { verify, fetch } = answering(() => Promise.reject(new Error()));
    expect(await verify(garbage)).toEqual({ ok: false, status: 401, code: 'UNAUTHENTICATED' });
    expect(fetch).not.toHaveBeenCalled();
  },
);

test.each([
  ...['192.0.2.1, 192.0.2.2', 'unknown', '', '192.0.2.1\r\nX-API-Key: x', '[::1]:443', 'x'.repeat(50)],
  ...[
    '192.0.2.1:443',
    '192.0.2.256',
    '192.0.2',
    '192.0.2.1.',
    '192.0.2.01',
    '1',
    '::1::',
    ':::',
    '1:2:3',
    '::1%',
    '.:',
  ],
])('`clientAddress` must be one address: %j', async (clientAddress) => {
  const { verify, fetch } = answering(() => Promise.reject(new Error()));
  await expect(verify('rka_any', { clientAddress })).rejects.toThrow(TypeError);
  expect(fetch).not.toHaveBeenCalled();
});

test.each(['192.0.2.1', '0.0.0.0', '255.255.255.255', '::1', '::', '2001:DB8::1', '::ffff:192.0.2.1', 'fe80::1%eth0'])(
  '`clientAddress` may be %s',
  async (clientAddress) => {
    const { verify, fetch } = answering(() => Response.json({ error: 'unauthenticated' }, { status: 401 }));
    await verify('rka_any', { clientAddress });
    expect(fetch.mock.calls[0]![1]!.headers).toMatchObject({ 'x-forwarded-for': clientAddress });
  },
);

test('does not call `fetch` as a method: a browser rejects that', async () => {
  let receiver: unknown = 'not called';
  const fetch = function (this: unknown) {
    receiver = this;
    return Promise.reject(new Error());
  } as typeof globalThis.fetch;
  await expect(createVerifier({ url: URL_OF_SERVICE, fetch })('rka_any')).rejects.toThrow();
  expect(receiver).toBeUndefined();
});

test('the memory is keyed by a hash: it holds no secret', async () => {
  expect(await fingerprint('192.0.2.1 rka_secret')).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  expect(await fingerprint('192.0.2.1 rka_secret')).not.toBe(await fingerprint('192.0.2.2 rka_secret'));
});

test('without the hash of Node, Web Crypto makes the same', async () => {
  vi.stubGlobal('process', undefined);
  const again = '../../src/client/runtime.ts?without-node';
  const elsewhere = (await import(again).finally(() => vi.unstubAllGlobals())) as { fingerprint: typeof fingerprint };
  const hashed = elsewhere.fingerprint('192.0.2.1 rka_secret');
  expect(hashed).toBeInstanceOf(Promise);
  expect(await hashed).toBe(fingerprint('192.0.2.1 rka_secret'));
});

describe('the clock of a verifier', () => {
  const clock = () => {
    const [time, wall] = [{ monotonic: 5000 }, { now: 1_700_000_000_000 }];
    return {
      time,
      wall,
      read: steadyClock(
        () => time.monotonic,
        () => wall.now,
      ),
    };
  };

  test('counts the time of a suspended machine, for which the monotonic clock stands still', () => {
    const { time, wall, read } = clock();
    const before = read();
    wall.now += 3_600_000;
    expect(read() - before).toBe(3_600_000);
    time.monotonic += 10;
    wall.now += 10;
    expect(read() - before).toBe(3_600_010);
  });

  test('does not go back with the wall clock, and goes on as before', () => {
    const { time, wall, read } = clock();
    const before = read();
    wall.now -= 3_600_000;
    expect(read()).toBe(before);
    time.monotonic += 250;
    wall.now += 250;
    expect(read() - before).toBe(250);
  });

  test('ignores the small steps by which a wall clock is corrected', () => {
    const { time, wall, read } = clock();
    const before = read();
    for (let step = 0; step < 10; step++) {
      time.monotonic += 20;
      wall.now += step % 2 ? 0 : 40;
      read();
    }
    expect(read() - before).toBe(200);
  });
});
