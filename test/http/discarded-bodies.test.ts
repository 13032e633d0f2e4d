import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDiscardedBodies, type StartTurns } from '../../src/http/discarded-bodies.ts';

const SIZE = 8 * 1024 * 1024;
/** What one turn reads at most, with what is in the buffers of four requests. */
const MOST_IN_A_TURN = 1024 * 1024;

let turn: (() => void) | null = null;
let discard: (request: IncomingMessage) => void;
const byHand: StartTurns = (work) => {
  turn = work;
  return () => {
    turn = null;
  };
};
const server = createServer();
let clients: Socket[] = [];
/** The requests that arrived, in their order. */
let requests: IncomingMessage[] = [];

beforeEach(async () => {
  discard = createDiscardedBodies(byHand);
  server.on('request', (request, response) => {
    requests.push(request);
    request.read(0);
    response.once('finish', () => discard(request));
    response.end('received');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.removeAllListeners('request');
  server.closeAllConnections();
  for (const client of clients) client.destroy();
  await new Promise((resolve) => server.close(resolve));
  [clients, requests, turn] = [[], [], null];
});

/** A client that has its response, and goes on to send a body. */
async function oversized(body = Buffer.alloc(SIZE)): Promise<Socket> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  clients.push(client);
  client.on('error', () => undefined);
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${SIZE}\r\n\r\n`);
  await once(client, 'data');
  client.write(body);
  return client;
}

const bytesRead = () => requests.reduce((sum, { socket }) => sum + socket.bytesRead, 0);

/** Reading goes on by itself until the turn is over: then nothing more arrives in many turns of the event loop. */
async function rest(): Promise<number> {
  for (let before = -1, same = 0; same < 50; before = bytesRead()) {
    await setImmediate();
    same = bytesRead() === before ? same + 1 : 0;
  }
  return bytesRead();
}

describe('bodies that no endpoint reads', () => {
  test('are read at a rate that does not grow with their number', async () => {
    await Promise.all(Array.from({ length: 20 }, () => oversized()));
    let before = await rest();
    expect(before).toBeLessThan(MOST_IN_A_TURN + 20 * 200_000); // The first piece of each came with its head.
    for (let turns = 0; turns < 5; turns++) {
      turn!();
      const after = await rest();
      expect(after - before).toBeLessThanOrEqual(MOST_IN_A_TURN);
      expect(after).toBeGreaterThan(before);
      before = after;
    }
  });

  test('take turns, so that a client that stops sending delays no other', async () => {
    await Promise.all(Array.from({ length: 10 }, () => oversized(Buffer.alloc(10))));
    await oversized();
    const last = requests.at(-1)!;
    await expect
      .poll(() => {
        turn?.();
        return last.complete;
      })
      .toBe(true);
  });

  test('end, and the connection serves the next request', async () => {
    const client = await oversized();
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const response = once(client, 'data');
    await expect
      .poll(() => {
        turn?.();
        return requests.length;
      })
      .toBe(2);
    expect(String(await response)).toContain('200 OK');
  });

  test('need no turns if their connection has ended before', async () => {
    const client = await oversized(Buffer.alloc(10));
    const { socket } = requests[0]!;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    client.destroy();
    await expect
      .poll(() => {
        turn?.();
        return turn;
      })
      .toBeNull();
    await closed;
    discard(requests[0]!);
    expect(turn).toBeNull();
  });

  test('need no turns once their clients are gone', async () => {
    for (const client of await Promise.all([oversized(), oversized()])) client.destroy();
    expect(turn).not.toBeNull();
    await expect
      .poll(() => {
        turn?.();
        return turn;
      })
      .toBeNull();
  });
});
