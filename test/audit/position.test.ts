// The position of an audit event follows the order of commits, however its row is inserted.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { AuditEvent } from '../../src/audit/audit-event.entity.ts';
import { backends, fill, openTestDatabase, type TestDatabase } from '../revocation/support/databases.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { SEALED } from '../support/constants.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { until } from '../support/until.ts';

const MIGRATION = '20261130000000-audit-data';
const insertOf = (...ids: string[]) =>
  `insert into audit_events (id, type, occurred_at)
    select id, 'a test', now() from unnest(array['${ids.join("', '")}']) as id`;

describe.each(backends())('positions on $name', ({ open }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database?.close());

  /** The ids of the events after a position, in the order of their positions. */
  const idsAfter = async (position: number) => {
    const rows = await database.sql<{ id: string }>(
      'select id from audit_events where position > $1::bigint order by position',
      [position],
    );
    return rows.map(({ id }) => id);
  };
  const last = async () => {
    const [row] = await database.sql<{ last: number }>(
      'select coalesce(max(position), 0)::float8 as last from audit_events',
    );
    return row!.last;
  };
  const unset = () => database.sql('select id from audit_events where position is null');

  test('an event gets its position at the commit, after events that were inserted later', async () => {
    const before = await last();
    const em = database.fork();
    await em.begin();
    await em.execute(insertOf('evt_last'));
    await em.execute('savepoint before');
    await em.execute(insertOf('evt_first'));
    await em.execute('rollback to savepoint before');
    await em.execute(insertOf('evt_first'));
    expect(await em.execute(`select position from audit_events where id like 'evt_%st'`)).toEqual([
      { position: null },
      { position: null },
    ]);
    await em.commit();
    await database.sql(insertOf('evt_of another statement'));
    expect(await idsAfter(before)).toEqual(['evt_last', 'evt_first', 'evt_of another statement']);
    expect(await unset()).toEqual([]);
  });

  test('a position that a statement gives is replaced', async () => {
    const before = await last();
    await database.sql(`insert into audit_events (id, type, occurred_at, position)
      values ('evt_low', 'a test', now(), -1), ('evt_high', 'a test', now(), 1000000)`);
    await database.sql(insertOf('evt_after'));
    expect(await idsAfter(before)).toEqual(['evt_low', 'evt_high', 'evt_after']);
    expect(await last()).toBeLessThan(1000000);
  });

  test('an event that is rolled back, all of it or to a savepoint, has no position and no row', async () => {
    const before = await last();
    const em = database.fork();
    await em.begin();
    await em.execute(insertOf('evt_kept'));
    await em.execute('savepoint half');
    await em.execute(insertOf('evt_half'));
    await em.execute('rollback to savepoint half');
    await em.commit();
    await em.begin();
    await em.execute(insertOf('evt_gone'));
    await em.execute('set constraints all immediate');
    await em.rollback();
    await database.sql(insertOf('evt_next'));
    expect(await idsAfter(before)).toEqual(['evt_kept', 'evt_next']);
  });

  test('an event gets a position with another search path, and with session_replication_role = replica', async () => {
    const before = await last();
    for (const [id, setting] of [
      ['evt_path', `search_path = ''`],
      ['evt_replay', 'session_replication_role = replica'],
    ]) {
      const em = database.fork();
      await em.begin();
      await em.execute(`set local ${setting}`);
      await em.execute(insertOf(id!).replace('audit_events', 'public.audit_events'));
      await em.commit();
    }
    expect(await idsAfter(before)).toEqual(['evt_path', 'evt_replay']);
  });

  test('the entity reads the position and never writes it', async () => {
    await database.sql(insertOf('evt_of an entity'));
    const em = database.fork();
    const event = await em.findOneOrFail(AuditEvent, { id: 'evt_of an entity' });
    const position = await last();
    expect(event).toMatchObject({ data: {}, position });
    Object.assign(event, { position: 7, ipAddressSealed: SEALED });
    await em.flush();
    const reread = await database.fork().findOneOrFail(AuditEvent, { id: 'evt_of an entity' });
    expect(reread).toMatchObject({ position, ipAddressSealed: SEALED });
    const newest = await database.fork().find(AuditEvent, {}, { orderBy: { position: 'desc' }, limit: 1 });
    expect(newest.map(({ id }) => id)).toEqual(['evt_of an entity']);
  });

  test('the migration numbers earlier events by time, then by id, and later events follow', async () => {
    for (const trigger of ['first', 'second']) {
      await database.sql(`drop trigger audit_events_position_${trigger} on audit_events`);
    }
    await database.sql('drop function audit_set_position');
    await database.sql('drop trigger audit_events_keep_update on audit_events');
    await database.sql('drop trigger audit_events_keep_delete on audit_events');
    await database.sql('alter table audit_events drop column data, drop column position');
    await database.sql('delete from audit_events');
    await database.sql('delete from rekey_migrations where name = $1', [MIGRATION]);
    await database.sql(`insert into audit_events (id, type, occurred_at) values
      ('evt_c', 'a test', '2026-01-02'), ('evt_b', 'a test', '2026-01-01'), ('evt_a', 'a test', '2026-01-02')`);
    await database.migrate();
    await database.sql(insertOf('evt_0'));
    const rows = await database.sql('select id, position::int as position, data from audit_events order by position');
    expect(rows).toEqual(
      ['evt_b', 'evt_a', 'evt_c', 'evt_0'].map((id, index) => ({ id, position: index + 1, data: {} })),
    );
  });
});

describe.skipIf(inject('postgresUrl') === null)('positions of transactions at the same time', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(await migratedDatabase());
    await fill(database);
  });
  afterAll(() => database?.close());

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database.url as string });
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  }
  const order = async (...ids: string[]) => {
    const text = 'select id from audit_events where id = any($1::text[]) order by position';
    return (await database.sql<{ id: string }>(text, [ids])).map(({ id }) => id);
  };
  const waiting = (pid: number) =>
    until('it waits for a lock', async () => {
      const sql = `select 1 from pg_stat_activity where pid = $1::int and wait_event_type = 'Lock'`;
      return (await database.sql(sql, [pid])).length > 0;
    });
  const pidOf = async (client: pg.Client) => (await client.query('select pg_backend_pid() as pid')).rows[0].pid;

  test('of two transactions, the one that inserts first and commits last has the higher position', async () => {
    const [early, late] = [await connect(), await connect()];
    await early.query('begin');
    await early.query(insertOf('evt_early'));
    await late.query(insertOf('evt_late'));
    await early.query('commit');
    expect(await order('evt_early', 'evt_late')).toEqual(['evt_late', 'evt_early']);
  });

  test('a transaction that waits for a lock of another one has the higher position, although it inserted first', async () => {
    const [holder, waiter] = [await connect(), await connect()];
    await holder.query('begin');
    await holder.query(`update api_keys set name = 'held' where id = 'key_one'`);
    await waiter.query('begin');
    await waiter.query(insertOf('evt_waiter'));
    const pid = await pidOf(waiter);
    const waited = waiter.query(`update api_keys set name = 'waited' where id = 'key_one'`);
    await waiting(pid);
    await holder.query(insertOf('evt_holder'));
    await holder.query('commit');
    await waited;
    await waiter.query('commit');
    expect(await order('evt_holder', 'evt_waiter')).toEqual(['evt_holder', 'evt_waiter']);
  });

  test('a revocation that waits for the invalidation log has the higher position than the one it waits for', async () => {
    const [holder, waiter] = [await connect(), await connect()];
    await holder.query('begin');
    await holder.query(`update users set role = 'ADMIN' where id = 'usr_one'`);
    await holder.query('set constraints all immediate'); // Holds the lock of the log.
    await waiter.query('begin');
    await waiter.query(insertOf('evt_second in the log'));
    await waiter.query(`update users set role = 'ADMIN' where id = 'usr_two'`);
    const pid = await pidOf(waiter);
    const committed = waiter.query('commit');
    await waiting(pid);
    await holder.query('set constraints all deferred');
    await holder.query(insertOf('evt_first in the log'));
    await holder.query('commit');
    await committed;
    const ids = ['evt_first in the log', 'evt_second in the log'];
    expect(await order(...ids)).toEqual(ids);
  });

  test('an event that is not committed delays no other transaction', async () => {
    const [slow, other] = [await connect(), await connect()];
    await slow.query('begin');
    await slow.query(insertOf('evt_slow'));
    await slow.query('set constraints all immediate'); // Holds its position, as at a commit that takes long.
    await other.query(`set lock_timeout = '1ms'`);
    for (const id of ['evt_quick', 'evt_quicker']) await other.query(insertOf(id));
    await slow.query('rollback');
    expect(await order('evt_quick', 'evt_quicker', 'evt_slow')).toEqual(['evt_quick', 'evt_quicker']);
  });

  test('a reader that handles gaps as the migration describes misses no event', async () => {
    const [slow, quick, reader] = [await connect(), await connect(), await connect()];
    const positionOf = async (id: string) =>
      Number((await reader.query('select position from audit_events where id = $1', [id])).rows[0].position);
    await reader.query(insertOf('evt_read'));
    const read = await positionOf('evt_read');
    const gaps = async () => {
      const visible = await reader.query('select position from audit_events where position > $1 order by position', [
        read,
      ]);
      const positions = visible.rows.map(({ position }) => Number(position) - read);
      return Array.from({ length: positions.at(-1) ?? 0 }, (_, i) => i + 1).filter((each) => !positions.includes(each));
    };
    const isFinal = async (number: string) =>
      (await reader.query('select pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 as final', [number])).rows[0]
        .final;

    // The transaction with the gap has the higher number of the two: no snapshot of a reader names it as running.
    await quick.query('begin');
    await quick.query('select pg_current_xact_id()');
    await slow.query('begin');
    await slow.query(insertOf('evt_behind'));
    await slow.query('set constraints all immediate');
    await quick.query(insertOf('evt_ahead'));
    await quick.query('commit');
    expect(await gaps()).toEqual([1]);
    const [{ number }] = (await reader.query('select pg_current_xact_id()::text as number')).rows;
    expect(await isFinal(number)).toBe(false);
    await slow.query('commit');
    await until('every transaction from before has ended', () => isFinal(number));
    expect(await gaps()).toEqual([]);

    await slow.query('begin');
    await slow.query(insertOf('evt_never'));
    await slow.query('set constraints all immediate');
    await quick.query(insertOf('evt_after the gap'));
    await slow.query('rollback');
    const [{ later }] = (await reader.query('select pg_current_xact_id()::text as later')).rows;
    await until('every transaction from before has ended', () => isFinal(later));
    expect(await gaps()).toEqual([3]);
  });
});

describe.skipIf(inject('postgresUrl') === null)('positions of concurrent changes on two replicas', () => {
  const apps: TestApp[] = [];
  beforeAll(async () => {
    const databaseUrl = await migratedDatabase();
    for (const _ of [1, 2]) apps.push(await startTestApp({ databaseUrl }));
  });
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  test('the events of one user alternate between disabled and enabled, in whatever order the requests arrive', async () => {
    const [app] = apps as [TestApp];
    const [admin, member] = [await app.admin(), await app.member()];
    for (const _ of [1, 2, 3, 4, 5]) {
      const requests = Array.from({ length: 8 }, (_, i) =>
        apps[i % 2]!.as(admin)[i % 4 < 2 ? 'disableUser' : 'enableUser']({ userId: member.id }).answer(),
      );
      await Promise.all(requests); // On a slow machine, some get an error and change nothing.
    }
    const rows = await app.sql(
      `select type from audit_events where subject_id = ? and type like 'account.%abled' order by position`,
      [member.id],
    );
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.map(({ type }) => type)).toEqual(
      rows.map((_, i) => (i % 2 === 0 ? 'account.disabled' : 'account.enabled')),
    );
  });
});
