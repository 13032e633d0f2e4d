// A database that answers nothing: no connection is ever established, so every request waits for one.
import { createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { PooledSql } from '../../src/database/connections.ts';
import { watchPool } from '../../src/database/pool-repair.ts';
import { NotConnected } from '../../src/database/sql-errors.ts';
import { countedWait, withRequestId } from '../../src/kernel/request-context.ts';
import { silentLogger } from '../support/loggers.ts';
import { times } from '../support/values.ts';

const MOST = 1000;
const SIZE = 2;

let server: Server;
let url: string;
const sockets: Socket[] = [];
beforeAll(async () => {
  server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `postgres://rekey@127.0.0.1:${(server.address() as { port: number }).port}/rekey`;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** Sends 50 requests more than fit. Returns the errors of those that fail at once, before any timeout. */
async function flood(send: () => Promise<unknown>): Promise<unknown[]> {
  const failed: unknown[] = [];
  const sent = times(SIZE + MOST + 50, () => send().catch((error) => failed.push(error)));
  onTestFinished(async () => void (await Promise.all(sent)));
  await Promise.race(sent);
  return [...failed];
}

test('at most 1000 requests wait for a connection to read, and further ones fail at once', async () => {
  const sql = new PooledSql(url, { size: SIZE, timeoutMs: 1000, logger: silentLogger });
  onTestFinished(() => sql.close());
  const refused = await flood(() => sql.query({ name: 'one', text: 'select 1' }));
  expect(sql.state('reads').waiting).toBe(MOST);
  expect(refused).toEqual(times(50, () => expect.any(NotConnected)));
});

test('at most 1000 requests wait for a connection of the unit of work, and further ones fail at once', async () => {
  const pool = new pg.Pool({ connectionString: url, max: SIZE, connectionTimeoutMillis: 1000 });
  watchPool(pool);
  onTestFinished(() => pool.end());
  const refused = await flood(() => pool.connect());
  expect(pool.waitingCount).toBe(MOST);
  expect(refused).toEqual(times(50, () => expect.any(NotConnected)));
});

test('a read does not outlast the time that its request may wait', async () => {
  const sql = new PooledSql(url, { size: SIZE, timeoutMs: 1000, logger: silentLogger });
  onTestFinished(() => sql.close());
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const read = withRequestId('r', async () => {
    const earlier = countedWait(new Promise<void>((resolve) => setImmediate(resolve)));
    vi.advanceTimersByTime(2800);
    await earlier;
    await sql.query({ name: 'one', text: 'select 1' });
  });
  await expect(read).rejects.toThrow('The database did not answer in time.');
});
