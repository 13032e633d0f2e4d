// The adapters, with the real frameworks, over real connections.
import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { RekeyError } from '../../src/client/error.ts';
import * as forExpress from '../../src/client/express.ts';
import * as forFastify from '../../src/client/fastify.ts';
import * as forFetch from '../../src/client/fetch.ts';
import * as forHono from '../../src/client/hono.ts';
import * as forNode from '../../src/client/node.ts';
import type { Verify, VerifyOptions } from '../../src/client/verifier.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { hasFormOfAccessToken } from '../../src/sessions/access-token.ts';

const API_KEY = makeSecret('rka');
const OTHER_KEY = makeSecret('rkd');
const ACCESS_TOKEN = 'eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsifQ.eyJqdGkiOiJ4In0.AAAA';
const APPLICATION_TOKEN = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ4In0.AAAA';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}
/** Sends a request with raw headers: names and values alternate. */
type Ask = (headers?: string[]) => Promise<Answer>;
interface Options {
  permission?: string;
  clientAddress?: () => string | undefined;
}
/** Starts a server whose handler answers with the id of the credential, and counts its calls. */
type Start = (verify: Verify, options: Options, handled: () => void) => Promise<Ask>;

async function listen(listener: RequestListener): Promise<Ask> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return (headers = []) =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ port, host: '127.0.0.1', headers: ['Host', 'localhost', ...headers] as never });
      sent.on('error', reject).end();
      sent.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      });
    });
}

/** The same headers for a server whose handler takes a `Request`. */
const asking =
  (handle: (request: Request) => Promise<Response>): Ask =>
  async (raw = []) => {
    const headers = new Headers();
    for (let index = 0; index < raw.length; index += 2) headers.append(raw[index]!, raw[index + 1]!);
    const response = await handle(new Request('http://localhost/', { headers }));
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  };

const FRAMEWORKS: Record<string, { knowsAddress: boolean; start: Start }> = {
  'node:http': {
    knowsAddress: true,
    start: (verify, options, handled) => {
      const authenticate = forNode.guard({ verify, ...options });
      return listen(async (request, response) => {
        try {
          const verified = await authenticate(request, response);
          if (!verified) return;
          handled();
          response.end(verified.credentialId);
        } catch {
          response.writeHead(500).end();
        }
      });
    },
  },
  Express: {
    knowsAddress: true,
    start: (verify, options, handled) => {
      const app = express();
      app.set('env', 'test');
      app.use(forExpress.guard({ verify, ...options }));
      app.get('/', (request, response) => {
        handled();
        response.send(forExpress.verifiedOf(request).credentialId);
      });
      return listen(app);
    },
  },
  Fastify: {
    knowsAddress: true,
    start: async (verify, options, handled) => {
      const app = fastify();
      app.addHook('onRequest', forFastify.guard({ verify, ...options }));
      app.get('/', async (request) => {
        handled();
        return forFastify.verifiedOf(request).credentialId;
      });
      await app.ready();
      return listen((request, response) => app.routing(request, response));
    },
  },
  Hono: {
    knowsAddress: false,
    start: async (verify, options, handled) => {
      const app = new Hono();
      app.use(forHono.guard({ verify, ...options }));
      app.get('/', (context) => {
        handled();
        return context.text(forHono.verifiedOf(context).credentialId);
      });
      app.onError((_error, context) => context.text('', 500));
      return asking(async (request) => app.fetch(request));
    },
  },
  fetch: {
    knowsAddress: false,
    start: async (verify, options, handled) => {
      const authenticate = forFetch.guard({ verify, ...options });
      return asking(async (request) => {
        try {
          const verified = await authenticate(request);
          if (verified instanceof Response) return verified;
          handled();
          return new Response(verified.credentialId);
        } catch {
          return new Response(null, { status: 500 });
        }
      });
    },
  },
};

describe.each(Object.entries(FRAMEWORKS))('%s', (_name, { start, knowsAddress }) => {
  async function guarded(options: Options = {}, answer = accept) {
    const verify = Object.assign(vi.fn(answer), { close: () => undefined });
    const handled = vi.fn();
    return { ask: await start(verify, options, handled), verify, handled };
  }
  const accept: (secret: string, options?: VerifyOptions) => ReturnType<Verify> = async () => ({
    ok: true,
    credentialId: 'key_1',
    userId: null,
    workspaceId: null,
    scopes: [],
    permissions: [],
    expiresAt: null,
  });

  test.each([
    ['a Bearer', ['Authorization', `Bearer ${API_KEY}`], API_KEY],
    ['a Bearer in another case', ['authorization', `bEARER   ${API_KEY} `], API_KEY],
    ['an API key', ['X-API-Key', ` ${API_KEY} `], API_KEY],
    ['the same secret twice', ['Authorization', `Bearer ${API_KEY}`, 'X-API-Key', API_KEY], API_KEY],
    ['an API key beside Basic', ['Authorization', 'Basic YTpi', 'X-API-Key', API_KEY], API_KEY],
    ['an API key beside a token of the application', beside(APPLICATION_TOKEN, API_KEY), API_KEY],
    ['an access token beside another X-API-Key', beside(ACCESS_TOKEN, 'of-the-application'), ACCESS_TOKEN],
    ['a Bearer beside an empty X-API-Key', beside(API_KEY, ' '), API_KEY],
  ])('verifies %s and lets the request pass', async (_what, headers, secret) => {
    const { ask, verify, handled } = await guarded({ permission: 'orders:read' });
    expect(await ask(headers)).toMatchObject({ status: 200, body: 'key_1' });
    expect(verify).toHaveBeenCalledTimes(1);
    expect(verify.mock.calls[0]![0]).toBe(secret);
    expect(verify.mock.calls[0]![1]).toMatchObject({ permission: 'orders:read' });
    expect(handled).toHaveBeenCalledTimes(1);
  });

  test('verifies neither of two secrets of other forms, because an imported one must be alone', async () => {
    const { ask, verify } = await guarded();
    expect(await ask(beside(APPLICATION_TOKEN, 'sk_live_0123456789'))).toMatchObject({ status: 401 });
    expect(verify).not.toHaveBeenCalled();
  });

  test('passes the address of the client on', async () => {
    const { ask, verify } = await guarded();
    await ask(['X-API-Key', API_KEY, 'X-Forwarded-For', '203.0.113.7']);
    // Without a setting, no framework believes the header.
    expect(verify.mock.calls[0]![1]!.clientAddress).toBe(knowsAddress ? '127.0.0.1' : undefined);
    const other = await guarded({ clientAddress: () => '203.0.113.8' });
    await other.ask(['X-API-Key', API_KEY]);
    expect(other.verify.mock.calls[0]![1]!.clientAddress).toBe('203.0.113.8');
  });

  test.each(['unknown', '203.0.113.7:443', '', '203.0.113.7, 127.0.0.1'])(
    'responds with 400 if the address of the client is %j: a key may be bound to the address of this server',
    async (address) => {
      const { ask, verify, handled } = await guarded({ clientAddress: () => address });
      expect(await ask(['X-API-Key', API_KEY])).toMatchObject({ status: 400 });
      expect([verify, handled].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
    },
  );

  test.each([
    ['no credential', []],
    ['another scheme', ['Authorization', 'Basic YTpi']],
    ['an empty X-API-Key', ['X-API-Key', '']],
    ['a scheme that only begins with Bearer', ['Authorization', `Bearer-X ${API_KEY}`]],
  ])('responds with 401 to %s, and names no error (RFC 6750 §3.1)', async (_what, headers) => {
    const { ask, verify, handled } = await guarded();
    const { status, body, headers: answered } = await ask(headers);
    expect([status, JSON.parse(body).error]).toEqual([401, 'unauthenticated']);
    expect(answered['www-authenticate']).toBe('Bearer realm="rekey"');
    expect(answered['cache-control']).toBe('no-store');
    expect([verify, handled].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  });

  test.each([
    ['that is empty', ['Authorization', 'Bearer']],
    ['with white space in it', ['Authorization', 'Bearer a b']],
  ])('never accepts a Bearer %s', async (_what, headers) => {
    const { ask, handled } = await guarded({}, async (secret) =>
      secret === '' ? { ok: false, status: 401, code: 'UNAUTHENTICATED' } : accept(secret),
    );
    expect((await ask(headers)).status).toBe(401);
    expect(handled).not.toHaveBeenCalled();
  });

  test.each([
    ['an API key and an access token', beside(ACCESS_TOKEN, API_KEY)],
    ['two API keys', beside(OTHER_KEY, API_KEY)],
    ['two Bearers', ['Authorization', `Bearer ${API_KEY}`, 'Authorization', `Bearer ${OTHER_KEY}`]],
  ])('responds with 400 to %s', async (_what, headers) => {
    const { ask, handled } = await guarded();
    const { status, body } = await ask(headers);
    expect([status, JSON.parse(body).error]).toEqual([400, 'bad_credentials_in_request']);
    expect(handled).not.toHaveBeenCalled();
  });

  test.each([
    [401, 'unauthenticated', 'Bearer realm="rekey", error="invalid_token"'],
    [403, 'insufficient_scope', undefined],
  ] as const)('responds with %d to a refused credential', async (refused, error, challenge) => {
    const code = refused === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN';
    const { ask, handled } = await guarded({}, async () => ({ ok: false, status: refused, code }) as never);
    const { status, body, headers } = await ask(['X-API-Key', API_KEY]);
    expect([status, JSON.parse(body).error]).toEqual([refused, error]);
    expect(headers['www-authenticate']).toBe(challenge);
    expect(headers['content-type']).toContain('application/json');
    expect(body).not.toContain(API_KEY);
    expect(handled).not.toHaveBeenCalled();
  });

  test.each([
    [503, 'AUTHENTICATION_UNAVAILABLE', undefined, '1'],
    [503, 'AUTHENTICATION_UNAVAILABLE', 3, '3'],
    [429, 'RATE_LIMITED', 7, '7'],
  ] as const)('responds with %d and Retry-After to %s', async (expected, code, retryAfterSeconds, header) => {
    const { ask, handled } = await guarded({}, async () => {
      throw new RekeyError(code, 'No answer.', { retryAfterSeconds });
    });
    const { status, headers } = await ask(['X-API-Key', API_KEY]);
    expect([status, headers['retry-after']]).toEqual([expected, header]);
    expect(handled).not.toHaveBeenCalled();
  });

  test.each([new RekeyError('INVALID_REQUEST', 'The permission is empty.'), new Error('a bug')])(
    'leaves %s to the error handler of the server',
    async (error) => {
      vi.spyOn(console, 'error').mockReturnValue();
      onTestFinished(() => void vi.restoreAllMocks());
      const { ask, handled } = await guarded({}, () => Promise.reject(error));
      expect((await ask(['X-API-Key', API_KEY])).status).toBe(500);
      expect(handled).not.toHaveBeenCalled();
    },
  );
});

function beside(bearer: string, apiKey: string): string[] {
  return ['Authorization', `Bearer ${bearer}`, 'X-API-Key', apiKey];
}

test('the form of an access token is the one of the service', () => {
  expect(hasFormOfAccessToken(ACCESS_TOKEN)).toBe(true);
  expect(hasFormOfAccessToken(APPLICATION_TOKEN)).toBe(false);
});

test('a route without a guard fails instead of running without a credential', () => {
  for (const { verifiedOf } of [forExpress, forFastify, forHono]) expect(() => verifiedOf({})).toThrow(TypeError);
});

test('Express: an error of a handler is not taken for one of the guard', async () => {
  const app = express();
  const caught = vi.fn();
  const verify = Object.assign(async () => ({ ok: true }) as never, { close: () => undefined });
  app.use(forExpress.guard({ verify }));
  app.get('/', () => {
    throw new Error('of the handler');
  });
  app.use((error: Error, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    caught(error.message);
    response.status(500).end();
  });
  const ask = await listen(app);
  expect((await ask(['X-API-Key', API_KEY])).status).toBe(500);
  expect(caught.mock.calls).toEqual([['of the handler']]);
});
