// The end of the connections of one server, on real sockets. Where the order matters, the test stops the event loop of the
// server: what a client sends meanwhile has arrived at the operating system, and the server has not read it.
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createHttpServer } from '../../src/http/server.ts';
import { Connections } from '../../src/process/connections.ts';
import { until } from '../support/until.ts';

/** Longer than any test takes. */
const NEVER_MS = 600_000;
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

interface Started {
  connections: Connections;
  port: number;
  server: Server;
  /** The responses to the requests so far, in the order of their arrival. They are written by the test. */
  responses: ServerResponse[];
}

async function start(handle?: (request: IncomingMessage, response: ServerResponse) => void): Promise<Started> {
  const responses: ServerResponse[] = [];
  const server = createHttpServer((asked, response) => {
    responses.push(response);
    handle?.(asked, response);
  });
  const connections = new Connections(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { connections, port: (server.address() as AddressInfo).port, server, responses };
}

/** A client that shows all bytes that it has received, and how its connection has ended. */
class Client {
  text = '';
  ended: 'no' | 'closed' | 'reset' = 'no';
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => (this.text += text));
    socket.on('error', () => (this.ended = 'reset'));
    socket.on('end', () => {
      if (this.ended === 'no') this.ended = 'closed';
    });
    onTestFinished(() => void socket.destroy());
  }

  static async open(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    const client = new Client(socket);
    await once(socket, 'connect');
    return client;
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  get statuses(): string[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status!);
  }
}

/** A client in another thread, which works while the event loop of this one is stopped. */
class ClientThread {
  readonly #worker: Worker;
  readonly #sent = new Int32Array(new SharedArrayBuffer(4));

  constructor() {
    const script = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { connect } = require('node:net');
      let socket;
      parentPort.on('message', ({ port, text }) => {
        socket ??= connect(port, '127.0.0.1');
        socket.removeAllListeners('data').removeAllListeners('error').removeAllListeners('close');
        let received = '';
        socket.on('data', (data) => { received += data; parentPort.postMessage(received); });
        const goOn = () => { Atomics.store(workerData, 0, 1); Atomics.notify(workerData, 0); };
        socket.on('error', ({ code }) => { parentPort.postMessage(code); goOn(); });
        socket.on('close', () => parentPort.postMessage(received || 'closed'));
        // The kernel has the text when the callback is called.
        const write = () => socket.write(text, goOn);
        if (socket.connecting) socket.once('connect', write); else write();
      });`;
    this.#worker = new Worker(script, { eval: true, workerData: this.#sent });
    onTestFinished(() => void this.#worker.terminate());
  }

  /** Resolves when the thread runs. */
  async ready(): Promise<this> {
    await once(this.#worker, 'online');
    return this;
  }

  /** Sends this while this thread stands still, and returns what the client receives. */
  sendMeanwhile(port: number, text: string): Promise<string> {
    Atomics.store(this.#sent, 0, 0);
    const received = once(this.#worker, 'message').then(([message]) => message as string);
    this.#worker.postMessage({ port, text });
    Atomics.wait(this.#sent, 0, 0);
    return received;
  }
}

const answer = (_request: IncomingMessage, response: ServerResponse) => void response.end('ok');

test('a connection that the operating system has established, and the server has not accepted, is answered', async () => {
  const { connections, port } = await start(answer);
  const client = await new ClientThread().ready();
  connections.endWithResponses();
  const stopped = connections.stopAccepting();
  const received = client.sendMeanwhile(port, GET);
  expect(await received).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/);
  await stopped;
  await connections.ended(NEVER_MS);
});

test('a connection that arrives while the server is busy with its last requests is answered', async () => {
  const client = await new ClientThread().ready();
  let received: Promise<string> | null = null;
  const { connections, port, responses } = await start((_request, response) => {
    received ??= client.sendMeanwhile(port, GET);
    response.end('ok');
  });
  const busy = await Client.open(port);
  connections.endWithResponses();
  const stopped = connections.stopAccepting();
  busy.send(GET);
  await stopped;
  await connections.ended(NEVER_MS);
  expect(await received).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/);
  expect(responses).toHaveLength(2);
});

test('a request that has arrived on an idle connection, and was not read, is answered', async () => {
  const { connections, port } = await start(answer);
  const client = await new ClientThread().ready();
  expect(await client.sendMeanwhile(port, GET)).toMatch(/^HTTP\/1\.1 200/);
  connections.endWithResponses();
  const stopped = connections.stopAccepting();
  expect(await client.sendMeanwhile(port, GET)).toMatch(/^HTTP\/1\.1 200 [\s\S]*Connection: close/);
  await stopped;
  await connections.ended(NEVER_MS);
});

test('responses say that they are the last ones, also those to requests that have begun before', async () => {
  const { connections, port, responses } = await start();
  const [begun, later] = [await Client.open(port), await Client.open(port)];
  begun.send(GET);
  await until('the request arrives', () => responses.length === 1);
  connections.endWithResponses();
  later.send(GET);
  await until('the other request arrives', () => responses.length === 2);
  for (const response of responses) response.end('ok');
  await until('both connections end', () => begun.ended === 'closed' && later.ended === 'closed');
  for (const { text } of [begun, later]) expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*Connection: close[\s\S]*ok$/);
});

test('requests that a client has sent without waiting are all answered, and the last response says so', async () => {
  const { connections, port, responses } = await start();
  const client = await Client.open(port);
  client.send(GET + GET);
  await until('the first request arrives', () => responses.length === 1);
  connections.endWithResponses();
  client.send(GET);
  // Its response on another connection shows that the third request was read.
  const other = await Client.open(port);
  other.send(GET);
  await until('the other request arrives', () => responses.length === 2);
  for (let answered = 0; answered < 4; ) {
    await until('a request is handled', () => responses.length > answered);
    responses[answered++]!.end('ok');
  }
  await until('the connection ends', () => client.ended === 'closed');
  expect(client.statuses).toEqual(['200', '200', '200']);
  expect(client.text.match(/Connection: \S+/g)).toEqual([
    'Connection: keep-alive',
    'Connection: keep-alive',
    'Connection: close',
  ]);
});

test('a request of which only a part has arrived is answered', async () => {
  const { connections, port, server } = await start(answer);
  const client = await Client.open(port);
  const accepted = once(server, 'connection');
  const first = await Client.open(port);
  const [socket] = (await accepted) as [Socket];
  first.send(GET.slice(0, 9));
  await until('the part arrives', () => socket.bytesRead > 0);
  connections.endWithResponses();
  await connections.stopAccepting();
  const ended = connections.ended(NEVER_MS);
  await until('the connection without a request ends', () => client.ended === 'closed');
  first.send(GET.slice(9));
  await ended;
  await until('the connection ends', () => first.ended === 'closed');
  expect(first.text).toMatch(/Connection: close[\s\S]*ok$/);
});

test('a connection that has not sent its request when the server stops to accept may send it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] }); // Its time does not end.
  onTestFinished(() => void vi.useRealTimers());
  const { connections, port, server } = await start(answer);
  const accepted = once(server, 'connection');
  const client = await Client.open(port);
  await accepted;
  connections.endWithResponses();
  await connections.stopAccepting();
  const sweeps = vi.spyOn(server, 'closeIdleConnections');
  const ended = connections.ended(NEVER_MS);
  await until('the server has looked for connections to end', () => sweeps.mock.calls.length > 1);
  client.send(GET);
  await ended;
  await until('the connection ends', () => client.ended !== 'no');
  expect(client.text).toMatch(/Connection: close[\s\S]*ok$/);
});

test('a connection without a request is no reason to wait, and neither is an idle one', async () => {
  const { connections, port } = await start(answer);
  const [silent, idle] = [await Client.open(port), await Client.open(port)];
  idle.send(GET);
  await until('the response arrives', () => idle.text.endsWith('ok'));
  connections.endWithResponses();
  await connections.stopAccepting();
  await connections.ended(NEVER_MS);
  await until('both have ended', () => silent.ended === 'closed' && idle.ended === 'closed');
});

test('a response that the client reads slowly arrives completely', async () => {
  const body = 'x'.repeat(64 * 1024 * 1024);
  const { connections, port, responses } = await start((_request, response) => void response.end(body));
  const [slow, silent] = [await Client.open(port), await Client.open(port)];
  slow.pause();
  slow.send(GET);
  await until('the response is written', () => responses[0]?.writableEnded);
  expect(responses[0]!.writableFinished).toBe(false);
  connections.endWithResponses();
  await connections.stopAccepting();
  const ended = connections.ended(NEVER_MS);
  await until('the server has looked for connections to end', () => silent.ended === 'closed');
  slow.resume();
  await ended;
  await until('the connection ends', () => slow.ended !== 'no');
  expect(slow.text.length).toBeGreaterThan(body.length);
});

test('a response whose headers were sent before ends its connection', async () => {
  const { connections, port, responses } = await start();
  const client = await Client.open(port);
  client.send(GET);
  await until('the request arrives', () => responses.length === 1);
  responses[0]!.write('one ');
  connections.endWithResponses();
  await connections.stopAccepting();
  responses[0]!.end('two');
  await once(responses[0]!, 'finish');
  await until('the connection ends', () => client.ended === 'closed');
  expect(client.text).toMatch(/Connection: keep-alive[\s\S]*one [\s\S]*two/);
});

test('what has a request when the time is over is cut', async () => {
  const { connections, port, responses } = await start();
  const client = await Client.open(port);
  client.send(GET);
  await until('the request arrives', () => responses.length === 1);
  connections.endWithResponses();
  await connections.stopAccepting();
  await connections.ended(1);
  await until('the connection ends', () => client.ended !== 'no');
  expect(client.text).toBe('');
});
