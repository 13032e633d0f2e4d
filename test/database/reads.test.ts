// Requests wait for these reads. Each has a time limit that includes all waiting.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PooledSql } from '../../src/database/connections.ts';
import { backends, logger, type TestDatabase } from '../revocation/support/databases.ts';

const one = { name: 'one', text: 'select 1 as one' };
const [, postgres] = backends();

test('a read of the embedded database waits for a transaction within its own time limit', async () => {
  const database = await backends()[0]!.open();
  const em = database.fork();
  await em.begin();
  await expect(database.reads.query(one)).rejects.toThrow('in time');
  await em.rollback();
  expect(await database.reads.query(one)).toEqual([{ one: 1 }]);
  await database.close();
});

describe.skipIf(!postgres)('on PostgreSQL', () => {
  const SIZE = 2;
  let database: TestDatabase;
  let pool: PooledSql;
  beforeAll(async () => {
    database = await postgres!.open();
    pool = new PooledSql(database.url!, { size: SIZE, timeoutMs: 1000, logger });
    await Promise.all(Array.from({ length: SIZE }, () => pool.query(one)));
  });
  afterAll(async () => {
    await pool?.close();
    await database?.close();
  });

  test('the time limit of a read includes its wait for a connection', async () => {
    const slow = { name: 'slow', text: 'select pg_sleep(0.8)' };
    const early = Array.from({ length: SIZE }, () => pool.query(slow).catch(() => undefined));
    const late = await Promise.allSettled(Array.from({ length: SIZE }, () => pool.query(slow)));
    expect(late.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await Promise.all(early);
    expect(await pool.query(one)).toEqual([{ one: 1 }]);
  });

  test('a read that the server rejects keeps its connection usable', async () => {
    const process = { name: 'process', text: 'select pg_backend_pid() as pid' };
    const single = new PooledSql(database.url!, { size: 1, timeoutMs: 1000, logger });
    const [before] = await single.query(process);
    await expect(single.query({ name: 'wrong', text: 'select 1 / 0' })).rejects.toThrow('division');
    expect(await single.query(process)).toEqual([before]);
    await single.close();
  });

  test('a read fails if its connection is terminated, and the next one gets a new connection', async () => {
    const ended = pool.query({ name: 'end', text: 'select pg_terminate_backend(pg_backend_pid())' });
    await expect(ended).rejects.toThrow();
    expect(await pool.query(one)).toEqual([{ one: 1 }]);
  });
});
