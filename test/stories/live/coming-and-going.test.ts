// Clients that leave at any moment leave nothing behind: no place, and no reader of the log.
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { EventStream, FEED, poll, Socket } from '../../support/live.ts';
import { appendEvents } from '../../support/many-events.ts';
import { until } from '../../support/until.ts';

describe.each(backends())('on $name', { timeout: 60_000 }, ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start({ env: { REKEY_LIVE_PER_CREDENTIAL: '50' } });
    admin = await app.admin();
  });
  afterAll(() => app?.close());
  beforeEach(() => untilFree());

  const untilFree = () => until('all places are free', () => app.app.live.size === 0);

  /** Holds the authentication of every request until the test releases it. */
  function holdAuthentication() {
    const gate = Promise.withResolvers<void>();
    const { authenticator } = app.app;
    const authenticate = authenticator.authenticate.bind(authenticator);
    const spy = vi.spyOn(authenticator, 'authenticate').mockImplementation(async (...given) => {
      const accepted = await authenticate(...given);
      await gate.promise;
      return accepted;
    });
    onTestFinished(() => {
      gate.resolve();
      spy.mockRestore();
    });
    return { arrived: () => spy.mock.calls.length, release: () => gate.resolve() };
  }

  /** Counts the readers of the log that have begun and not ended. */
  function observeReaders() {
    let [begun, ended] = [0, 0];
    const { services } = app.app;
    const open = services.revocationsFrom;
    const spy = vi.spyOn(services, 'revocationsFrom').mockImplementation(async (...given) => {
      const stream = (await open(...given)) as AsyncIterableIterator<never>;
      begun++;
      const end = stream.return!.bind(stream);
      let isOpen = true;
      stream.return = (...value) => {
        if (isOpen) ended++;
        isOpen = false;
        return end(...value);
      };
      return stream;
    });
    onTestFinished(() => spy.mockRestore());
    return { begun: () => begun, open: () => begun - ended };
  }

  /** Sends a request, and returns the connection without reading it. */
  function request(text: string) {
    const { port } = new URL(app.url);
    const client = connect(Number(port), '127.0.0.1');
    client.on('error', () => undefined);
    client.write(text);
    onTestFinished(() => void client.destroy());
    return client;
  }
  const pollOf = (after: string) =>
    `GET /v1/revocations?after=${after}&wait=10000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin.accessToken}\r\n\r\n`;
  const body = JSON.stringify({ query: FEED });
  const streamOf = () =>
    'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n' +
    `Authorization: Bearer ${admin.accessToken}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const position = async () => (await poll(app.url, admin)).json.position as string;

  test.each([
    ['a poll', async () => pollOf(await position())],
    ['an event stream', async () => streamOf()],
  ])('%s whose client leaves before it is authenticated takes no place', async (_, text) => {
    const sent = await text();
    const held = holdAuthentication();
    const closed = Promise.withResolvers<void>();
    const client = request(sent);
    await until('it has arrived', () => held.arrived() === 1);
    client.once('close', closed.resolve).resetAndDestroy();
    await closed.promise;
    // A request that arrives later is authenticated later.
    const other = fetch(`${app.url}/v1/verify`, { headers: { authorization: `Bearer ${admin.accessToken}` } });
    await until('another one has arrived', () => held.arrived() === 2);
    held.release();
    expect((await other).status).toBe(204);
    await poll(app.url, admin);
    expect(app.app.live.size).toBe(0);
  });

  test('many polls that hang up give back their places', async () => {
    const after = await position();
    for (let round = 0; round < 10; round++) {
      const clients = Array.from({ length: 45 }, () => request(pollOf(after)));
      await until('they wait', () => app.app.live.size === clients.length);
      for (const [index, client] of clients.entries()) {
        if (index % 2) client.destroy();
        else client.resetAndDestroy();
      }
      await untilFree();
    }
  });

  test('polls and streams that are sent behind one that waits take no place, and none when their client leaves', async () => {
    const after = await position();
    const client = request(pollOf(after) + streamOf() + pollOf(after) + pollOf(after));
    await until('the first one waits', () => app.app.live.size === 1);
    await poll(app.url, admin);
    expect(app.app.live.size).toBe(1);
    client.destroy();
    await untilFree();
  });

  test('polls that events answer again and again give back their places', async () => {
    let after = await position();
    for (let round = 0; round < 10; round++) {
      const waiting = Array.from({ length: 20 }, () => poll(app.url, admin, { after, wait: 10_000 }));
      await until('they wait', () => app.app.live.size === 20);
      await appendEvents(app.app, 1);
      const answers = await Promise.all(waiting);
      for (const { json } of answers) expect(json.events).toHaveLength(1);
      after = answers[0]!.json.position;
      await untilFree();
    }
  });

  test('event streams that hang up, also while events come, end their readers', async () => {
    const readers = observeReaders();
    for (let round = 0; round < 10; round++) {
      const streams = await Promise.all(Array.from({ length: 20 }, () => EventStream.open(app.url, { caller: admin })));
      const events = appendEvents(app.app, 50);
      for (const stream of streams) stream.close();
      await events;
      await untilFree();
    }
    await until('all readers have ended', () => readers.open() === 0);
    expect(readers.begun()).toBe(200);
  });

  test('subscriptions that begin and are completed again and again end their readers, also with the same id', async () => {
    const readers = observeReaders();
    const socket = await Socket.open(app.url, { caller: admin });
    for (let round = 0; round < 40; round++) {
      const id = socket.subscribe({ id: String(round % 3) });
      // Half of them are completed before they have begun.
      if (round % 2) await until('it has begun', () => readers.begun() > round);
      socket.send({ type: 'complete', id });
      await until('it has ended', () => readers.begun() > round && readers.open() === 0);
    }
    await socket.close();
    await untilFree();
    expect(readers.begun()).toBe(40);
  });

  test('a WebSocket that hangs up with subscriptions ends their readers', async () => {
    const readers = observeReaders();
    for (let round = 0; round < 10; round++) {
      const socket = await Socket.open(app.url, { caller: admin });
      for (let operation = 0; operation < 10; operation++) socket.subscribe();
      if (round % 2) await until('they have begun', () => readers.open() === 10);
      socket.ws.terminate();
      await untilFree();
      await until('all readers have ended', () => readers.open() === 0);
    }
  });
});
