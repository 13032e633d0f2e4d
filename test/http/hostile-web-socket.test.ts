// What a WebSocket client can do with frames, floods and silence. Node's client and the library send none of this.
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createHttpServer } from '../../src/http/server.ts';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { frameOf, messageOf, OPCODE, RawWebSocket, upgradeOf } from '../support/raw-web-socket.ts';
import { until } from '../support/until.ts';

const KIB = 1024;

let app: TestApp;
let admin: Account;
let url: string;
/** The service's side of each connection, in the order of their arrival. */
const sockets: Socket[] = [];
let close: () => Promise<void>;

beforeAll(async () => {
  app = await startTestApp({ env: { REKEY_LIVE_SUBSCRIPTIONS: '1000', REKEY_LIVE_PER_ADDRESS: '20' } });
  admin = await app.admin();
  const server = createHttpServer(app.app.handle, app.app.upgrade);
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});
afterAll(async () => {
  app?.app.drain();
  await close?.();
  await app?.close();
});
beforeEach(() => until('all places are free', () => app.app.live.size === 0));

async function open(options?: Parameters<typeof RawWebSocket.open>[1]): Promise<RawWebSocket> {
  const client = await RawWebSocket.open(url, options);
  onTestFinished(() => client.destroy());
  return client;
}
const serverSideOf = ({ socket }: { socket: Socket }) =>
  sockets.find(({ remotePort }) => remotePort === socket.localPort) as Socket;
const repeated = (count: number, frame: (index: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => frame(index)));

describe('a frame', () => {
  test.each([
    ['announces a megabyte', frameOf({ length: KIB * KIB, payload: 'x' }), 1009],
    ['announces more bytes than a number can count', frameOf({ length: 2 ** 53 - 1, payload: 'x' }), 1009],
    ['is not masked', frameOf({ masked: false, payload: '{}' }), 1002],
    ['has reserved bits', frameOf({ reserved: true, payload: '{}' }), 1002],
    ['has an unknown opcode', frameOf({ opcode: 5 }), 1002],
    ['continues nothing', frameOf({ opcode: OPCODE.continuation }), 1002],
    ['is a ping in fragments', frameOf({ opcode: OPCODE.ping, final: false }), 1002],
    ['is a ping of more than 125 bytes', frameOf({ opcode: OPCODE.ping, payload: 'x'.repeat(126) }), 1002],
    ['closes with an invalid code', frameOf({ opcode: OPCODE.close, payload: Buffer.from([0, 1]) }), 1002],
    ['holds invalid UTF-8', frameOf({ payload: Buffer.from([0xc3, 0x28]) }), 1007],
    ['is binary', frameOf({ opcode: OPCODE.binary, payload: '{"type":"ping"}' }), 1003],
  ])('that %s closes the connection', async (_, frame, code) => {
    const client = await open();
    client.send(frame);
    expect(await client.ended).toEqual({ code });
    client.destroy();
    await until('its place is free', () => app.app.live.size === 0);
  });

  test('of a megabyte is not read to its end, and the client learns the code while it still sends', async () => {
    const client = await open();
    client.send(frameOf({ payload: 'x'.repeat(20 * KIB * KIB) }));
    expect(await client.ended).toEqual({ code: 1009 });
    await client.closed;
  });
});

describe('a message in fragments', () => {
  const text = JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ __typename }' } });
  const fragments = (parts: readonly string[]) =>
    parts.map((payload, index) =>
      frameOf({
        payload,
        opcode: index === 0 ? OPCODE.text : OPCODE.continuation,
        final: index === parts.length - 1,
      }),
    );

  test('is read, also with a ping among them and with its bytes one by one', async () => {
    const client = await (await open()).present();
    const [first, ...others] = fragments([...text]);
    const bytes = Buffer.concat([first!, frameOf({ opcode: OPCODE.ping }), ...others]);
    client.socket.setNoDelay();
    for (const byte of bytes) {
      client.send(Buffer.from([byte]));
      await nextTurn();
    }
    expect(await client.receive('"next"')).toBe('{"id":"1","type":"next","payload":{"data":{"__typename":"Query"}}}');
  });

  test.each([
    [
      'invalid UTF-8 over two of them',
      [frameOf({ payload: Buffer.from([0xc3]), final: false }), frameOf({ opcode: OPCODE.continuation, payload: '(' })],
      1007,
    ],
    ['more than 64 KiB together', fragments(Array.from({ length: 70 }, () => 'x'.repeat(KIB))), 1009],
    ['more than 256 of them', fragments(Array.from({ length: 300 }, () => ' ')), 1008],
    [
      'more than 256 of them, all empty and without an end',
      fragments(Array.from({ length: 300 }, () => '')).slice(0, -1),
      1008,
    ],
    ['another message among them', [frameOf({ payload: '{', final: false }), frameOf({ payload: '}' })], 1002],
  ])('with %s closes the connection', async (_, frames, code) => {
    const client = await open();
    client.send(...frames);
    expect(await client.ended).toEqual({ code });
  });

  test('that arrives in more than 1024 pieces closes the connection: each piece takes memory until the message is whole', async () => {
    const client = await (await open()).present();
    const socket = serverSideOf(client);
    client.socket.setNoDelay();
    client.send(frameOf({ length: 60 * KIB }));
    let isEnded = false;
    void client.ended.then(() => (isEnded = true));
    for (let pieces = 0; pieces < 1200 && !isEnded; pieces++) {
      const before = socket.bytesRead;
      client.send(Buffer.from('x'));
      while (socket.bytesRead === before && !isEnded) await nextTurn();
    }
    expect(await client.ended).toEqual({ code: 1008 });
  });
});

describe('a flood of', () => {
  const subscribe = (index: number) =>
    messageOf({ type: 'subscribe', id: `${index}`, payload: { query: '{ __typename }' } });
  test.each([
    ['subscriptions', subscribe],
    ['completions', (index: number) => messageOf({ type: 'complete', id: `${index}` })],
    ['pings of the protocol', () => messageOf({ type: 'ping' })],
    ['pings', () => frameOf({ opcode: OPCODE.ping })],
    ['pongs', () => frameOf({ opcode: OPCODE.pong })],
  ])('10 000 %s closes the connection with 4429, and at most a few more bytes are read', async (_, frame) => {
    const authenticate = vi.spyOn(app.app.authenticator, 'authenticate');
    onTestFinished(() => authenticate.mockRestore());
    const client = await (await open()).present(admin.accessToken);
    const socket = serverSideOf(client);
    const begun = performance.now();
    client.send(repeated(10_000, frame));
    expect(await client.ended).toEqual({ code: 4429 });
    const before = socket.bytesRead;
    client.send(Buffer.alloc(20 * KIB * KIB, frame(1)));
    await client.closed; // The service ends it after a while, for the client does not.
    expect(socket.bytesRead - before).toBeLessThan(KIB * KIB);
    // One for the connection, and at most one for each message that was allowed: 100 at once, and then 50 in a second.
    const allowed = 100 + Math.ceil((50 * (performance.now() - begun)) / 1000);
    expect(authenticate.mock.calls.length).toBeLessThanOrEqual(1 + allowed);
  });
});

describe('a message', () => {
  test('is not multiplied: a ping of the protocol is answered without its payload', async () => {
    const client = await open();
    const deep = `${'{"a":'.repeat(2400)}1${'}'.repeat(2400)}`;
    client.send(frameOf({ payload: `{"type":"ping","payload":${deep}}` }));
    expect(await client.receive('pong')).toBe('{"type":"pong"}');
  });

  test('of nested lists and objects is no error of the service', async () => {
    const logged = app.log.length;
    for (const payload of [
      `{"type":"ping","payload":{"a":${'['.repeat(4900)}${']'.repeat(4900)}}}`,
      `{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":{"a":${'['.repeat(4900)}${']'.repeat(4900)}}}}`,
      `{"type":"connection_init","payload":{"a":${'['.repeat(4900)}${']'.repeat(4900)}}}`,
      `{"type":"subscribe","id":"1","payload":{"query":"query ($a: ID!) { apiKey(id: $a) { id } }","variables":{"a":${'['.repeat(4900)}${']'.repeat(4900)}}}}`,
      '['.repeat(60 * KIB),
      '{"a":'.repeat(12 * KIB),
    ]) {
      const client = await open();
      if (!payload.includes('connection_init')) await client.present();
      client.send(frameOf({ payload }), frameOf({ opcode: OPCODE.close, payload: Buffer.from([3, 232]) }));
      expect([1000, 4400]).toContain((await client.ended).code);
      client.destroy();
    }
    expect(app.log.slice(logged).filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
  });
});

describe('connections', () => {
  test('that begin an upgrade and do not end it take no place', async () => {
    const client = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void client.destroy());
    client.write(upgradeOf().slice(0, -2));
    const other = await open(); // Arrives after it.
    expect(app.app.live.size).toBe(1);
    other.destroy();
  });

  test('behind a request that is not answered yet are no WebSocket', async () => {
    const client = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void client.destroy());
    let received = '';
    client.setEncoding('latin1').on('data', (text: string) => (received += text));
    const body = JSON.stringify({ query: '{ viewer { scopes } }' });
    client.write(
      `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}${upgradeOf()}`,
    );
    await until('both are answered', () => received.match(/HTTP\/1\.1 /g)?.length === 2);
    expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 405 /);
    expect(app.app.live.size).toBe(0);
  });

  test('beyond the limit of an address get 429 each, are gone with their clients, and free places can be taken again', async () => {
    const held = await Promise.all(Array.from({ length: 20 }, () => open()));
    const flood = await Promise.allSettled(Array.from({ length: 200 }, () => open()));
    for (const refused of flood) {
      expect(String((refused as PromiseRejectedResult).reason)).toMatch(/HTTP\/1\.1 429 [\s\S]*Retry-After: 5\r\n/);
    }
    expect(app.app.live.size).toBe(20);
    // The service would wait for 2 s for clients that stay.
    await until(
      'the refused connections are gone',
      () => sockets.filter(({ destroyed }) => !destroyed).length === 20,
      1500,
    );
    for (const client of held) client.destroy();
    await until('all places are free', () => app.app.live.size === 0);
    await (await open()).present(admin.accessToken);
  });

  test('that come and go leave nothing behind', async () => {
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 15 }, () => open()));
      for (const [index, client] of clients.entries()) {
        if (index % 3 === 0)
          client.send(
            messageOf({ type: 'connection_init', payload: { authorization: `Bearer ${admin.accessToken}` } }),
          );
        if (index % 5 === 0) client.socket.resetAndDestroy();
        else if (index % 2 === 0) client.destroy();
        else client.send(frameOf({ opcode: OPCODE.close, payload: Buffer.from([3, 232]) }));
      }
      await Promise.all(clients.map((client) => (client.socket.destroyed ? null : client.ended)));
      for (const client of clients) client.destroy();
      await until('all places are free', () => app.app.live.size === 0);
    }
  });
});
