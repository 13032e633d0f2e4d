// GraphQL over WebSocket: the upgrade, the protocol graphql-transport-ws, and what a client may send.
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { unavailable } from '../../src/identity/access-error.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { headersOf, type Message, Socket } from '../support/live.ts';
import { send } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';
import { GATES, Gates } from './gates.ts';

const LISTED = 'https://app.example';
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': KEY,
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'graphql-transport-ws',
};

describe.each(backends())('a WebSocket on $name', ({ start }) => {
  const gates = new Gates();
  const opened: Socket[] = [];
  let app: TestApp;
  let admin: Account;
  let secret: string;

  beforeAll(async () => {
    app = await start({
      env: {
        REKEY_ALLOWED_ORIGINS: LISTED,
        REKEY_LIVE_PER_CREDENTIAL: '3',
        REKEY_LIVE_PER_ADDRESS: '8',
        REKEY_LIVE_CONNECTIONS: '10',
        REKEY_LIVE_SUBSCRIPTIONS: '4',
        REKEY_TRUSTED_PROXIES: '127.0.0.1',
      },
      overrides: { schema: { typeDefs: GATES, resolvers: gates.resolvers } },
    });
    admin = await app.admin();
    secret = (await app.apiKey(admin, { scopes: ['SESSIONS_READ'] })).secret;
  });
  afterAll(() => app.close());
  afterEach(async () => {
    gates.openAll();
    for (const socket of opened.splice(0)) socket.ws.terminate();
    await until('every place is free', () => app.app.live.size === 0);
  });

  /** Opens a WebSocket that is closed at the end of the test. */
  async function open(options: Parameters<typeof Socket.open>[1] = {}): Promise<Socket> {
    const socket = await Socket.open(app.url, options);
    opened.push(socket);
    return socket;
  }
  const connect = (options: Parameters<typeof Socket.open>[1] = {}) => open({ ...options, init: null });

  /** How the service closes the connection after these messages. */
  async function closing(socket: Socket, ...messages: (Message | string)[]): Promise<[code: number, reason: string]> {
    for (const message of messages) socket.send(message);
    const { code, reason } = await socket.closed;
    return [code, reason];
  }

  describe('the upgrade', () => {
    test('carries the request id, and is not for another page', async () => {
      const given = await connect({ headers: { 'x-request-id': 'given-by-the-proxy' } });
      expect(given.headers).toMatchObject({
        'x-request-id': 'given-by-the-proxy',
        vary: 'Origin',
        'sec-websocket-protocol': 'graphql-transport-ws',
      });
      expect(given.headers).not.toHaveProperty('sec-websocket-extensions');
      expect((await connect()).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    });

    test.each([
      ['a listed page', () => ({ origin: LISTED })],
      ['a page of the service itself', () => ({ origin: app.url })],
      ['no page', () => ({})],
      [
        'a page of the service, as the proxy names it',
        () => ({
          origin: 'https://auth.example',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'auth.example',
        }),
      ],
    ])('is accepted from %s', async (_who, headers) => {
      const socket = await open({ caller: { secret }, headers: headers() });
      expect(await socket.execute('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    });

    const common = {
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-type': 'application/json',
      'x-request-id': 'given-by-the-proxy',
      vary: 'Origin',
      connection: 'close',
    };
    const refused = (headers: Record<string, string | undefined>) =>
      send(app.url, '/graphql', {
        headers: Object.fromEntries(
          Object.entries({ ...UPGRADE, 'x-request-id': 'given-by-the-proxy', ...headers }).filter(
            (entry): entry is [string, string] => entry[1] !== undefined,
          ),
        ),
      });

    test.each(['https://evil.example', 'null', '', 'http://app.example', `${LISTED}.evil.example`, '*'])(
      'is rejected from the page %j, whatever it presents',
      async (origin) => {
        const { status, headers, json } = await refused({ origin, ...headersOf({ secret }) });
        expect([status, headers]).toEqual([403, expect.objectContaining(common)]);
        expect(json).toEqual({
          error: 'forbidden',
          error_description: expect.stringContaining('REKEY_ALLOWED_ORIGINS'),
        });
      },
    );

    test.each([
      ['without a key', { 'sec-websocket-key': undefined }, 400, {}],
      ['with a key that is none', { 'sec-websocket-key': 'short' }, 400, {}],
      ['with a list of protocols that is none', { 'sec-websocket-protocol': ',,' }, 400, {}],
      [
        'in another version',
        { 'sec-websocket-version': '7' },
        426,
        { 'sec-websocket-version': '13, 8', upgrade: 'websocket' },
      ],
      ['without a version', { 'sec-websocket-version': undefined }, 426, { 'sec-websocket-version': '13, 8' }],
    ])('that is malformed is rejected with the headers of every answer: %s', async (_what, changed, status, own) => {
      const answer = await refused(changed);
      expect([answer.status, answer.headers]).toEqual([status, expect.objectContaining({ ...common, ...own })]);
      expect(answer.json).toEqual({
        error: 'invalid_request',
        error_description: expect.stringMatching(/^[A-Z].*\.$/),
      });
    });

    test('to another protocol, to another path or with another method is an ordinary request', async () => {
      const h2c = await send(app.url, '/graphql', { headers: { connection: 'Upgrade', upgrade: 'h2c' } });
      expect([h2c.status, h2c.headers.connection]).toEqual([405, 'close']);
      for (const path of ['/graphql/', '/v1/revocations', '/v1/verify', '/GRAPHQL', '/graphql%2f']) {
        const { status } = await send(app.url, path, { headers: UPGRADE });
        expect(status, path).toBeLessThan(405);
        expect(status, path).toBeGreaterThan(400);
      }
      const post = await send(app.url, '/graphql', { method: 'POST', headers: UPGRADE });
      expect(post.status).toBe(415);
    });

    test('is accepted with a query and in absolute form, and nothing in the URL is a credential', async () => {
      const { hostname, port } = new URL(app.url);
      for (const path of [`/graphql?access_token=${secret}`, `${app.url}/graphql`]) {
        const { request } = await import('node:http');
        const sent = request({ hostname, port, path, headers: UPGRADE, agent: false });
        sent.end();
        const [response, socket] = await once(sent, 'upgrade');
        expect(response.statusCode).toBe(101);
        socket.destroy();
      }
    });

    test('beyond the connections of an address or of this replica is rejected with 429 and `Retry-After`', async () => {
      const limited = (description: string) => ({
        status: 429,
        headers: expect.objectContaining({ ...common, 'retry-after': '5' }),
        json: { error: 'rate_limited', error_description: expect.stringContaining(description) },
      });
      const from = (address: string) => ({ 'x-forwarded-for': address });
      const sockets = await Promise.all(times(8, () => connect({ headers: from('192.0.2.1') })));
      expect(await refused(from('192.0.2.1'))).toMatchObject(limited('of this address'));
      await Promise.all(times(2, () => connect({ headers: from('192.0.2.2') })));
      expect(await refused(from('192.0.2.3'))).toMatchObject(limited('of this replica'));
      await sockets[0]!.close();
      await until('its place is free', () => app.app.live.size === 9);
      await connect({ headers: from('192.0.2.1') });
    });
  });

  describe('the protocol', () => {
    test('needs the subprotocol graphql-transport-ws: 4406', async () => {
      const socket = await connect({ protocols: [] });
      expect(await socket.closed).toEqual({ code: 4406, reason: 'Subprotocol not acceptable' });
      // The client gives up by itself if the service takes none of its protocols.
      await expect(connect({ protocols: ['graphql-ws'] })).rejects.toThrow('no subprotocol');
      const both = await open({ protocols: ['graphql-ws', 'graphql-transport-ws'] });
      expect(both.ws.protocol).toBe('graphql-transport-ws');
    });

    test('waits 3 s for `connection_init`: 4408', async () => {
      const socket = await connect();
      expect(await closing(socket)).toEqual([4408, 'Connection initialisation timeout']);
    });

    test('rejects an operation before `connection_init` was acknowledged: 4401', async () => {
      const subscribe = { type: 'subscribe', id: '1', payload: { query: '{ __typename }' } };
      expect(await closing(await connect(), subscribe)).toEqual([4401, 'Unauthorized']);
    });

    test('rejects a second `connection_init`: 4429', async () => {
      const init = { type: 'connection_init' };
      expect((await closing(await open(), init))[0]).toBe(4429);
      expect((await closing(await connect(), init, init))[0]).toBe(4429);
    });

    test('answers pings of both kinds', async () => {
      const socket = await open();
      expect(await socket.ask({ type: 'ping' })).toEqual({ type: 'pong' });
      expect(await socket.ask({ type: 'ping', payload: { a: 1 } })).toEqual({ type: 'pong' });
      socket.send({ type: 'pong' });
      socket.ws.ping('x');
      const [data] = await once(socket.ws, 'pong');
      expect(String(data)).toBe('x');
    });

    test.each([
      ['that is no JSON', '{'],
      ['that is no object', '[]'],
      ['that is a batch', '[{"type":"subscribe","id":"1","payload":{"query":"{ __typename }"}}]'],
      ['without a type', '{}'],
      ['of an unknown type', '{"type":"start"}'],
      ['that only a service sends', '{"type":"next","id":"1","payload":{}}'],
      ['that only a service sends', '{"type":"connection_ack"}'],
      ['without an id', '{"type":"subscribe","payload":{"query":"{ __typename }"}}'],
      ['with an empty id', '{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}'],
      ['with an id that is no text', '{"type":"subscribe","id":1,"payload":{"query":"{ __typename }"}}'],
      ['with a batch of operations', '{"type":"subscribe","id":"1","payload":[{"query":"{ __typename }"}]}'],
      ['without a query', '{"type":"subscribe","id":"1","payload":{}}'],
      [
        'with variables that are a list',
        '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":[]}}',
      ],
    ])('rejects a message %s: 4400, and logs no error', async (_what, message) => {
      const logged = app.log.length;
      expect(await closing(await open(), message)).toEqual([4400, 'Invalid message received']);
      expect(app.log.slice(logged).filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
    });

    test('rejects an operation whose id is longer than 128 characters: 4400', async () => {
      const subscribe = (id: string) => ({ type: 'subscribe', id, payload: { query: '{ __typename }' } });
      const socket = await open();
      expect(await socket.ask(subscribe('i'.repeat(128)))).toMatchObject({ type: 'next', id: 'i'.repeat(128) });
      expect((await closing(socket, subscribe('i'.repeat(129))))[0]).toBe(4400);
    });

    test.each(['1', 'ü'.repeat(128), '😀'.repeat(64)])(
      'rejects an operation with the id of an active one: 4409, and the reason repeats nothing: %s',
      async (id) => {
        const subscribe = { type: 'subscribe', id, payload: { query: 'subscription { gated }' } };
        const socket = await open();
        expect(await closing(socket, subscribe, subscribe)).toEqual([4409, 'An operation with this id is active']);
      },
    );
  });

  describe('a message', () => {
    test('must be text: 1003', async () => {
      const socket = await open();
      socket.ws.send(Buffer.from('{"type":"ping"}'));
      expect(await closing(socket)).toEqual([1003, 'Messages must be text']);
    });

    test('must be UTF-8: 1007', async () => {
      const socket = await open();
      socket.ws.send(Buffer.from([0xff, 0xfe]), { binary: false });
      expect((await closing(socket))[0]).toBe(1007);
    });

    test('may have 64 KiB: 1009', async () => {
      const ping = (bytes: number) => {
        const empty = JSON.stringify({ type: 'ping', payload: { a: '' } });
        return JSON.stringify({ type: 'ping', payload: { a: 'x'.repeat(bytes - empty.length) } });
      };
      const socket = await open();
      socket.send(ping(65_536));
      expect((await socket.message())?.type).toBe('pong');
      expect((await closing(socket, ping(65_537)))[0]).toBe(1009);
      expect((await closing(await open(), ping(16 * 1024 ** 2)))[0]).toBe(1009);
    });

    test('may have 5000 JSON values: 4400', async () => {
      const ping = (values: number) => JSON.stringify({ type: 'ping', payload: { a: times(values, () => 0) } });
      const socket = await open();
      socket.send(ping(4000));
      expect((await socket.message())?.type).toBe('pong');
      expect((await closing(socket, ping(6000)))[0]).toBe(4400);
    });

    test.each([
      ['messages', (socket: Socket) => socket.send({ type: 'pong' })],
      ['pings', (socket: Socket) => socket.ws.ping()],
      ['unsolicited pongs', (socket: Socket) => socket.ws.pong()],
    ])('may come 100 times at once: 4429 for more %s', async (_what, sendOne) => {
      const socket = await open();
      for (const _ of times(98, () => null)) sendOne(socket);
      expect(await socket.ask({ type: 'ping' })).toEqual({ type: 'pong' });
      for (const _ of times(2000, () => null)) sendOne(socket);
      expect(await closing(socket)).toEqual([4429, 'Too many messages']);
    });

    test('after too many is not read any more, and the place is free soon', async () => {
      const socket = await open();
      const flood = setInterval(() => {
        for (const _ of times(200, () => null)) if (socket.ws.readyState === 1) socket.send({ type: 'pong' });
      }, 1);
      onTestFinished(() => clearInterval(flood));
      await socket.closed;
    });
  });

  describe('the credential', () => {
    const scopes = '{ viewer { scopes } }';

    test.each([
      ['`authorization`', () => ({ init: { authorization: `Bearer ${secret}` } })],
      ['`Authorization`', () => ({ init: { Authorization: `bearer ${secret}` } })],
      ['`X-API-Key`', () => ({ init: { 'X-API-Key': secret } })],
      [
        'the header `Authorization` of the upgrade',
        () => ({ init: {}, headers: { authorization: `Bearer ${secret}` } }),
      ],
      ['the header `X-API-Key` of the upgrade', () => ({ init: {}, headers: { 'x-api-key': secret } })],
      [
        'both, if they are the same',
        () => ({ init: { authorization: `Bearer ${secret}` }, headers: { 'x-api-key': secret } }),
      ],
    ])('comes in %s', async (_where, options) => {
      const socket = await open(options());
      expect(await socket.execute(scopes)).toEqual({ data: { viewer: { scopes: ['SESSIONS_READ'] } } });
    });

    test.each([
      ['unknown', { authorization: `Bearer rka_${'x'.repeat(36)}` }],
      ['malformed', { authorization: 'Bearer a b' }],
      ['empty', { authorization: 'Bearer ' }],
      ['no access token', { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }],
      ['an unknown key', { 'x-api-key': 'rka_unknown' }],
    ])('that is %s is rejected with 4403, and one reason for all', async (_what, init) => {
      const socket = await connect();
      expect(await closing(socket, { type: 'connection_init', payload: init })).toEqual([
        4403,
        'The credential is not valid.',
      ]);
    });

    test('that differs from another one in the same connection is rejected with 4400', async () => {
      const other = (await app.apiKey(admin)).secret;
      const cases: [object, Record<string, string>][] = [
        [{ authorization: `Bearer ${secret}`, 'x-api-key': other }, {}],
        [{ authorization: `Bearer ${secret}` }, { 'x-api-key': other }],
        [{ authorization: `Bearer ${secret}`, Authorization: `Bearer ${other}` }, {}],
        [{ authorization: `Bearer ${secret}` }, { authorization: `Bearer ${other}` }],
      ];
      for (const [payload, headers] of cases) {
        const socket = await connect({ headers });
        expect((await closing(socket, { type: 'connection_init', payload }))[0]).toBe(4400);
      }
    });

    test('whose validity cannot be determined closes the connection with 1013', async () => {
      const authenticate = vi.spyOn(app.app.authenticator, 'authenticate').mockRejectedValue(unavailable());
      onTestFinished(() => authenticate.mockRestore());
      const socket = await connect();
      const [code] = await closing(socket, { type: 'connection_init', payload: headersOf({ secret }) });
      expect(code).toBe(1013);
    });

    test('may have so many connections, and the next one is closed with 4429', async () => {
      const sockets = await Promise.all(times(3, () => open({ caller: { secret } })));
      const next = () => connect();
      const init = { type: 'connection_init', payload: headersOf({ secret }) };
      const [code, reason] = await closing(await next(), init);
      expect([code, reason]).toEqual([4429, expect.stringContaining('of this credential')]);
      await sockets[0]!.close();
      await until('its place is free', () => app.app.live.size === 2);
      await open({ caller: { secret } });
    });

    test('that arrives after its client has gone takes no place', async () => {
      const real = app.app.authenticator.authenticate.bind(app.app.authenticator);
      const gate = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      const authenticate = vi.spyOn(app.app.authenticator, 'authenticate').mockImplementation(async (...request) => {
        asked.resolve();
        await gate.promise;
        return real(...request);
      });
      onTestFinished(() => authenticate.mockRestore());
      const gone = await Promise.all(times(4, () => connect()));
      for (const socket of gone) socket.send({ type: 'connection_init', payload: headersOf({ secret }) });
      await asked.promise;
      await until('all are authenticated', () => authenticate.mock.calls.length === 4);
      for (const socket of gone) socket.ws.terminate();
      await until('all have left', () => app.app.live.size === 0);
      gate.resolve();
      await Promise.all(authenticate.mock.results.map(({ value }) => value));
      authenticate.mockRestore();
      await Promise.all(times(3, () => open({ caller: { secret } })));
    });

    test('may be missing: then only public fields answer', async () => {
      for (const init of [{}, { authorization: 5 }, { headers: headersOf({ secret }) }, { token: secret }]) {
        const socket = await open({ init });
        expect(await socket.execute('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
        expect(await socket.execute(scopes)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
        socket.subscribe();
        expect(await socket.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
        await socket.close();
      }
    });

    test('F1.6: no header and no member that the client sends says who it is', async () => {
      const member = await app.member();
      const lies = Object.fromEntries(
        ['X-Rekey-User', 'X-User-Id', 'X-Rekey-Scopes', 'X-Rekey-Credential', 'X-Forwarded-User', 'X-Rekey-CSRF'].map(
          (name) => [name, admin.id],
        ),
      );
      const socket = await open({ headers: lies, init: { ...headersOf(member), ...lies, userId: admin.id } });
      const query = '{ viewer { user { id } } }';
      expect(await socket.execute(query)).toEqual({ data: { viewer: { user: { id: member.id } } } });
      socket.send({
        type: 'subscribe',
        id: 'lie',
        payload: { query, extensions: { userId: admin.id }, variables: lies },
      });
      expect(await socket.next()).toMatchObject({ data: { viewer: { user: { id: member.id } } } });
    });
  });

  describe('the cookies of a browser', () => {
    let cookie: string;
    beforeAll(async () => {
      const { email } = await app.member();
      const { headers } = await app
        .as()
        .login({ email, password: 'tidal lantern quarrel oboe', cookies: true })
        .answer();
      cookie = headers
        .getSetCookie()
        .map((each) => each.split(';', 1)[0])
        .join('; ');
      expect(cookie).toContain('__Host-rekey-access=');
    });
    const viewer = '{ viewer { credential { __typename } } }';

    test('authenticate a page of the service or of a listed origin', async () => {
      for (const origin of [LISTED, app.url]) {
        const socket = await open({ init: {}, headers: { origin, cookie } });
        expect(await socket.execute(viewer)).toEqual({ data: { viewer: { credential: { __typename: 'Session' } } } });
      }
    });

    test('count for nothing without an origin, which proves that the page may use them', async () => {
      const socket = await open({ init: {}, headers: { cookie, 'x-rekey-csrf': '1' } });
      expect(await socket.execute(viewer)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    });

    test('of an invalid session count as no credential', async () => {
      const socket = await open({ init: {}, headers: { origin: LISTED, cookie: '__Host-rekey-access=eyJ.x.y' } });
      expect(await socket.execute(viewer)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    });

    test('cannot be set over a WebSocket', async () => {
      const socket = await open();
      const login = `mutation { login(input: { email: "a@example.com", password: "x", cookies: true }) { __typename } }`;
      const { errors } = await socket.execute(login);
      expect(errors).toMatchObject([
        { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining('POST') },
      ]);
    });
  });

  describe('operations', () => {
    test('of every kind are executed as over HTTP', async () => {
      const socket = await open({ caller: admin });
      expect(
        await socket.execute('query ($n: Int!) { apiKeys(first: $n) { nodes { name } } }', { n: 0 }),
      ).toMatchObject({
        errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
      });
      expect(await socket.execute('{ nope }')).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
      expect(await socket.execute('{')).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
      expect(await socket.execute('{ a: __typename b: __typename }')).toEqual({ data: { a: 'Query', b: 'Query' } });
      const created = await socket.execute(
        'mutation { createApiKey(input: { name: "over a WebSocket" }) { ... on CreateApiKeySuccess { secret } } }',
      );
      expect(await app.accepts(created.data.createApiKey.secret)).toBe(true);
    });

    test('have errors with a code and no detail of the service, and a request id of their own', async () => {
      const socket = await open();
      const ids: string[] = [];
      for (const _ of times(2, () => null)) {
        const { errors } = await socket.execute('{ broken }');
        expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' }, path: ['broken'] }]);
        expect(JSON.stringify(errors)).not.toContain('a detail');
        ids.push(errors![0]!.extensions.requestId);
      }
      expect(ids[0]).not.toBe(ids[1]);
      expect(app.log.join('')).toContain(ids[0]);
    });

    test('may have an unknown member no more than over HTTP', async () => {
      const socket = await open();
      socket.send({ type: 'subscribe', id: '1', payload: { query: '{ __typename }', operation: 'x' } });
      expect(await socket.next()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    });

    test('may be so many at once, and one more closes the connection with 4429', async () => {
      const socket = await open();
      for (const _ of times(4, () => null)) socket.subscribe({ query: 'subscription { gated }' });
      await gates.untilWaiting(4);
      socket.subscribe({ query: '{ __typename }' });
      expect(await closing(socket)).toEqual([4429, 'Too many active operations']);
    });

    test('that a client has completed count until they have ended', async () => {
      const socket = await open();
      for (const id of ['a', 'b', 'c', 'd']) socket.subscribe({ id, query: '{ slow }' });
      await gates.untilWaiting(4);
      for (const id of ['a', 'b', 'c', 'd']) socket.send({ type: 'complete', id });
      socket.subscribe({ id: 'e', query: '{ __typename }' });
      expect((await closing(socket))[0]).toBe(4429);
    });

    test('that have ended make room, and their ids may be used again', async () => {
      const socket = await open();
      for (const _ of times(3, () => null)) {
        for (const id of ['a', 'b', 'c', 'd']) {
          socket.send({ type: 'complete', id });
          socket.subscribe({ id, query: 'subscription { gated }' });
        }
        await gates.untilWaiting(4);
        gates.openAll();
        await gates.untilStreaming(4);
      }
      gates.push(1);
      const results = await Promise.all(times(4, () => socket.message()));
      expect(results.map((result) => result?.id).toSorted()).toEqual(['a', 'b', 'c', 'd']);
      expect(await socket.ask({ type: 'ping' })).toEqual({ type: 'pong' });
    });

    test('that are completed while they begin never send anything, and end', async () => {
      const socket = await open();
      socket.subscribe({ id: 'a', query: 'subscription { gated }' });
      await gates.untilWaiting(1);
      socket.send({ type: 'complete', id: 'a' });
      expect(await socket.ask({ type: 'ping' })).toEqual({ type: 'pong' });
      gates.openAll();
      await until('the stream has ended', () => gates.begun === gates.ended && gates.waiting === 0);
      gates.push(1);
      expect(await socket.ask({ type: 'ping' })).toEqual({ type: 'pong' });
    });

    test('that are completed while they begin keep their id until they have ended: 4409', async () => {
      const socket = await open();
      socket.subscribe({ id: 'a', query: 'subscription { gated }' });
      await gates.untilWaiting(1);
      socket.send({ type: 'complete', id: 'a' });
      socket.subscribe({ id: 'a', query: '{ __typename }' });
      expect((await closing(socket))[0]).toBe(4409);
    });

    test('end when their client leaves, while they begin and while they stream', async () => {
      const socket = await open();
      socket.subscribe({ query: 'subscription { gated }' });
      await gates.untilWaiting(1);
      gates.openAll();
      await gates.untilStreaming(1);
      socket.subscribe({ query: 'subscription { gated }' });
      await gates.untilWaiting(1);
      socket.ws.terminate();
      await until('the first one has ended', () => gates.streaming === 0);
      gates.openAll();
      await until('both have ended', () => gates.begun === gates.ended);
    });

    test('whose stream fails send the error without a detail of the service, then complete', async () => {
      const socket = await open();
      const id = socket.subscribe({ query: 'subscription { failing }' });
      expect(await socket.next()).toEqual({ data: { failing: 1 } });
      const { errors } = await socket.next();
      expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) } }]);
      expect(JSON.stringify(errors)).not.toContain('a detail');
      expect(await socket.message()).toEqual({ type: 'complete', id });
      expect(await socket.ask({ type: 'ping' })).toEqual({ type: 'pong' });
    });

    test('that were rejected need nothing any more: the connection goes on when the credential is narrowed', async () => {
      const key = await app.apiKey(admin, { scopes: ['SESSIONS_READ', 'API_KEYS_READ'] });
      const socket = await open({ caller: key });
      for (const after of ['x', '-1', '999999999999999']) {
        socket.subscribe({ variables: { after } });
        expect(await socket.next()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
        expect((await socket.message())?.type).toBe('complete');
      }
      await app.sql(`update api_keys set scopes = '{API_KEYS_READ}' where id = ?`, [key.id]);
      await expect
        .poll(async () => (await socket.execute('{ viewer { scopes } }')).data)
        .toEqual({ viewer: { scopes: ['API_KEYS_READ'] } });
    });

    test('that revoke their own credential send their receipt, and then the connection is closed with 4403', async () => {
      const key = await app.apiKey(admin);
      const socket = await open({ caller: key });
      const { data } = await socket.execute(
        'mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { ... on RevokeApiKeySuccess { receipt { propagation } } } }',
        { id: key.id },
      );
      expect(data.revokeApiKey.receipt.propagation).toBe('ACKNOWLEDGED');
      expect((await closing(socket))[0]).toBe(4403);
    });

    test('that run when the credential ends may answer, and no further one begins', async () => {
      const key = await app.apiKey(admin);
      const socket = await open({ caller: key });
      socket.subscribe({ query: '{ slow }' });
      await gates.untilWaiting(1);
      await app.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      const pings = gates.begun;
      socket.subscribe({ query: 'subscription { gated }' });
      socket.subscribe({ query: '{ __typename }' });
      await until('the end has begun', async () => (await app.accepts(key.secret)) === false);
      gates.openAll();
      expect(await socket.next()).toEqual({ data: { slow: 1 } });
      expect((await closing(socket))[0]).toBe(4403);
      expect(gates.begun).toBe(pings);
    });
  });
});

describe.each(backends())('the heartbeat of a WebSocket on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ overrides: { live: { heartbeatMs: 5, everyMs: 5 } } });
  });
  afterAll(() => app.close());

  test('keeps a client that answers, and ends one that answers no ping', async () => {
    const [answering, silent] = [
      await Socket.open(app.url),
      await Socket.open(app.url, { options: { autoPong: false } }),
    ];
    expect(await silent.closed).toEqual({ code: 1006, reason: '' });
    expect(silent.pings).toBe(3);
    await until('more pings were sent than a silent client gets', () => answering.pings > 6);
    expect(await answering.ask({ type: 'ping' })).toEqual({ type: 'pong' });
    await answering.close();
    await until('every place is free', () => app.app.live.size === 0);
  });
});
