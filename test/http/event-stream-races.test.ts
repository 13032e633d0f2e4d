// What happens to an event stream in the very turn in which something else ends it.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { sendEventStream } from '../../src/http/event-stream.ts';
import type { LiveConnection } from '../../src/live/live-connection.ts';
import { LiveConnections } from '../../src/live/live-connections.ts';
import { createLiveMetrics } from '../../src/live/metrics.ts';
import { InvalidationFeed } from '../../src/revocation/feed.ts';
import { heldClock } from '../support/held-clock.ts';
import { EventStream } from '../support/live.ts';
import { silentLogger } from '../support/loggers.ts';

let connection: LiveConnection;
beforeEach(() => {
  connection = new LiveConnections({
    clock: heldClock(),
    metrics: createLiveMetrics(new Registry()),
    feed: new InvalidationFeed(silentLogger),
    limits: { liveConnections: 1, livePerAddress: 1, livePerCredential: 1 },
    replica: { leaseRemaining: () => 1000, databaseNow: () => 0 },
    cache: { isCurrent: () => true },
    authenticator: { readAgain: async () => null },
  }).admit('event-stream', '192.0.2.1');
});

/** Streams these results to a client, and resolves with it when the stream was sent. */
async function streamed(
  results: AsyncIterable<object>,
  prepare: (response: ServerResponse) => void = () => undefined,
): Promise<{ stream: EventStream; sent: Promise<void> }> {
  let done = Promise.resolve();
  const server = createServer((_request, response) => {
    prepare(response);
    done = sendEventStream(response, results as never, connection);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const sent = request(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { agent: false });
  sent.on('error', () => undefined);
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { stream: new EventStream(response), sent: done };
}

/** Results without end. */
async function* endless() {
  for (;;) yield { data: 'x'.repeat(100_000) };
}

test('after the service has ended it, no result is written, also not one that was checked before', async () => {
  connection.mayDeliver = () => {
    queueMicrotask(() => connection.end('too slow'));
    return true;
  };
  const { stream, sent } = await streamed(endless());
  expect(await stream.end()).toBe('TOO_SLOW');
  await sent;
  expect(stream.text).not.toContain('"data"');
});

test('after the client has left, it ends, also if a result was on its way', async () => {
  const { sent } = await streamed(endless(), (response) => {
    connection.mayDeliver = async () => {
      response.destroy();
      await once(response, 'close');
      return true;
    };
  });
  await sent;
});

test('a client that has left before it begins gets no stream, and its source ends', async () => {
  let returned = false;
  const results: AsyncIterableIterator<object> = {
    next: () => new Promise(() => undefined),
    return: async () => {
      returned = true;
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => results,
  };
  const response = { destroyed: true } as ServerResponse;
  await sendEventStream(response, results as never, connection);
  expect(returned).toBe(true);
});

test('a source that cannot stop does not break the service', async () => {
  const results: AsyncIterableIterator<object> = {
    next: () => new Promise(() => undefined),
    return: () => Promise.reject(new Error('cannot stop')),
    [Symbol.asyncIterator]: () => results,
  };
  const { stream } = await streamed(results);
  connection.end('going away');
  expect(await stream.end()).toBe('complete');
});
