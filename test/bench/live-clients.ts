// Thousands of clients of live connections in one process. Written by hand, like the load: they must cost much less than
// the service that they measure.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

const SUBSCRIPTION = 'subscription { revocations { sequence credentialId kind effect reason userId workspaceId } }';
/** How many connections are opened at the same time. */
const OPENED_AT_ONCE = 50;

export type LiveKind = 'event stream' | 'WebSocket';

/** A client that reads and forgets what the service sends. */
export interface LiveClient {
  /** When the service ended the connection, by `performance.now()`. */
  readonly closedAt: Promise<number>;
  close(): void;
}

/** Opens one subscription for each of these secrets, alternately as an event stream and as a WebSocket. */
export async function openLiveClients(url: string, secrets: readonly string[]): Promise<LiveClient[]> {
  const clients: LiveClient[] = [];
  for (let first = 0; first < secrets.length; first += OPENED_AT_ONCE) {
    const some = secrets.slice(first, first + OPENED_AT_ONCE);
    const opened = some.map((secret, index) => {
      const kind: LiveKind = (first + index) % 2 === 0 ? 'event stream' : 'WebSocket';
      return openLiveClient(url, secret, kind);
    });
    clients.push(...(await Promise.all(opened)));
  }
  return clients;
}

/** The same in another thread, so that what the clients receive does not delay what this thread measures. */
export async function startLiveClients(url: string, secrets: readonly string[]): Promise<{ stop(): Promise<unknown> }> {
  const worker = new Worker(new URL('./live-clients-worker.ts', import.meta.url), { workerData: { url, secrets } });
  await once(worker, 'message');
  return { stop: () => worker.terminate() };
}

/** Resolves when the subscription is active. */
export async function openLiveClient(url: string, secret: string, kind: LiveKind): Promise<LiveClient> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on('error', () => undefined); // 'close' follows
  const closedAt = new Promise<number>((resolve) => socket.once('close', () => resolve(performance.now())));
  if (kind === 'event stream') await openEventStream(socket, host, secret);
  else await openWebSocket(socket, host, secret);
  const isLast = kind === 'WebSocket' ? isClose : isComplete;
  socket.on('data', (chunk: Buffer) => {
    if (isLast(chunk)) socket.destroy();
  });
  return { closedAt, close: () => socket.destroy() };
}

async function openEventStream(socket: Socket, host: string, secret: string): Promise<void> {
  const body = JSON.stringify({ query: SUBSCRIPTION });
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n` +
      `Authorization: Bearer ${secret}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await received(socket, '\r\n\r\n', 'HTTP/1.1 200 ');
}

async function openWebSocket(socket: Socket, host: string, secret: string): Promise<void> {
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
      'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  );
  await received(socket, '\r\n\r\n', 'HTTP/1.1 101 ');
  socket.write(frame({ type: 'connection_init', payload: { authorization: `Bearer ${secret}` } }));
  await received(socket, 'connection_ack');
  socket.write(frame({ type: 'subscribe', id: '1', payload: { query: SUBSCRIPTION } }));
  // The service answers messages in their order of arrival. A subscription by itself is not confirmed.
  socket.write(frame({ type: 'subscribe', id: '2', payload: { query: '{ __typename }' } }));
  await received(socket, '"id":"2","type":"complete"');
}

/** Resolves when this text has arrived. Rejects if the connection ends before, or begins with something else. */
function received(socket: Socket, text: string, beginning = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = '';
    const fail = () => done(new Error(`Expected ${text}, got:\n${all}`));
    const onData = (chunk: Buffer) => {
      all += chunk.toString('latin1');
      if (!all.startsWith(beginning.slice(0, all.length))) fail();
      else if (all.includes(text)) done();
    };
    const done = (error?: Error) => {
      socket.off('data', onData).off('close', fail);
      if (error) reject(error);
      else resolve();
    };
    socket.on('data', onData).on('close', fail);
  });
}

/** A text frame, masked with zeros. */
function frame(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  const length = payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), payload]);
}

/** Whether an event stream is complete. The connection stays open for further requests. */
const isComplete = (chunk: Buffer) => chunk.subarray(-64).includes('event: complete');

/** Whether a close frame begins this piece, or follows the text frames in it. */
function isClose(chunk: Buffer): boolean {
  let at = 0;
  while (at + 1 < chunk.length) {
    if (chunk[at] === 0x88) return true;
    const short = chunk[at + 1]!;
    if (short > 126 || (short === 126 && at + 3 >= chunk.length)) return false;
    at += short === 126 ? 4 + chunk.readUInt16BE(at + 2) : 2 + short;
  }
  return false;
}
