// The statements mean what the model assumes, on both kinds of database.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Statement } from '../../src/database/sql.ts';
import type { LogRowJson } from '../../src/revocation/revocation-event.ts';
import * as statements from '../../src/revocation/statements.ts';
import { backends, fill, type TestDatabase } from './support/databases.ts';

describe.each(backends())('the statements of the protocol on $name', ({ open }) => {
  let database: TestDatabase;
  const ask = <Row>(statement: Statement, ...values: unknown[]) => database.sync.query<Row>(statement, values);
  const sync = async (id: string, applied: number, longest = 100) =>
    (await ask<statements.SyncRow>(statements.SYNC, id, applied, longest))[0]!;
  const registered = async () => {
    const [row] = await ask<statements.PropagationRow>(statements.PROPAGATION, '', 0, 0);
    return JSON.parse(row!.replicas) as statements.RegisteredReplica[];
  };
  const register = async (leaseMs = 2000, former: string | null = null) => {
    const id = randomUUID();
    await ask(statements.REGISTER, id, former, leaseMs);
    return id;
  };
  const end = async () => (await ask<statements.PropagationRow>(statements.PROPAGATION, '', 0, 0))[0]!.seq;
  const append = (tag: string) => database.sql('select auth_invalidate($1)', [tag]);

  beforeAll(async () => {
    database = await open();
    await fill(database);
  });
  beforeEach(() => database.sql('delete from auth_replica'));
  afterAll(() => database?.close());

  test('a replica registers with nothing applied, and deletes its former registration in the same commit', async () => {
    const first = await register(3000);
    expect(await registered()).toEqual([{ id: first, applied: 0, suspect: false, leaseMs: 3000 }]);
    const second = await register(2000, first);
    expect((await registered()).map(({ id }) => id)).toEqual([second]);
    await ask(statements.DEREGISTER, second);
    expect(await registered()).toEqual([]);
  });

  test('an acknowledgement only moves forward, and registers no replica', async () => {
    const id = await register();
    await ask(statements.ACKNOWLEDGE, id, 7);
    await ask(statements.ACKNOWLEDGE, id, 5);
    await ask(statements.ACKNOWLEDGE, randomUUID(), 9);
    expect(await registered()).toEqual([{ id, applied: 7, suspect: false, leaseMs: 2000 }]);
  });

  test('a sync returns the log after its position, its own registration and the leases of all replicas, in one snapshot', async () => {
    const id = await register(2000);
    await register(5000);
    const known = await end();
    expect(await sync(id, -1)).toMatchObject({
      seq: known,
      registered: true,
      suspect: false,
      acknowledged: 0,
      log: null,
    });
    await append('key:a');
    await append('key:b');
    const row = await sync(id, known);
    expect(row).toMatchObject({
      seq: known + 2,
      inRecovery: false,
      longestLeaseMs: 5000,
      shortestLeaseMs: 2000,
      replicas: 2,
    });
    expect(JSON.parse(row.log!).map((json: LogRowJson) => json.slice(0, 2))).toEqual([
      [known + 1, 'key:a'],
      [known + 2, 'key:b'],
    ]);
    expect(row.identity).toBe(row.confirmedIdentity);
    expect(Math.abs(row.now - Date.now())).toBeLessThan(60_000);
    expect((await sync(id, known + 2)).log).toBeNull();
    expect((await sync(id, known, 1)).log).toBeNull(); // Longer than the limit, so it is left out.
    expect(await sync(randomUUID(), known)).toMatchObject({ registered: false, suspect: false });
  });

  test('a sync shows a gap where the log was trimmed', async () => {
    const id = await register();
    const known = await end();
    for (const tag of ['key:a', 'key:b', 'key:c']) await append(tag);
    await database.sql('delete from auth_inval where seq = $1::bigint', [known + 2]);
    const { seq, log } = await sync(id, known);
    expect(JSON.parse(log!)).toHaveLength(seq - known - 1);
  });

  test('a fence marks silent and already marked replicas, returns their ids, and removes only marked replicas', async () => {
    const [silent, confirmed, marked, other] = [await register(), await register(), await register(), await register()];
    await ask(statements.ACKNOWLEDGE, confirmed, 9);
    await ask(statements.ACKNOWLEDGE, marked, 9);
    await database.sql('update auth_replica set suspect = true where id = $1::uuid', [marked]);
    const found = await ask<{ id: string }>(statements.SUSPECT, [silent, confirmed, marked, randomUUID()], 9);
    expect(found.map(({ id }) => id).toSorted()).toEqual([silent, marked].toSorted());
    expect(await sync(silent!, 0)).toMatchObject({ registered: true, suspect: true });
    await ask(statements.EXPEL, [silent, confirmed]);
    expect((await registered()).map(({ id }) => id).toSorted()).toEqual([confirmed, marked, other].toSorted());
  });

  test('a wait gets the end of the log, and the time of a change from the first row of its tag since then', async () => {
    const MINUTE = 60_000;
    await database.sql('delete from auth_inval');
    const started = Date.now() - 10 * MINUTE;
    const rows = ['key:p', 'key:q', 'key:p', '*', 'key:p'].map((tag, index) => ({ tag, at: started + index * MINUTE }));
    const first = await end();
    for (const [index, { tag, at }] of rows.entries()) {
      await append(tag);
      const values = [first + 1 + index, at / 1000];
      await database.sql('update auth_inval set at = to_timestamp($2::float8) where seq = $1::bigint', values);
    }
    const committed = async (tag: string, minute: number, retention = 60) => {
      const values = [tag, started + minute * MINUTE, retention * MINUTE];
      const [row] = await ask<statements.PropagationRow>(statements.PROPAGATION, ...values);
      expect(row).toMatchObject({ seq: first + 5, primaryConfirmed: true, replicas: '[]' });
      return row!.committedAt === null ? null : (row!.committedAt - started) / MINUTE;
    };
    expect(await committed('key:p', -0.1)).toBeCloseTo(0);
    expect(await committed('key:p', 0)).toBeCloseTo(0);
    expect(await committed('key:p', 0.1)).toBeCloseTo(2);
    expect(await committed('key:p', 2.01)).toBeCloseTo(2); // Timed by a clock that was 600 ms ahead.
    expect(await committed('key:p', 2.1)).toBeCloseTo(4);
    // A transaction that changed too many subjects to list them.
    expect(await committed('key:q', 0.9)).toBeCloseTo(1);
    expect(await committed('key:q', 1.1)).toBeCloseTo(3);
    expect(await committed('key:unlisted', 0)).toBeCloseTo(3);
    // The clock by which the change was timed was a little ahead.
    expect(await committed('key:p', 4.1)).toBeCloseTo(4);
    expect(await committed('key:q', 3.1)).toBeCloseTo(1);
    expect(await committed('key:unlisted', 3.1)).toBeNull();
    // The log may have deleted the row of the change, and the rows that it has are of other changes.
    expect(await committed('key:p', -70)).toBeNull();
    expect(await committed('key:p', 0, 5)).toBeNull();
  });

  test('only the current server counts as confirmed, whichever identity is written and in any time zone', async () => {
    const id = await register();
    const { identity } = await sync(id, -1);
    const isConfirmed = async () =>
      (await ask<statements.PropagationRow>(statements.PROPAGATION, '', 0, 0))[0]!.primaryConfirmed;
    expect(await isConfirmed()).toBe(true);
    await database.sql(`update auth_primary set identity = 'the one before'`);
    expect(await isConfirmed()).toBe(false);
    await ask(statements.CONFIRM_PRIMARY, 'the one before');
    await ask(statements.CONFIRM_PRIMARY, 'another');
    expect(await isConfirmed()).toBe(false);
    await ask(statements.CONFIRM_PRIMARY, identity);
    expect(await isConfirmed()).toBe(true);
    const em = database.fork();
    await em.begin();
    await em.execute(`set local timezone = 'Asia/Kathmandu'`);
    expect(await em.execute('select auth_server_identity() as identity')).toEqual([{ identity }]);
    await em.rollback();
    await database.sql('delete from auth_primary');
    expect(await isConfirmed()).toBe(false);
    await ask(statements.CONFIRM_PRIMARY, identity);
    expect(await isConfirmed()).toBe(true);
  });

  test('a trim deletes the oldest rows in batches, and no row that is younger than the retention', async () => {
    await database.sql('delete from auth_inval');
    for (let n = 0; n < 7; n++) await append(`key:${n}`);
    await database.sql(`update auth_inval set at = at - interval '2 hours' where tag < 'key:5'`);
    const trim = async () => (await ask<{ deleted: number }>(statements.PURGE_LOG, 3_600_000, 3))[0]!.deleted;
    expect([await trim(), await trim(), await trim()]).toEqual([3, 2, 0]);
    expect(await database.sql('select tag from auth_inval order by seq')).toEqual([{ tag: 'key:5' }, { tag: 'key:6' }]);
  });

  test('a probe is appended at most once per interval', async () => {
    await database.sql('delete from auth_inval');
    expect(await ask(statements.PROBE, 60)).toHaveLength(1);
    expect(await ask(statements.PROBE, 60)).toHaveLength(0);
    await database.sql(`update auth_inval set at = at - interval '61 seconds'`);
    expect(await ask(statements.PROBE, 60)).toHaveLength(1);
    expect(await database.sql('select tag from auth_inval')).toEqual([{ tag: 'probe' }, { tag: 'probe' }]);
  });

  test('rows in the future, from before the clock was set back, delay neither the trim nor the next probe', async () => {
    await database.sql('delete from auth_inval');
    for (let n = 0; n < 4; n++) await append(`key:${n}`);
    await ask(statements.PROBE, 60);
    await database.sql(`update auth_inval set at = at + interval '2 hours'`);
    await append('key:new');
    expect(await ask(statements.PROBE, 60)).toHaveLength(1);
    const trim = async () => (await ask<{ deleted: number }>(statements.PURGE_LOG, 3_600_000, 3))[0]!.deleted;
    expect([await trim(), await trim(), await trim()]).toEqual([3, 2, 0]);
    expect(await database.sql('select tag from auth_inval order by seq')).toEqual([
      { tag: 'key:new' },
      { tag: 'probe' },
    ]);
  });

  test('only one replica at a time trims and probes', async () => {
    if (!database.url) return; // The embedded database has one connection, and so one replica.
    await database.sql('delete from auth_inval');
    await append('key:old');
    await database.sql(`update auth_inval set at = at - interval '2 hours'`);
    const em = database.fork();
    await em.begin();
    await em.execute('select pg_advisory_xact_lock(823640927)');
    expect(await ask(statements.PURGE_LOG, 3_600_000, 10)).toEqual([{ deleted: 0 }]);
    expect(await ask(statements.PROBE, 60)).toEqual([]);
    await em.rollback();
    expect(await ask(statements.PURGE_LOG, 3_600_000, 10)).toEqual([{ deleted: 1 }]);
  });

  test('a trim reads no more rows than its batch, however long the log is', async () => {
    await database.sql(
      `insert into auth_inval (seq, tag) select 1000000 + n, 'key:x' from generate_series(1, 20000) as n`,
    );
    const { text } = statements.PURGE_LOG;
    const explained = text.replace('$2::int', '5').replace('$1::float8', '1e9');
    const plan = JSON.stringify(await database.sql(`explain (analyze, format json) ${explained}`));
    const touched = [...plan.matchAll(/"Actual Rows":\s*([\d.]+)/g)].map(([, rows]) => Number(rows));
    expect(touched.length).toBeGreaterThan(0);
    expect(Math.max(...touched)).toBeLessThanOrEqual(5);
    await database.sql('delete from auth_inval');
  });
});
