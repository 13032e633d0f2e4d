// What a client can make the service do, or hold in memory, with live connections. Time is CPU time of the main thread,
// compared with that of an ordinary client: a busy machine does not change it.
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { MASTER_KEY, PASSWORD, SETUP_TOKEN } from '../../support/app.ts';
import { fillDirectory } from '../../support/embedded-template.ts';
import { EventStream, Socket } from '../../support/live.ts';
import { APPEND_EVENTS, LARGE_EVENTS } from '../../support/many-events.ts';
import { databasesAt } from '../../support/postgres.ts';
import { migratedDatabase } from '../../support/postgres-template.ts';
import { send } from '../../support/raw.ts';
import { frameOf, messageOf, OPCODE, RawWebSocket, upgradeOf } from '../../support/raw-web-socket.ts';
import { ServerProcess } from '../../support/server-process.ts';
import { until } from '../../support/until.ts';

const KIB = 1024;
/** What a client may send at once. An ordinary one sends as much. */
const ALLOWED = 100;
/** A flood may take so many times as long as what is allowed: it is read and dropped until the connection is paused. */
const TIMES_AS_LONG = 5;
/** A shorter time, in milliseconds, is below the resolution of the clock. */
const NOISE_MS = 5;
const ENVIRONMENT = {
  REKEY_SETUP_TOKEN: SETUP_TOKEN,
  REKEY_LOGIN_PER_MINUTE: '0',
  REKEY_FAILED_AUTH_PER_MINUTE: '0',
  REKEY_LIVE_PER_ADDRESS: '200',
  REKEY_LIVE_SUBSCRIPTIONS: '1000',
};

/** Makes the administrator. Returns an access token. */
async function bootstrap({ url }: ServerProcess): Promise<string> {
  const query = `mutation ($input: BootstrapInput!) {
    bootstrap(input: $input) { ... on BootstrapSuccess { tokens { accessToken } } }
  }`;
  const input = { setupToken: SETUP_TOKEN, email: 'admin@example.com', password: PASSWORD, displayName: 'Admin' };
  const body = JSON.stringify({ query, variables: { input } });
  const { json } = await send(url, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return json.data.bootstrap.tokens.accessToken;
}

describe('a flood', { timeout: 120_000 }, () => {
  let directory: string;
  let server: ServerProcess;
  let bearer: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rekey-floods-'));
    fillDirectory(directory);
    server = await ServerProcess.replica({ ...ENVIRONMENT, REKEY_DATA_DIR: join(directory, '.rekey') });
    bearer = await bootstrap(server);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** CPU time of the main thread, in milliseconds: the shortest of several tries. */
  async function costOf(work: () => Promise<unknown>, tries: number): Promise<number> {
    let cost = Number.POSITIVE_INFINITY;
    for (let tried = 0; tried < tries; tried++) {
      const before = await server.mainThread();
      await work();
      cost = Math.min(cost, (await server.mainThread()) - before);
    }
    return cost;
  }

  const repeated = (count: number, frame: (index: number) => Buffer) =>
    Buffer.concat(Array.from({ length: count }, (_, index) => frame(index)));
  const subscribe = (index: number) =>
    messageOf({ type: 'subscribe', id: `${index}`, payload: { query: '{ viewer { scopes } }' } });

  /** One client that sends this, and waits until the service has closed the connection or has answered. */
  async function client(bytes: Buffer, isAnswered?: string): Promise<void> {
    const socket = await (await RawWebSocket.open(server.url)).present(bearer);
    socket.send(bytes);
    if (isAnswered === undefined) await socket.ended;
    else await socket.receive(isAnswered);
    socket.destroy();
  }

  const untilFree = () =>
    until('all places are free', async () =>
      /rekey_live_connections\{kind="web-socket"\} 0\n/.test((await send(server.url, '/metrics')).text),
    );

  /** Another client verifies until the flood is over, and is answered each time. */
  async function beside(flood: () => Promise<unknown>): Promise<void> {
    let isOver = false;
    const flooding = flood().finally(() => (isOver = true));
    const verifying = (async () => {
      do {
        const { status } = await send(server.url, '/v1/verify', { headers: { authorization: `Bearer ${bearer}` } });
        expect(status).toBe(204);
      } while (!isOver);
    })();
    await Promise.all([flooding, verifying]);
  }

  const ordinary = () => client(repeated(ALLOWED - 5, subscribe), `"id":"${ALLOWED - 6}","type":"complete"`);
  const floods: [string, () => Promise<unknown>][] = [
    ['10 000 subscriptions', () => client(repeated(10_000, subscribe))],
    ['100 000 pings', () => client(repeated(100_000, () => frameOf({ opcode: OPCODE.ping })))],
    ['100 000 pongs', () => client(repeated(100_000, () => frameOf({ opcode: OPCODE.pong })))],
    [
      '100 000 empty fragments',
      () =>
        client(
          repeated(100_000, (index) =>
            frameOf({ opcode: index === 0 ? OPCODE.text : OPCODE.continuation, final: false }),
          ),
        ),
    ],
    ['100 messages of 64 KiB', () => client(repeated(110, () => frameOf({ payload: '['.repeat(64 * KIB) })))],
    [
      '20 frames of 1 MB',
      async () => {
        for (let each = 0; each < 20; each++) await client(frameOf({ payload: 'x'.repeat(1_000_000) }));
      },
    ],
    [
      '2000 upgrades beyond the limit',
      async () => {
        const opened = await Promise.allSettled(Array.from({ length: 200 }, () => RawWebSocket.open(server.url)));
        for (let round = 0; round < 20; round++) {
          await Promise.allSettled(Array.from({ length: 100 }, () => RawWebSocket.open(server.url)));
        }
        for (const result of opened) if (result.status === 'fulfilled') result.value.destroy();
      },
    ],
    [
      '500 connections that send half of a request',
      async () => {
        const { port } = new URL(server.url);
        const sockets = Array.from({ length: 500 }, () => connect(Number(port), '127.0.0.1'));
        for (const socket of sockets) socket.on('error', () => undefined).write(upgradeOf().slice(0, -2));
        await send(server.url, '/livez');
        for (const socket of sockets) socket.resetAndDestroy();
      },
    ],
  ];

  test.each(floods)('of %s does not keep other requests from their responses', async (_, flood) => {
    await beside(flood);
    await untilFree();
  });

  test.each(floods.slice(0, 4))('of %s costs about as much as the messages that are allowed', async (_, flood) => {
    await ordinary();
    for (const tries of [1, 3, 5]) {
      const [allowed, all] = [await costOf(ordinary, tries), await costOf(flood, tries)];
      if (all < TIMES_AS_LONG * Math.max(allowed, NOISE_MS)) return;
      if (tries === 5) expect(all).toBeLessThan(TIMES_AS_LONG * Math.max(allowed, NOISE_MS));
    }
  });
});

describe.skipIf(inject('postgresUrl') === null)('on PostgreSQL', { timeout: 120_000 }, () => {
  test('many clients that stop reading take little memory, however many events come', async () => {
    const databaseUrl = await migratedDatabase();
    const server = await ServerProcess.replica({
      ...ENVIRONMENT,
      DATABASE_URL: databaseUrl,
      REKEY_MASTER_KEY: MASTER_KEY,
    });
    onTestFinished(() => server.stop());
    const caller = { bearer: await bootstrap(server) };
    const clients = 20;
    for (let client = 0; client < clients; client += 2) {
      const stream = await EventStream.open(server.url, { caller, query: LARGE_EVENTS });
      const socket = await Socket.open(server.url, { caller });
      socket.subscribe({ query: LARGE_EVENTS });
      await socket.execute('{ __typename }'); // The subscription before it has begun.
      stream.pause();
      socket.ws.pause();
      onTestFinished(() => stream.close());
      onTestFinished(() => socket.ws.terminate());
    }
    const reading = await EventStream.open(server.url, { caller });
    onTestFinished(() => reading.close());
    const before = await server.memory();

    const events = 4000; // About 18 MB for each client. The operating system takes a part of it.
    await databasesAt(databaseUrl).query(APPEND_EVENTS(events), [], new URL(databaseUrl).pathname.slice(1));
    for (let event = 0; event < events; event++) await reading.event();
    const held = ({ heapUsed, external }: NodeJS.MemoryUsage) => heapUsed + external;
    let last = 0;
    const grown = await until('the operating system takes no more', async () => {
      const now = held(await server.memory()) - held(before);
      const isStill = Math.abs(now - last) < KIB * KIB;
      last = now;
      return isStill && now;
    });
    expect(grown).toBeLessThan(8 * KIB * KIB);
  });
});
