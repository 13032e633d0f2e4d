// Each event gets its place in a hash chain after its commit: all events, in commit order, on any replica.
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { type Account, backends, startTestApp, type TestApp } from '../support/app.ts';
import { auditRows, verified } from '../support/audit.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';

const LINKS = `select l.chain, l.sequence::int as sequence, l.previous_hash, l.hash, l.event_id, e.position::int as position
  from audit_links l left join audit_events e on e.id = l.event_id order by l.chain, l.sequence`;
const insertOf = (id: string) => `insert into audit_events (id, type, occurred_at) values ('${id}', 'a test', now())`;

describe.each(backends())('the chains on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app.close());

  test('each workspace and the installation have a chain, in commit order, from 1', async () => {
    const workspaces = [await app.workspace(admin), await app.workspace(admin)];
    for (const workspaceId of workspaces) await app.apiKey(admin, { workspaceId });
    await app.app.audit.chain.chain();
    const links = await app.sql(LINKS);
    expect(links).toHaveLength((await auditRows(app)).length);
    for (const chain of ['*', ...workspaces]) {
      const own = links.filter((link) => link.chain === chain);
      expect(own.length).toBeGreaterThan(1);
      expect(own.map(({ sequence }) => sequence)).toEqual(own.map((_, index) => index + 1));
      expect(own.map(({ position }) => position)).toEqual(
        own.map(({ position }) => position).toSorted((a, b) => a - b),
      );
      expect(own.map(({ previous_hash }) => previous_hash)).toEqual(
        ['0'.repeat(64), ...own.map(({ hash }) => hash)].slice(0, -1),
      );
    }
    expect(await verified(app)).toMatchObject({ problemCount: 0, unchained: 0, erased: 0 });
  });

  test('an event is chained soon after its commit, without a reader', async () => {
    const key = await app.apiKey(admin);
    const chained = `select 1 from audit_links l join audit_events e on e.id = l.event_id where e.subject_id = ?`;
    await until('the event is chained', async () => (await app.sql(chained, [key.id])).length === 1);
  });

  test('a transaction that is rolled back leaves a gap, and the chain continues after it', async () => {
    const em = app.app.database.fork();
    await em.begin();
    await em.execute(insertOf('evt_gone'));
    await em.execute('set constraints all immediate');
    await em.rollback();
    const key = await app.apiKey(admin);
    await app.app.audit.chain.chain();
    const links = await app.sql(LINKS);
    const [event] = await auditRows(app, 'subject_id = ?', [key.id]);
    expect(links.map(({ event_id }) => event_id)).toContain(event.id);
    expect(await verified(app)).toMatchObject({ problemCount: 0 });
  });

  test('more events than fit into a batch are chained in one call', async () => {
    await app.sql(`insert into audit_events (id, type, occurred_at)
      select 'evt_many' || n, 'a test', now() from generate_series(1, 2500) as n`);
    await app.app.audit.chain.chain();
    const [{ count }] = await app.sql(`select count(*)::int as count from audit_links where event_id like 'evt_many%'`);
    expect(count).toBe(2500);
  });

  test('an address that an earlier release wrote is sealed when its event is chained', async () => {
    await app.sql(
      `insert into audit_events (id, type, occurred_at, ip_address) values ('evt_old', 'a test', now(), '192.0.2.7')`,
    );
    await app.app.audit.chain.chain();
    expect(await auditRows(app, `id = 'evt_old' and ip_address is null`)).toMatchObject([{ ip_address: '192.0.2.7' }]);
    expect(await verified(app)).toMatchObject({ problemCount: 0 });
  });

  test('no SQL of the service changes or deletes what was recorded', async () => {
    await app.app.audit.chain.chain();
    const [event] = await auditRows(app, `type = 'api-key.created'`);
    await app.app.audit.checkpoints.sign({ all: true });
    const refused = [
      `update audit_events set type = 'x' where id = '${event.id}'`,
      `update audit_events set data = '{}' where id = '${event.id}'`,
      `update audit_events set occurred_at = now() where id = '${event.id}'`,
      `update audit_events set ip_address_digest = null where id = '${event.id}'`,
      `update audit_events set user_agent_digest = 'x' where id = '${event.id}'`,
      `update audit_events set ip_address = '192.0.2.1' where id = '${event.id}'`,
      `delete from audit_events where id = '${event.id}'`,
      'truncate audit_events',
      `update audit_links set hash = 'x' where event_id = '${event.id}'`,
      `delete from audit_links where event_id = '${event.id}'`,
      `update audit_chains set sequence = 0`,
      `delete from audit_chains`,
      `update audit_checkpoints set signature = 'x'`,
      `delete from audit_checkpoints`,
      `update audit_keys set public_jwk = '{}'`,
      `delete from audit_keys`,
      ...['links', 'checkpoints', 'chains', 'keys', 'removals'].map((name) => `truncate audit_${name}`),
    ];
    for (const statement of refused) await expect(app.sql(statement), statement).rejects.toThrow(/never changes/);
    expect(await verified(app)).toMatchObject({ problemCount: 0 });
  });

  test('deleting a user erases addresses and user agents, and the chain stays valid', async () => {
    const member = await app.register();
    await app.apiKey(member);
    await app.sql(
      `insert into audit_events (id, type, occurred_at, subject_id, ip_address) values ('evt_about', 'a test', now(), ?, '192.0.2.8')`,
      [member.id],
    );
    await app.app.audit.chain.chain();
    const before = await auditRows(app, 'coalesce(actor_user_id, subject_id) = ?', [member.id]);
    expect(before.map(({ ip_address }) => ip_address)).toContain('192.0.2.8');
    expect(before.filter(({ user_agent }) => user_agent !== null).length).toBeGreaterThan(0);
    await app.as(admin).deleteUser({ userId: member.id }).expectSuccess();
    const after = await auditRows(app, 'coalesce(actor_user_id, subject_id) = ?', [member.id]);
    for (const row of after.filter(({ type }) => type !== 'account.deleted')) {
      expect(row).toMatchObject({ ip_address: null, user_agent: null, ip_address_sealed: null });
    }
    const result = await verified(app);
    expect(result).toMatchObject({ problemCount: 0 });
    expect(result.erased).toBeGreaterThan(2);
  });
});

describe.skipIf(inject('postgresUrl') === null)('the chains of several transactions and replicas', () => {
  const apps: TestApp[] = [];
  let databaseUrl: string;
  beforeAll(async () => {
    databaseUrl = await migratedDatabase();
    for (const _ of [1, 2]) apps.push(await startTestApp({ databaseUrl }));
  });
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  test('a transaction with a low position that commits late keeps its place', async () => {
    const [app] = apps as [TestApp];
    await app.app.audit.chain.chain();
    const slow = new pg.Client({ connectionString: databaseUrl });
    await slow.connect();
    onTestFinished(() => slow.end());
    await slow.query('begin');
    await slow.query(insertOf('evt_slow'));
    await slow.query('set constraints all immediate'); // Takes its position, as at a commit that takes long.
    await app.sql(insertOf('evt_quick'));
    const look = vi.spyOn(app.app.database.reads, 'query');
    const chained = app.app.audit.chain.chain();
    // The chain has seen the gap, and looks again.
    await until(
      'the chain waits',
      async () => look.mock.calls.filter(([{ name }]) => name === 'audit-writers').length > 1,
    );
    const chain = async () =>
      (await app.sql(LINKS)).map(({ event_id }) => event_id).filter((id) => /slow|quick/.test(id));
    expect(await chain()).toEqual([]);
    await slow.query('commit');
    await chained;
    expect(await chain()).toEqual(['evt_slow', 'evt_quick']);
  });

  test('a reader gets 503 and no part of the log while a transaction holds an earlier position', async () => {
    const [app] = apps as [TestApp];
    const slow = new pg.Client({ connectionString: databaseUrl });
    await slow.connect();
    onTestFinished(() => slow.end());
    await slow.query('begin');
    await slow.query(insertOf('evt_hung'));
    await slow.query('set constraints all immediate');
    await app.sql(insertOf('evt_behind'));
    await expect(app.app.audit.chain.upToDate()).rejects.toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
    await app.apiKey(await app.admin()); // Mutations still succeed.
    await slow.query('rollback');
    await app.app.audit.chain.upToDate();
    expect((await app.sql(LINKS)).map(({ event_id }) => event_id)).toContain('evt_behind');
  });

  test('a gap that its own transaction fills is passed, while another transaction has an event without a position', async () => {
    const [app] = apps as [TestApp];
    const [slow, slower] = [1, 2].map(() => new pg.Client({ connectionString: databaseUrl })) as [pg.Client, pg.Client];
    for (const [client, id] of [
      [slow, 'evt_first'],
      [slower, 'evt_last'],
    ] as const) {
      await client.connect();
      onTestFinished(() => client.end());
      await client.query('begin');
      await client.query(insertOf(id));
    }
    await slow.query('set constraints all immediate');
    await app.sql(insertOf('evt_second'));
    const chained = app.app.audit.chain.chain();
    await slow.query('commit');
    await chained;
    const ids = async () =>
      (await app.sql(LINKS)).map(({ event_id }) => event_id).filter((id) => /first|second|last/.test(id));
    expect(await ids()).toEqual(['evt_first', 'evt_second']);
    await slower.query('commit');
    await app.app.audit.chain.chain();
    expect(await ids()).toEqual(['evt_first', 'evt_second', 'evt_last']);
  });

  test('a long transaction that records no event delays no reader, also after a gap that stays', async () => {
    const [app] = apps as [TestApp];
    const long = new pg.Client({ connectionString: databaseUrl });
    await long.connect();
    onTestFinished(() => long.end());
    await long.query('begin isolation level repeatable read');
    await long.query('select pg_current_xact_id(), count(*) from audit_events');
    const em = app.app.database.fork();
    await em.begin();
    await em.execute(insertOf('evt_lost'));
    await em.execute('set constraints all immediate');
    await em.rollback();
    await app.sql(insertOf('evt_found'));
    await app.app.audit.chain.upToDate();
    expect((await app.sql(LINKS)).map(({ event_id }) => event_id)).toContain('evt_found');
  });

  test('a prepared transaction keeps its place, also if no connection holds it', async () => {
    const [app] = apps as [TestApp];
    const [{ max }] = await app.sql(`select current_setting('max_prepared_transactions')::int as max`);
    expect(max).toBeGreaterThan(0);
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('begin');
    await client.query(insertOf('evt_prepared'));
    await client.query('set constraints all immediate');
    await client.query(`prepare transaction 'audit'`);
    await client.end();
    await app.sql(insertOf('evt_after'));
    await expect(app.app.audit.chain.upToDate()).rejects.toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
    await app.sql(`commit prepared 'audit'`);
    await app.app.audit.chain.upToDate();
    const ids = (await app.sql(LINKS)).map(({ event_id }) => event_id);
    expect(ids.filter((id) => /prepared|after/.test(id))).toEqual(['evt_prepared', 'evt_after']);
  });

  test('two replicas that record and chain at once make one chain', async () => {
    const [one, two] = apps as [TestApp, TestApp];
    const admin = await one.admin();
    const workspaceId = await one.workspace(admin);
    await Promise.all(
      times(10, async (index) => {
        const app = index % 2 === 0 ? one : two;
        await app.apiKey(admin, index % 3 === 0 ? { workspaceId } : {});
        await Promise.all([one.app.audit.chain.chain(), two.app.audit.chain.chain()]);
      }),
    );
    const result = await verified(one);
    expect(result).toMatchObject({ problems: [], problemCount: 0, unchained: 0 });
    expect(result.events).toBe((await auditRows(one)).length);
  });
});
