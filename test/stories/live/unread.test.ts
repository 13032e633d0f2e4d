// Clients that do not read, or read slowly. The operating system takes a few megabytes for each of them. Only what is left
// after that is unread for the service.
import { type AddressInfo, connect, type Socket as TcpSocket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createHttpServer } from '../../../src/http/server.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { heldClock } from '../../support/held-clock.ts';
import { EventStream, poll, Socket } from '../../support/live.ts';
import { appendEvents, LARGE_EVENTS } from '../../support/many-events.ts';
import { until } from '../../support/until.ts';

/** More than the operating system takes for one connection. */
const MANY = 3000;
const MIB = 1024 * 1024;

describe.each(backends())('on $name', { timeout: 120_000 }, ({ start }) => {
  const clock = heldClock();
  let app: TestApp;
  let admin: Account;
  let url: string;
  /** The service's side of each connection, in the order of their arrival. */
  const sockets: TcpSocket[] = [];
  let close: () => Promise<void>;

  beforeAll(async () => {
    app = await start({
      env: { REKEY_LIVE_SUBSCRIPTIONS: '1000', REKEY_LEASE_MS: '60000' },
      overrides: { clock, live: { everyMs: 20 } },
    });
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

  interface Client {
    /** The service's side of the connection. */
    socket: TcpSocket;
    pause(): void;
    resume(): void;
    /** How the connection ended. */
    end(): Promise<string | number>;
    leave(): void;
  }
  const clients: Record<string, () => Promise<Client>> = {
    'an event stream': async () => {
      const stream = await EventStream.open(url, { caller: admin, query: LARGE_EVENTS });
      const [socket] = sockets.slice(-1);
      return {
        socket: socket!,
        pause: () => stream.pause(),
        resume: () => stream.resume(),
        end: () => stream.end(),
        leave: () => stream.close(),
      };
    },
    'a WebSocket': async () => {
      const client = await Socket.open(url, { caller: admin });
      client.subscribe({ query: LARGE_EVENTS });
      await client.execute('{ __typename }'); // The subscription before it has begun.
      const [socket] = sockets.slice(-1);
      return {
        socket: socket!,
        pause: () => client.ws.pause(),
        resume: () => client.ws.resume(),
        end: async () => (await client.closed).code,
        leave: () => client.ws.terminate(),
      };
    },
  };
  const ends = { 'an event stream': 'TOO_SLOW', 'a WebSocket': 4413 } as const;

  /** Time passes, and this replica keeps its lease. */
  async function later(milliseconds: number): Promise<void> {
    clock.advance(milliseconds);
    await app.app.replica.sync();
    app.app.live.sweep();
  }

  const taken = (socket: TcpSocket) => socket.bytesWritten - socket.writableLength;

  async function untilStalled(socket: TcpSocket): Promise<void> {
    let before = -1;
    await until('the operating system takes no more', () => {
      const now = taken(socket);
      const isStalled = socket.writableLength > 0 && now === before;
      before = now;
      return isStalled;
    });
  }

  /** A client that has stopped reading, with more events than the operating system takes. */
  async function stalled(kind: string): Promise<Client> {
    const client = await clients[kind]!();
    onTestFinished(() => client.leave());
    client.pause();
    await appendEvents(app.app, MANY);
    await untilStalled(client.socket);
    app.app.live.sweep(); // Sees that nothing is read any more.
    return client;
  }

  describe.each(Object.keys(ends) as (keyof typeof ends)[])('%s', (kind) => {
    test('that reads nothing for 10 s is ended, and at most a few events wait for it', async () => {
      const client = await stalled(kind);
      expect(client.socket.writableLength).toBeLessThan(MIB / 8);
      await later(9_900);
      expect(app.app.live.size).toBe(1);
      await later(200);
      client.resume();
      expect(await client.end()).toBe(ends[kind]);
      await until('its place is free', () => app.app.live.size === 0);
    });

    test('that reads slowly stays', async () => {
      const client = await stalled(kind);
      for (let read = 0; read < 5; read++) {
        const before = taken(client.socket);
        client.resume();
        await until('it has read something', () => taken(client.socket) > before);
        client.pause();
        await later(0);
        await later(9_000);
        expect(app.app.live.size).toBe(1);
      }
      client.resume();
      await until('it has read all', () => client.socket.writableLength === 0);
      for (let time = 0; time < 60_000; time += 10_000) await later(10_000);
      expect(app.app.live.size).toBe(1);
      client.leave();
      await until('its place is free', () => app.app.live.size === 0);
    });
  });

  test('a WebSocket with more than 1 MiB of unread answers is ended at once', async () => {
    const client = await Socket.open(url, { caller: admin });
    onTestFinished(() => client.ws.terminate());
    const [socket] = sockets.slice(-1);
    client.ws.pause();
    const query =
      '{ __schema { types { name description fields { name description } inputFields { name description } } } }';
    for (let operation = 0; operation < 90; operation++) client.subscribe({ query });
    await until('more than 1 MiB waits', () => socket!.writableLength > MIB);
    app.app.live.sweep();
    client.ws.resume();
    expect((await client.closed).code).toBe(4413);
    await until('its place is free', () => app.app.live.size === 0);
  });

  test('a client that reads no poll has one response in memory, however many polls it sends', async () => {
    const { position } = (await poll(url, admin)).json;
    await appendEvents(app.app, 1000);
    const client = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void client.destroy());
    client.pause();
    const request = `GET /v1/revocations?after=${position} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin.accessToken}\r\n\r\n`;
    client.write(request.repeat(200));
    const responseBytes = (await poll(url, admin, { after: position })).text.length;
    const socket = await until('the polls have arrived', () =>
      sockets.find(({ remotePort }) => remotePort === client.localPort),
    );
    await untilStalled(socket);
    expect(socket.writableLength).toBeLessThan(2 * responseBytes);
  });
});
