// REKEY_WORKERS: several replicas in the processes of one service.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { SETUP_TOKEN } from '../support/app.ts';
import { freePort } from '../support/ports.ts';
import { databasesAt } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { send } from '../support/raw.ts';
import { emptyDirectory, NODE, SERVER, ServerProcess, startServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';

// Long enough for a busy machine.
const TEST_MS = 180_000;
/** Longer than the start of all workers. */
const START_MS = 60_000;
const WORKERS = 2;
const NUMBERS = Array.from({ length: WORKERS }, (_, index) => String(index + 1));

/** The processes that a process has started, by the files of the kernel. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

const workersIn = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`^${name}\\{[^}]*worker="(\\d+)"[^}]*\\} (\\S+)$`, 'gm'))].map(
    ([, worker, value]) => [worker!, Number(value)] as const,
  );
/** How many ends of workers the primary has noticed. Before, it may hand a connection to one, and Node would lose it. */
const endsIn = ({ stdout }: ServerProcess) => stdout.match(/a worker ended; starting another/g)?.length ?? 0;
const scrape = async (url: string) => (await send(url, '/metrics')).text;

describe.skipIf(inject('postgresUrl') === null)('several workers', { timeout: TEST_MS }, () => {
  let databaseUrl: string;
  let server: ServerProcess;
  let url: string;
  const environment = { REKEY_MASTER_KEY: randomBytes(32).toString('base64'), REKEY_WORKERS: String(WORKERS) };
  const replicas = () =>
    databasesAt(databaseUrl).query<{ id: string }>(
      'select id::text from auth_replica',
      [],
      new URL(databaseUrl).pathname.slice(1),
    );

  beforeAll(async () => {
    databaseUrl = await databasesAt(inject('postgresUrl') as string).createDatabase();
    server = new ServerProcess({ environment: { DATABASE_URL: databaseUrl, ...environment } });
    url = await server.ready();
    await server.printed(/Setup token/);
  }, TEST_MS);
  afterAll(async () => {
    await server?.stop();
  });

  test('are full replicas that share one address; the ready line and the setup token appear once', async () => {
    expect(server.stdout.match(/^Rekey is ready: .*$/gm)).toEqual([
      `Rekey is ready: ${url}/graphql (${WORKERS} workers)`,
    ]);
    expect(server.stdout.match(/Setup token/g)).toHaveLength(1);
    expect(childrenOf(server.pid)).toHaveLength(WORKERS);
    expect(await replicas()).toHaveLength(WORKERS);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test('return the metrics of all of them in each scrape, with the label `worker`, and omit none', async () => {
    for (let round = 0; round < WORKERS; round++) {
      const text = await scrape(url); // A new connection, so another worker.
      const leases = workersIn(text, 'rekey_lease_remaining_seconds');
      expect(leases.map(([worker]) => worker).toSorted()).toEqual(NUMBERS);
      for (const [, seconds] of leases) expect(seconds).toBeGreaterThan(0);
      for (const name of [
        'process_start_time_seconds',
        'nodejs_eventloop_lag_p99_seconds',
        'rekey_worker_restarts_total',
      ])
        expect(
          workersIn(text, name)
            .map(([worker]) => worker)
            .toSorted(),
          name,
        ).toEqual(NUMBERS);
      const counts = text.split('\n').filter((line) => /^rekey_\w+_total\b/.test(line));
      for (const line of counts) expect(line).toMatch(/worker="\d"/);
      expect(text.match(/^# TYPE rekey_lease_remaining_seconds /gm)).toHaveLength(1);
    }
  });

  test('are replaced when they crash, later each time: the new one has the same number and the same address', async () => {
    const pauses = () =>
      [...server.stdout.matchAll(/^.*a worker ended; starting another.*$/gm)].map(([line]) => JSON.parse(line).pauseMs);
    for (let round = 0; round < 2; round++) {
      const [, killed] = childrenOf(server.pid) as [number, number];
      const before = endsIn(server);
      process.kill(killed, 'SIGKILL');
      await until('the primary notices', () => endsIn(server) > before);
      await until(
        'another worker is ready',
        async () => workersIn(await scrape(url), 'rekey_lease_remaining_seconds').length === WORKERS,
        START_MS,
      );
    }
    // On a busy machine, a start may fail as well.
    expect(pauses().length).toBeGreaterThanOrEqual(2);
    expect(pauses()).toEqual(pauses().map((_, index) => 200 * 2 ** index));
    const restarts = workersIn(await scrape(url), 'rekey_worker_restarts_total');
    expect(restarts).toEqual([
      ['1', 0],
      ['2', pauses().length],
    ]);
    expect(server.stdout.match(/^Rekey is ready/gm)).toHaveLength(1);
  });

  test('are replaced also when one crashes while the others still start', async () => {
    // A fixed port: without one, the second worker would get another port when no process listens any more.
    const PORT = String(await freePort());
    const own = startServer(emptyDirectory(), { DATABASE_URL: await migratedDatabase(), ...environment, PORT });
    // The first worker is ready before the second one is started.
    await until('the second worker starts', () => childrenOf(own.pid).length === WORKERS, START_MS);
    const [first] = childrenOf(own.pid) as [number];
    process.kill(first, 'SIGKILL');
    const address = await own.ready();
    await until(
      'both are ready',
      async () => workersIn(await scrape(address), 'rekey_lease_remaining_seconds').length === WORKERS,
      START_MS,
    );
    expect(childrenOf(own.pid)).not.toContain(first);
  });

  /** Sends requests without the end of their bodies, and returns functions that send it and return the status. */
  async function begunRequests(address: string) {
    const body = '{"query":"{ __typename }"}';
    const begun = Array.from({ length: 2 * WORKERS }, () => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length };
      const sent = request(`${address}/graphql`, { agent: new Agent({ keepAlive: true }), method: 'POST', headers });
      const answered = once(sent, 'response');
      sent.write(body.slice(0, 5));
      return async () => {
        sent.end(body.slice(5));
        const [response] = await answered;
        response.resume();
        return response.statusCode;
      };
    });
    // The workers take turns. When each has answered some later requests, it has read the beginning of these.
    for (let round = 0; round < 4 * WORKERS; round++) await send(address, '/livez');
    return begun;
  }
  const everyWorkerStops = (own: ServerProcess) =>
    until('every worker stops', () => own.stdout.match(/stopping: no new requests/g)?.length === WORKERS);

  test('finish the requests in flight after SIGTERM, and then the process ends with code 0', async () => {
    const own = startServer(emptyDirectory(), { DATABASE_URL: await migratedDatabase(), ...environment });
    const begun = await begunRequests(await own.ready());
    own.kill('SIGTERM');
    await everyWorkerStops(own);
    expect(await Promise.all(begun.map((end) => end()))).toEqual(begun.map(() => 200));
    expect(await own.exited()).toEqual({ code: 0, signal: null });
    expect(own.stdout).not.toContain('starting another');
    expect(own.stderr).toBe('');
  });

  test('finish the requests in flight when their primary is killed, accept no others, and end', async () => {
    const own = startServer(emptyDirectory(), { DATABASE_URL: await migratedDatabase(), ...environment });
    const address = await own.ready();
    const workers = childrenOf(own.pid);
    const begun = await begunRequests(address);
    own.kill('SIGKILL');
    await everyWorkerStops(own);
    await expect(fetch(`${address}/livez`)).rejects.toThrow('fetch failed');
    expect(await Promise.all(begun.map((end) => end()))).toEqual(begun.map(() => 200));
    await until('every worker has ended', () => workers.every((pid) => !existsSync(`/proc/${pid}`)));
    expect(own.stderr).toBe('');
  });

  test('answer a scrape that waits for their primary when it is killed, each with its own metrics', async () => {
    const own = startServer(emptyDirectory(), { DATABASE_URL: await migratedDatabase(), ...environment });
    const { port } = new URL(await own.ready());
    const socket = connect(Number(port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
    const ask = (...paths: string[]) =>
      socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: rekey\r\n\r\n`).join(''));
    ask('/livez');
    await until('a worker has the connection', () => received.startsWith('HTTP/1.1 200'));
    process.kill(own.pid, 'SIGSTOP');
    received = '';
    ask('/livez', '/metrics');
    await until('the worker has read both requests', () => received.startsWith('HTTP/1.1 200'));
    process.kill(own.pid, 'SIGKILL');
    await until('the scrape is answered', () => workersIn(received, 'rekey_lease_remaining_seconds').length === 1);
  });

  test('still accept requests during the delay after SIGTERM, and SIGINT reaches each of them', async () => {
    const delayed = { ...environment, REKEY_STOP_DELAY_SECONDS: '300' };
    const own = startServer(emptyDirectory(), { DATABASE_URL: await migratedDatabase(), ...delayed });
    const address = await own.ready();
    own.kill('SIGTERM');
    await until('every worker says so', () => own.stdout.match(/stopping: \/readyz returns 503/g)?.length === WORKERS);
    for (let round = 0; round < WORKERS; round++) {
      expect((await send(address, '/readyz')).status).toBe(503);
      expect((await send(address, '/livez')).status).toBe(200);
    }
    expect(own.stdout).not.toContain('stopping: no new requests');
    own.kill('SIGINT');
    expect(await own.exited()).toEqual({ code: 0, signal: null });
  });

  test('that do not end after SIGTERM are killed, and the process ends with code 1', async () => {
    const own = startServer(emptyDirectory(), { DATABASE_URL: await migratedDatabase(), ...environment });
    await own.ready();
    const [frozen] = childrenOf(own.pid) as [number];
    process.kill(frozen, 'SIGSTOP');
    own.kill('SIGTERM');
    expect(await own.exited()).toEqual({ code: 1, signal: null });
    expect(existsSync(`/proc/${frozen}`)).toBe(false);
  });

  test('share the port of `REKEY_METRICS_PORT`, which has the metrics of all, and stays when one of them is replaced', async () => {
    const own = startServer(emptyDirectory(), {
      ...{ DATABASE_URL: await migratedDatabase(), ...environment, REKEY_METRICS_PORT: '0' },
    });
    const address = await own.ready();
    await own.printed(/^Metrics: /m);
    const [, metricsUrl] = /^Metrics: (http:\/\/\S+)\/metrics$/m.exec(own.stdout)!;
    expect(own.stdout.match(/^Metrics: /gm)).toHaveLength(1);
    expect((await send(address, '/metrics')).status).toBe(404);
    const scraped = async () =>
      workersIn((await send(metricsUrl!, '/metrics')).text, 'rekey_lease_remaining_seconds').map(([worker]) => worker);
    for (let round = 0; round < WORKERS; round++) expect((await scraped()).toSorted()).toEqual(NUMBERS);
    // Whichever of them listened first.
    for (const killed of childrenOf(own.pid)) {
      const before = endsIn(own);
      process.kill(killed, 'SIGKILL');
      await until('the primary notices', () => endsIn(own) > before);
      await until(
        'another worker is ready',
        async () => (await scraped().catch(() => [])).length === WORKERS,
        START_MS,
      );
    }
    for (let round = 0; round < WORKERS; round++) expect((await scraped()).toSorted()).toEqual(NUMBERS);
    expect((await send(address, '/livez')).status).toBe(200);
  });

  test('leave no registration behind, and share a Unix socket, which is removed at the end', async () => {
    const path = join(emptyDirectory(), 'rekey.sock');
    const shared = await migratedDatabase();
    const own = startServer(emptyDirectory(), {
      ...{ DATABASE_URL: shared, ...environment, HOST: path, REKEY_SETUP_TOKEN: SETUP_TOKEN },
    });
    await until('it is ready', () => own.stdout.includes(`Rekey is ready: ${path} (${WORKERS} workers)\n`), START_MS);
    const rows = () => databasesAt(shared).query('select id from auth_replica', [], new URL(shared).pathname.slice(1));
    expect(await rows()).toHaveLength(WORKERS);
    own.kill('SIGTERM');
    expect(await own.exited()).toEqual({ code: 0, signal: null });
    expect(await rows()).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  test('replace a Unix socket that other workers have left behind in a crash', async () => {
    const path = join(emptyDirectory(), 'rekey.sock');
    const start = async () => {
      const own = startServer(emptyDirectory(), { DATABASE_URL: await migratedDatabase(), ...environment, HOST: path });
      await until('it is ready', () => own.stdout.includes('Rekey is ready'), START_MS);
      return own;
    };
    const crashed = await start();
    process.kill(crashed.pid, 'SIGSTOP'); // So it starts no other workers.
    for (const worker of childrenOf(crashed.pid)) process.kill(worker, 'SIGKILL');
    process.kill(crashed.pid, 'SIGKILL');
    await crashed.exited();
    expect(existsSync(path)).toBe(true);
    const own = await start();
    own.kill('SIGTERM');
    expect(await own.exited()).toEqual({ code: 0, signal: null });
  });

  test('that cannot start report the reason once, and the process ends with their exit code', async () => {
    const wrong = { ...environment, REKEY_MASTER_KEY: randomBytes(32).toString('base64') };
    const own = startServer(emptyDirectory(), { DATABASE_URL: databaseUrl, ...wrong });
    expect(await own.exited()).toEqual({ code: 78, signal: null });
    expect(own.stderr.match(/Invalid configuration/g)).toHaveLength(1);
    expect(own.stdout).not.toContain('Rekey is ready');
  });
});

test('the embedded database refuses several workers', { timeout: TEST_MS }, async () => {
  const server = startServer(emptyDirectory(), { REKEY_WORKERS: '2' }, [...NODE, SERVER]);
  expect(await server.exited()).toEqual({ code: 78, signal: null });
  expect(server.stderr).toMatch(/REKEY_WORKERS: the embedded database belongs to one process\. Set DATABASE_URL/);
});
