// Subscriptions as server-sent events, on `POST /graphql`.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { EventStream, headersOf, Socket } from '../support/live.ts';
import { send } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';
import { GATES, Gates } from './gates.ts';

const SUBSCRIBE = 'subscription { revocations { sequence } }';

describe.each(backends())('an event stream on $name', ({ start }) => {
  const gates = new Gates();
  const opened: EventStream[] = [];
  let app: TestApp;
  let admin: Account;
  let secret: string;

  beforeAll(async () => {
    app = await start({
      env: {
        REKEY_LIVE_PER_CREDENTIAL: '3',
        REKEY_LIVE_PER_ADDRESS: '5',
        REKEY_LIVE_CONNECTIONS: '7',
        REKEY_TRUSTED_PROXIES: '127.0.0.1',
      },
      overrides: { schema: { typeDefs: GATES, resolvers: gates.resolvers }, live: { everyMs: 5, heartbeatMs: 50 } },
    });
    admin = await app.admin();
    secret = (await app.apiKey(admin, { scopes: ['SESSIONS_READ'] })).secret;
  });
  afterAll(() => app.close());
  afterEach(async () => {
    gates.openAll();
    for (const stream of opened.splice(0)) stream.close();
    await until('every place is free', () => app.app.live.size === 0);
  });

  /** Opens a stream that is closed at the end of the test. */
  async function open(options: Parameters<typeof EventStream.open>[1] = {}): Promise<EventStream> {
    const stream = await EventStream.open(app.url, options);
    opened.push(stream);
    return stream;
  }

  /** The whole answer to an operation. */
  const answerTo = (query: string, headers: Record<string, string> = {}, variables?: object) =>
    send(app.url, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify({ query, variables }),
    });

  const narrow = (id: string) =>
    app.sql(
      `update api_keys set expires_at = coalesce(expires_at, clock_timestamp() + interval '10 years') - interval '1 second' where id = ?`,
      [id],
    );

  test('begins at once, with the headers that make it pass every proxy', async () => {
    const stream = await open({ caller: { secret }, headers: { 'x-request-id': 'given-by-the-proxy' } });
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'given-by-the-proxy',
    });
    await until('the first comment has arrived', () => stream.comments > 0);
    expect(stream.text).toMatch(/^(:\n\n)+$/);
  });

  test('sends `next` for each event, one line of JSON each, and comments as heartbeats', async () => {
    const key = await app.apiKey(admin);
    const stream = await open({ caller: { secret: (await app.apiKey(admin, { scopes: ['INTROSPECT'] })).secret } });
    await narrow(key.id);
    const frame = await stream.frame();
    expect(frame?.event).toBe('next');
    expect(JSON.parse(frame!.data)).toMatchObject({ data: { revocations: { credentialId: key.id } } });
    const before = stream.comments;
    await until('heartbeats arrive', () => stream.comments > before + 2);
    expect(stream.text.replaceAll(':\n\n', '')).toMatch(/^event: next\ndata: \{.*\}\n\n$/);
  });

  test.each([
    'text/event-stream',
    'TEXT/Event-Stream',
    'text/event-stream;charset=utf-8',
    'text/event-stream; charset=UTF-8',
    'text/event-stream; x=1',
    'application/json, text/event-stream',
    'application/graphql-response+json, application/json;q=0.9, text/event-stream;q=0.1, */*;q=0.01',
  ])('is the answer for a client that accepts %j', async (accept) => {
    const stream = await open({ caller: { secret }, headers: { accept } });
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });

  test.each(['application/json', '*/*', 'text/*', 'multipart/mixed', 'application/json, text/event-stream;q=0'])(
    'is not the answer for a client that accepts %j: 400',
    async (accept) => {
      const { status, text } = await answerTo(SUBSCRIBE, { accept, ...headersOf({ secret }) });
      expect([status, text]).toEqual([400, expect.stringContaining('graphql-transport-ws')]);
      expect(text).toContain('BAD_USER_INPUT');
    },
  );

  describe('a query or mutation of a client that accepts event streams alone', () => {
    test('is answered with one result, then `complete`', async () => {
      const { status, headers, text } = await answerTo('{ viewer { scopes } }', headersOf({ secret }));
      expect([status, headers['content-type'], headers['cache-control']]).toEqual([
        200,
        'text/event-stream',
        'no-store',
      ]);
      expect(text).toBe(
        ':\n\nevent: next\ndata: {"data":{"viewer":{"scopes":["SESSIONS_READ"]}}}\n\nevent: complete\ndata:\n\n',
      );
      const stream = await open({
        caller: admin,
        query: 'mutation { createApiKey(input: { name: "x" }) { __typename } }',
      });
      expect(await stream.next()).toEqual({ data: { createApiKey: { __typename: 'CreateApiKeySuccess' } } });
      expect(await stream.next()).toBe(null);
    });

    test('takes no place', async () => {
      const streams = await Promise.all(times(3, () => open({ caller: { secret } })));
      expect((await answerTo('{ viewer { scopes } }', headersOf({ secret }))).status).toBe(200);
      expect(streams).toHaveLength(3);
    });
  });

  describe('a subscription that is rejected', () => {
    const rejected = async (...request: Parameters<typeof answerTo>) => {
      const { status, headers, text } = await answerTo(...request);
      const [, json] = /^(?::\n\n)?event: next\ndata: (.*)\n\nevent: complete\ndata:\n\n$/.exec(text) ?? [];
      return { status, headers, ...JSON.parse(json!) };
    };

    test('because of its credential: 401 with a challenge, or an error of the field without one', async () => {
      const invalid = await rejected(SUBSCRIBE, { authorization: 'Bearer rka_unknown' });
      expect(invalid).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': expect.stringContaining('invalid_token') },
        errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
      });
      const without = await rejected(SUBSCRIBE);
      expect(without).toMatchObject({
        status: 200,
        errors: [{ path: ['revocations'], extensions: { code: 'UNAUTHENTICATED' } }],
      });
      const { secret: other } = await app.apiKey(admin, { scopes: ['API_KEYS_READ'] });
      expect(await rejected(SUBSCRIBE, headersOf({ secret: other }))).toMatchObject({
        status: 200,
        errors: [{ path: ['revocations'], extensions: { code: 'FORBIDDEN' } }],
      });
    });

    test.each([
      ['several fields', 'subscription { a: revocations { sequence } b: revocations { sequence } }'],
      ['no field but __typename', 'subscription { __typename }'],
      ['__typename beside its field', 'subscription { revocations { sequence } __typename }'],
      ['an introspection', 'subscription { __schema { queryType { name } } }'],
      [
        'several fields in a fragment',
        'subscription { ...F } fragment F on Subscription { a: revocations { sequence } __typename }',
      ],
      ['@skip', 'subscription { revocations @skip(if: false) { sequence } }'],
      ['@include with a variable', 'subscription ($if: Boolean = true) { revocations @include(if: $if) { sequence } }'],
      ['@skip on a fragment', 'subscription { ... @skip(if: true) { revocations { sequence } } }'],
    ])('because it selects %s', async (_what, query) => {
      const { errors } = await rejected(query, headersOf({ secret }));
      expect(errors[0]).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT' },
        message: expect.stringContaining('A subscription must select exactly one field'),
      });
    });

    test.each([
      ['a field that does not exist', 'subscription { revocations { nope } }', undefined, 'no field'],
      ['a syntax error', 'subscription {', undefined, ''],
      [
        'a variable of another type',
        'subscription ($after: String) { revocations(after: $after) { sequence } }',
        { after: 5 },
        '$after',
      ],
      [
        'a text that is too long',
        'subscription ($after: String) { revocations(after: $after) { sequence } }',
        { after: '1'.repeat(21) },
        '20',
      ],
      ['another type than text', 'subscription { revocations(after: 5) { sequence } }', undefined, ''],
    ])('because of %s', async (_what, query, variables, message) => {
      const { errors } = await rejected(query, headersOf({ secret }), variables);
      expect(errors).toMatchObject([
        { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining(message) },
      ]);
    });

    test('takes no place, whatever the reason', async () => {
      for (const [query, headers] of [
        [SUBSCRIBE, {}],
        [SUBSCRIBE, { authorization: 'Bearer rka_unknown' }],
        ['subscription { revocations(after: "x") { sequence } }', headersOf({ secret })],
        ['subscription { revocations(after: "999999") { sequence } }', headersOf({ secret })],
        ['subscription { revocations { nope } }', headersOf({ secret })],
      ] as const) {
        for (const _ of times(4, () => null)) await answerTo(query, headers);
        expect(app.app.live.size, query).toBe(0);
      }
      await Promise.all(times(3, () => open({ caller: { secret } })));
    });
  });

  describe('places', () => {
    const limited = (headers: Record<string, string>) =>
      answerTo(SUBSCRIBE, { accept: 'application/json, text/event-stream', ...headers });
    const from = (address: string) => ({ 'x-forwarded-for': address });

    test('of a credential, an address and this replica are limited: 429 with `Retry-After`', async () => {
      const check = async (headers: Record<string, string>, of: string) => {
        const { status, headers: own, json } = await limited(headers);
        expect([status, own['retry-after']]).toEqual([429, '5']);
        expect(json).toEqual({
          errors: [
            {
              message: `Too many live connections of ${of}. Close one, or try again in 5 s.`,
              extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 5 },
            },
          ],
        });
      };
      const keys = await Promise.all(times(3, () => app.apiKey(admin, { scopes: ['SESSIONS_READ'] })));
      const [one, two, three] = keys.map((key) => ({ secret: key.secret }));
      await Promise.all(times(3, () => open({ caller: one!, headers: from('192.0.2.1') })));
      await check({ ...headersOf(one!), ...from('192.0.2.1') }, 'this credential');
      await Promise.all(times(2, () => open({ caller: two!, headers: from('192.0.2.1') })));
      await check({ ...headersOf(two!), ...from('192.0.2.1') }, 'this address');
      await Promise.all(times(2, () => open({ caller: three!, headers: from('192.0.2.2') })));
      await check({ ...headersOf(three!), ...from('192.0.2.3') }, 'this replica');
      opened[0]!.close();
      await until('its place is free', () => app.app.live.size === 6);
      await open({ caller: one!, headers: from('192.0.2.1') });
    });

    test('are counted together with those of WebSockets', async () => {
      const socket = await Socket.open(app.url, { caller: { secret } });
      await Promise.all(times(2, () => open({ caller: { secret } })));
      expect((await limited(headersOf({ secret }))).status).toBe(429);
      await socket.close();
    });

    test('are free when the client leaves: while the stream begins, waits for an event, and sends', async () => {
      const beginning = EventStream.open(app.url, { query: 'subscription { gated }' });
      const left = expect(beginning).rejects.toThrow();
      await gates.untilWaiting(1);
      expect(app.app.live.size).toBe(1);
      app.closeConnections();
      await left;
      gates.openAll();
      await until('it has ended', () => app.app.live.size === 0 && gates.begun === gates.ended);

      const waiting = await open({ caller: { secret } });
      expect(app.app.live.size).toBe(1);
      waiting.close();
      await until('its place is free', () => app.app.live.size === 0);

      const sending = await open({ query: 'subscription { endless(characters: 100000) }' });
      await sending.next();
      sending.close();
      await until('its place is free', () => app.app.live.size === 0);
    });
  });

  test('that fails sends its error without a detail of the service, then `complete`', async () => {
    const stream = await open({ query: 'subscription { failing }', headers: { 'x-request-id': 'the-failing-one' } });
    expect(await stream.next()).toEqual({ data: { failing: 1 } });
    expect(await stream.next()).toMatchObject({
      errors: [
        {
          message: expect.stringMatching(/^Internal error/),
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'the-failing-one' },
        },
      ],
    });
    expect(await stream.next()).toBe(null);
    expect(app.log.join('')).toContain('the-failing-one');
  });

  test('that ends by itself leaves its connection usable', async () => {
    const { Agent, request } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (query: string) =>
      new Promise<[string, unknown]>((resolve, reject) => {
        const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
        const sent = request(`${app.url}/graphql`, { agent, method: 'POST', headers }, async (response) => {
          const { socket } = response;
          resolve([Buffer.concat(await response.toArray()).toString(), socket]);
        });
        sent.on('error', reject);
        sent.end(JSON.stringify({ query }));
      });
    const [first, socket] = await ask('subscription { failing }');
    expect(first).toContain('event: complete');
    const [second, again] = await ask('{ __typename }');
    expect(second).toContain('{"data":{"__typename":"Query"}}');
    expect(again).toBe(socket);
    agent.destroy();
  });
});

describe.each(backends())('a client that does not read, on $name', ({ start }) => {
  const gates = new Gates();
  let app: TestApp;
  beforeAll(async () => {
    app = await start({
      overrides: { schema: { typeDefs: GATES, resolvers: gates.resolvers }, live: { everyMs: 5, unreadMs: 1000 } },
    });
  });
  afterAll(() => app.close());
  const endless = (characters: number) => `subscription { endless(characters: ${characters}) }`;

  /** How many connections were ended because their clients are too slow. */
  async function tooSlow(): Promise<number> {
    const { text } = await send(app.url, '/metrics');
    return Number(/ended_total\{reason="too_slow"\} (\d+)/.exec(text)?.[1] ?? 0);
  }

  test('learns so when it reads again soon: the error TOO_SLOW in a stream, the close code 4413 of a WebSocket', async () => {
    const stream = await EventStream.open(app.url, { query: endless(100_000) });
    stream.pause();
    await until('the stream was ended', async () => (await tooSlow()) === 1);
    stream.resume();
    expect(await stream.end()).toBe('TOO_SLOW');
    await stream.closed;

    const socket = await Socket.open(app.url);
    socket.subscribe({ query: endless(100_000) });
    await socket.next();
    socket.ws.pause();
    await until('the WebSocket was ended', async () => (await tooSlow()) === 2);
    socket.ws.resume();
    expect(await socket.closed).toEqual({ code: 4413, reason: 'Too slow' });
    await until('every place is free', () => app.app.live.size === 0);
  });

  test('is disconnected if it never reads again', async () => {
    const stream = await EventStream.open(app.url, { query: endless(100_000) });
    stream.pause();
    const socket = await Socket.open(app.url);
    socket.subscribe({ query: endless(100_000) });
    await socket.next();
    socket.ws.pause();
    await until('every place is free', () => app.app.live.size === 0);
    stream.close();
    socket.ws.terminate();
  });

  test('is not too slow as long as it reads everything', async () => {
    const before = await tooSlow();
    const stream = await EventStream.open(app.url, { query: endless(200_000) });
    for (const _ of times(50, () => null)) expect((await stream.next())?.data.endless).toHaveLength(200_000);
    stream.close();
    await until('its place is free', () => app.app.live.size === 0);
    expect(await tooSlow()).toBe(before);
  });
});
