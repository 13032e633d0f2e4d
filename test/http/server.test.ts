import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createHttpServer } from '../../src/http/server.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { send, sendBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';

let app: TestApp;
let secret: string;
beforeAll(async () => {
  app = await startTestApp();
  secret = (await app.apiKey(await app.admin())).secret;
});
afterAll(() => app.close());

/** Sends these bytes and nothing more, keeps the connection open, and reads until the server closes it. */
function responseTo(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => (received += text));
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}

/** Status, headers by lower-case name, and body of one raw answer. */
function parse(raw: string) {
  const [head = '', body = ''] = raw.split('\r\n\r\n', 2);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ', 2)));
  return { statusLine, headers, body };
}

describe('an unreadable request gets a JSON error with the common response headers', () => {
  const long = (bytes: number) => 'x'.repeat(bytes);
  const get = (path: string, headers: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
  test.each([
    ['one header above 16 KiB', get('/v1/verify', `X-Long: ${long(17_000)}\r\n`), 431],
    ['many headers above 16 KiB', get('/v1/verify', `X-Short: ${long(90)}\r\n`.repeat(180)), 431],
    ['a credential of a megabyte', get('/v1/verify', `Authorization: Bearer ${long(1_000_000)}\r\n`), 431],
    ['a URL above 16 KiB', get(`/v1/verify?permission=${long(17_000)}`, ''), 431],
    ['a URL above 16 KiB, at /graphql', get(`/graphql?${long(17_000)}`, ''), 431],
    ['bytes that are not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 400],
    ['a header without a name', get('/v1/verify', ': x\r\n'), 400],
    [
      'two Content-Length headers',
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
    ],
    [
      'a chunk without a length',
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
  ])('%s', async (_, bytes, status) => {
    const { statusLine, headers, body } = parse(await responseTo(app.url, bytes));
    expect(statusLine).toMatch(new RegExp(`^HTTP/1.1 ${status} \\w`));
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-type': 'application/json',
      'content-length': String(body.length),
      connection: 'close',
    });
    expect(JSON.parse(body)).toEqual({
      error: status === 431 ? 'request_header_fields_too_large' : 'invalid_request',
      error_description: expect.stringMatching(/^.{10,200}$/),
    });
    expect(body).not.toContain('xxxx');
  });

  test('but headers just below the limit are accepted', async () => {
    const answer = await send(app.url, '/v1/verify', {
      headers: { authorization: `Bearer ${secret}`, 'x-long': 'x'.repeat(16_000) },
    });
    expect(answer.status).toBe(204);
  });

  test('and a header after thousands of others, as a gateway may add it, is read', async () => {
    const padding = 'a:\r\n'.repeat(3000);
    const bytes = `GET /v1/verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${padding}X-API-Key: ${secret}\r\n\r\n`;
    expect(await sendBytes(app.url, bytes)).toMatch(/^HTTP\/1\.1 204 /);
  });
});

describe('a request to change the protocol', () => {
  test('with CONNECT gets 405 in JSON, and the connection closes', async () => {
    const answer = await responseTo(app.url, 'CONNECT db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n\r\n');
    const { statusLine, headers, body } = parse(answer);
    expect(statusLine).toBe('HTTP/1.1 405 Method Not Allowed');
    expect(headers).toMatchObject({
      allow: 'get, head, post',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-type': 'application/json',
      'content-length': String(body.length),
      connection: 'close',
    });
    expect(JSON.parse(body)).toEqual({
      error: 'method_not_allowed',
      error_description: 'The service is not a proxy. Send GET, HEAD or POST to one of its endpoints.',
    });
  });

  test('with CONNECT gets the response even if the client sends more data', async () => {
    const bytes = `CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n${'x'.repeat(3_000_000)}`;
    expect(await responseTo(app.url, bytes)).toMatch(/^HTTP\/1\.1 405 /);
  });

  test('with CONNECT may reset its connection without harming the service', async () => {
    const { port } = new URL(app.url);
    for (let attempt = 0; attempt < 20; attempt++) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      socket.write(`CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n${'x'.repeat(100_000)}`, () => socket.resetAndDestroy());
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(await app.accepts(secret)).toBe(true);
  });

  test.each(['websocket', 'h2c', 'TLS/1.0'])(
    'with an Upgrade to %s is answered as if it had no Upgrade',
    async (protocol) => {
      const upgrade = `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
      const answers = await responseTo(
        app.url,
        `GET /v1/verify HTTP/1.1\r\nHost: x\r\nX-API-Key: ${secret}\r\n${upgrade}\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n`,
      );
      // Node drops a second request in the same packet. `close` tells the client to send it again.
      const { statusLine, headers } = parse(answers);
      expect(statusLine).toBe('HTTP/1.1 204 No Content');
      expect(headers.connection).toBe('close');
    },
  );

  test('with an Upgrade has its body read', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const answer = await responseTo(app.url, `${head}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*"__typename":"Query"/);
  });
});

test.each([
  ['an unreadable request', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`, 'clientError'],
  ['CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', 'connect'],
])(
  'the error for %s never replaces the response to an earlier request on the same connection',
  async (_, bad, event) => {
    const held = Promise.withResolvers<() => void>();
    const server = createHttpServer((_request, response) => held.resolve(() => response.end('the first answer')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const refused = Promise.withResolvers<void>();
      server.on(event, () => refused.resolve());
      const { port } = server.address() as AddressInfo;
      const received = responseTo(`http://127.0.0.1:${port}`, `GET / HTTP/1.1\r\nHost: x\r\n\r\n${bad}`);
      const answer = await held.promise;
      await refused.promise;
      answer();
      expect(await received).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*the first answer$/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);

describe('requests that are sent before the response to an earlier one', () => {
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

  /** A server whose handler only notes the path. The test responds, or the client hangs up. */
  async function heldServer() {
    const handled: { path: string; respond: () => void }[] = [];
    const server = createHttpServer(({ url: path = '' }, response) => {
      handled.push({ path, respond: () => response.end(`the answer to ${path}`) });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const paths = () => handled.map(({ path }) => path);
    return { server, handled, paths, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  test('are handled one after the other', async () => {
    const { handled, paths, url } = await heldServer();
    const received = responseTo(
      url,
      `${get('/1')}${get('/2')}${get('/3').replace('Host', 'Connection: close\r\nHost')}`,
    );
    for (const path of ['/1', '/2', '/3']) {
      await until(`${path} is handled`, () => paths().at(-1) === path);
      handled.at(-1)?.respond();
    }
    expect(await received).toMatch(/the answer to \/1[\s\S]*the answer to \/2[\s\S]*the answer to \/3$/);
    expect(paths()).toEqual(['/1', '/2', '/3']);
  });

  test('are not handled if the client has gone', async () => {
    const { server, paths, url } = await heldServer();
    const client = connect(Number(new URL(url).port), '127.0.0.1');
    const closed = new Promise<void>((resolve) => server.once('connection', (socket) => socket.once('close', resolve)));
    client.write(get('/1') + get('/2'));
    await until('the first one is handled', () => paths().length === 1);
    client.destroy();
    await closed;
    expect(paths()).toEqual(['/1']);
  });

  test('are all answered before the connection ends because of one that cannot be read', async () => {
    const { server, handled, paths, url } = await heldServer();
    const refused = new Promise<void>((resolve) => server.once('clientError', () => resolve()));
    const received = responseTo(url, `${get('/1')}${get('/2')}GET /3 HTTP/9.9\r\n\r\n`);
    await refused;
    for (const path of ['/1', '/2']) {
      await until(`${path} is handled`, () => paths().at(-1) === path);
      handled.at(-1)?.respond();
    }
    expect(await received).toMatch(/the answer to \/1[\s\S]*the answer to \/2$/);
  });

  test('of one packet do not have all of their responses in memory if the client does not read', async () => {
    const written: number[] = [];
    const large = Buffer.alloc(8 * 1024 * 1024); // More than the operating system takes.
    const server = createHttpServer((_request, response) => {
      written.push(large.length);
      response.end(large);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
    onTestFinished(() => void client.destroy());
    client.write(get('/').repeat(100));
    await until('the first response is written', () => written.length > 0);
    // A request on another connection is handled after all of those.
    const { port } = server.address() as AddressInfo;
    await send(`http://127.0.0.1:${port}`, '/');
    expect(written).toHaveLength(2);
  });
});

describe('a body that no endpoint reads', () => {
  test.each([
    ['too large', 'POST /graphql', 'Content-Type: application/json\r\n'],
    ['of an unknown path', 'POST /nowhere', ''],
    ['of another method', 'PUT /graphql', ''],
    ['of a rejected credential', 'POST /v1/introspect', 'Authorization: Bearer x\r\n'],
  ])('is left to the server, which reads it at its own rate: %s', async (_, line, headers) => {
    const left: IncomingMessage[] = [];
    const server = createHttpServer(app.app.handle, undefined, (request) => left.push(request));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    client.write(`${line} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: 50000000\r\n\r\n`);
    await once(client, 'data');
    client.write(Buffer.alloc(50_000_000));
    await expect.poll(() => left.length).toBe(1);
    const { socket } = left[0]!;
    // Nothing reads it: the same number of bytes after many turns of the event loop.
    let before = -1;
    for (let same = 0; same < 50; before = socket.bytesRead) {
      await setImmediate();
      same = socket.bytesRead === before ? same + 1 : 0;
    }
    expect(before).toBeLessThan(1_000_000);
  });
});
