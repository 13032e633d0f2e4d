// DATABASE_URL as a pooler in transaction mode: what is refused at the start, and that the settings of a session arrive.
import { randomBytes } from 'node:crypto';
import { IsolationLevel } from '@mikro-orm/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/database.ts';
import { modelOf } from '../../src/database/orm.ts';
import { checkConnections } from '../../src/database/pooler-check.ts';
import { sessionSettings } from '../../src/database/session-settings.ts';
import { features } from '../../src/features.ts';
import { ConfigError } from '../../src/kernel/config-error.ts';
import { MASTER_KEY, startTestApp } from '../support/app.ts';
import { runRekey } from '../support/command.ts';
import { HOSTILE, hostileDatabase } from '../support/hostile-database.ts';
import { silentLogger } from '../support/loggers.ts';
import { findPgBouncer, type PgBouncerOptions, startPgBouncer } from '../support/pgbouncer.ts';
import { databasesAt, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { until } from '../support/until.ts';

const serverUrl = inject('postgresUrl') as string;
const portOf = (url: string) => Number(new URL(url).port);

/** A URL of this database through a PgBouncer with these settings. It ends with the test. */
async function pooled(url: string, { settings, user }: Partial<PgBouncerOptions> = {}): Promise<string> {
  const pooler = await startPgBouncer({ port: portOf(url), settings, user });
  onTestFinished(() => pooler.destroy());
  return pooler.url(url);
}

/** A role whose sessions have every setting by default, so that a pooler that ignores them seems to keep them. */
async function roleWithSettings(): Promise<string> {
  const server = databasesAt(serverUrl);
  const role = `settled_${randomBytes(6).toString('hex')}`;
  await server.query(`create role ${role} login superuser`);
  for (const [name, value] of Object.entries(sessionSettings()))
    await server.query(`alter role ${role} set ${name} = ${name === 'search_path' ? value : `'${value}'`}`);
  onTestFinished(async () => {
    await until('no session of the role is left', async () => {
      await server.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [role]);
      return (await server.query('select from pg_stat_activity where usename = $1', [role])).length === 0;
    });
    await server.query(`drop role ${role}`);
  });
  return role;
}

const problemOf = (url: string, directUrl: string | null = null): Promise<string> =>
  checkConnections(url, directUrl).then(
    () => 'none',
    (error) => {
      if (error instanceof ConfigError) return error.problems.join('\n');
      throw error;
    },
  );

const IGNORES = { ignore_startup_parameters: 'options' };

describe.skipIf(!serverUrl || findPgBouncer() === null)('a pooler', { timeout: 180_000 }, () => {
  const REFUSED =
    /^DATABASE_URL leads to a connection pooler: .*\. Rekey must listen for revocations, hold leases and take locks on sessions of its own\. Set DATABASE_DIRECT_URL to the same database without the pooler\.$/;

  test('without a direct URL stops the start of the service and of the commands, and the reason is written', async () => {
    const url = await pooled(await migratedDatabase());
    await expect(startTestApp({ databaseUrl: url })).rejects.toThrow(/DATABASE_URL leads to a connection pooler/);
    const migrated = await runRekey(['migrate'], { env: { DATABASE_URL: url, REKEY_MASTER_KEY: MASTER_KEY } });
    expect(migrated.code).toBe(78);
    expect(migrated.stderr).toContain('Set DATABASE_DIRECT_URL');
  });

  test('is recognised because it rejects the settings of a session', async () => {
    const problem = await problemOf(await pooled(await migratedDatabase()));
    expect(problem).toMatch(REFUSED);
    expect(problem).toMatch(/it rejects the settings|does not have the settings/);
  });

  test('is recognised because it ignores the settings of a session, in session mode, too', async () => {
    for (const pool_mode of ['transaction', 'session']) {
      const problem = await problemOf(await pooled(await migratedDatabase(), { settings: { ...IGNORES, pool_mode } }));
      expect(problem).toMatch(REFUSED);
      expect(problem).toContain('does not have the settings of its start (');
    }
  });

  test.each([
    ['the latest session first', {}, 1],
    ['the latest of five sessions first', {}, 5],
    ['sessions in turn', { server_round_robin: '1' }, 1],
    ['two sessions in turn', { server_round_robin: '1' }, 2],
    ['five sessions in turn', { server_round_robin: '1' }, 5],
  ])('is recognised because connections share sessions: %s', async (_, settings, open) => {
    const user = await roleWithSettings();
    const url = await pooled(await migratedDatabase(), { user, settings: { ...IGNORES, ...settings } });
    // As many transactions at once make as many sessions.
    const others = Array.from({ length: open }, () => new pg.Client({ connectionString: url }));
    for (const other of others) await other.connect().then(() => other.query('begin'));
    for (const other of others) await other.query('commit').then(() => other.end());
    const problem = await problemOf(url);
    expect(problem).toMatch(REFUSED);
    expect(problem).toContain('two connections share their sessions');
  });

  test('that keeps sessions and their settings is no problem', async () => {
    const user = await roleWithSettings();
    const url = await pooled(await migratedDatabase(), { user, settings: { ...IGNORES, pool_mode: 'session' } });
    expect(await problemOf(url)).toBe('none');
  });

  test('must not be the direct URL', async () => {
    const database = await migratedDatabase();
    const url = await pooled(database);
    expect(await problemOf(url, url)).toMatch(
      /^DATABASE_DIRECT_URL leads to a connection pooler: .*PostgreSQL itself\.$/,
    );
    expect(await problemOf(url, database)).toBe('none');
  });

  test('must pool by transaction, not by statement', async () => {
    const database = await migratedDatabase();
    const url = await pooled(database, { settings: { pool_mode: 'statement' } });
    expect(await problemOf(url, database)).toMatch(/^DATABASE_URL leads to a pooler without transactions: /);
  });

  test('whose sessions are all in use answers late, and is not mistaken', async () => {
    const database = await migratedDatabase();
    const url = await pooled(database, { settings: { default_pool_size: '1' } });
    expect(await problemOf(url, database)).toBe('none');
  });
});

describe.skipIf(!serverUrl)('two URLs', { timeout: 180_000 }, () => {
  const DIFFERENT =
    'DATABASE_URL and DATABASE_DIRECT_URL lead to different databases. Both must lead to one database of one server.';

  test('of the same database are accepted, also without a pooler', async () => {
    const database = await migratedDatabase();
    expect(await problemOf(database, database)).toBe('none');
  });

  test('of two databases of one server are refused, before anything is written', async () => {
    const [one, other] = [await migratedDatabase(), await databasesAt(serverUrl).createDatabase()];
    expect(await problemOf(one, other)).toBe(DIFFERENT);
    const start = startTestApp({ databaseUrl: one, env: { DATABASE_DIRECT_URL: other } });
    await expect(start).rejects.toThrow(DIFFERENT);
    const tables = `select from pg_class where relnamespace = 'public'::regnamespace`;
    expect(await databasesAt(serverUrl).query(tables, [], new URL(other).pathname.slice(1))).toEqual([]);
  });

  test('of a database and its copy on another server are refused', async () => {
    const copy: PostgresServer = await startPostgres();
    onTestFinished(() => copy.destroy());
    const database = await migratedDatabase();
    const name = new URL(database).pathname.slice(1);
    expect(await problemOf(database, await copy.createDatabase(name))).toBe(DIFFERENT);
  });
});

describe.skipIf(!serverUrl || findPgBouncer() === null)('behind a pooler', { timeout: 180_000 }, () => {
  // What the server itself would do with a statement. Shorter timeouts would end the statement that sets them, or the
  // idle sessions of the pooler.
  const DEFAULTS = {
    ...{ ...HOSTILE, statement_timeout: '3s', lock_timeout: '1h', idle_in_transaction_session_timeout: '1h' },
    idle_session_timeout: '1h',
  };
  // The defaults of the next transaction mean nothing within one.
  const BETWEEN = /^default_transaction_|^idle_session_timeout$/;
  const { statement_timeout, lock_timeout, idle_in_transaction_session_timeout, ...settings } = sessionSettings();
  const expected = Object.fromEntries(Object.entries(settings).filter(([name]) => !BETWEEN.test(name)));
  const text = `select current_setting('transaction_isolation') as transaction_isolation,
    current_setting('transaction_read_only') as transaction_read_only,
    current_setting('transaction_deferrable') as transaction_deferrable,
    (select json_object_agg(name, current_setting(name)) from unnest(array[${Object.keys(sessionSettings())
      .filter((name) => !BETWEEN.test(name))
      .map((name) => `'${name}'`)}]) as name) as settings`;
  type Row = { settings: Record<string, string> } & Record<string, unknown>;

  let database: Database;
  let url: string;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const hostile = await hostileDatabase(serverUrl, 'role in database', DEFAULTS);
    const role = new URL(hostile.url).username;
    const pooler = await startPgBouncer({ port: portOf(serverUrl), user: role, settings: { default_pool_size: '3' } });
    url = pooler.url(hostile.url);
    database = await openDatabase({
      ...{ url, directUrl: hostile.url, dataDirectory: null, syncTimeoutMs: 10_000 },
      ...{ logger: silentLogger, model: modelOf(features), subscribers: [] },
    });
    close = async () => {
      await database.close();
      await pooler.destroy();
      await hostile.drop();
    };
    await database.checkConnections();
    await database.migrate();
  }, 180_000);
  afterAll(() => close?.());

  test.each(['reads', 'nonces', 'alone', 'in a transaction', 'of a revocation'] as const)(
    'every statement has all settings: %s',
    async (kind) => {
      for (let round = 0; round < 5; round++) {
        const em = kind === 'of a revocation' ? database.forkReserved() : database.fork();
        if (kind === 'in a transaction') await em.begin();
        const [row] =
          kind === 'reads' || kind === 'nonces'
            ? await database[kind].query<Row>({ name: 'settings', text })
            : await em.execute<Row[]>(text);
        if (kind === 'in a transaction') await em.commit();
        const timeout = kind === 'reads' || kind === 'nonces' ? ['1s', '1s', '0'] : ['4s', '2s', '2s'];
        expect(row).toEqual({
          transaction_isolation: 'read committed',
          transaction_read_only: 'off',
          transaction_deferrable: 'off',
          settings: {
            ...expected,
            ...{ statement_timeout: timeout[0], lock_timeout: timeout[1] },
            idle_in_transaction_session_timeout: timeout[2],
          },
        });
      }
    },
  );

  test('a transaction keeps the isolation level that it asks for', async () => {
    const levels = await database
      .fork()
      .transactional(async (em) => em.execute<Row[]>(text), { isolationLevel: IsolationLevel.REPEATABLE_READ });
    expect(levels[0]).toMatchObject({ transaction_isolation: 'repeatable read', transaction_read_only: 'off' });
  });

  test('no setting stays for the next client of the session', async () => {
    await Promise.all(Array.from({ length: 10 }, () => database.reads.query({ name: 'one', text: 'select 1' })));
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    onTestFinished(() => other.end());
    const { rows } = await other.query(`select current_setting('jit') as jit, current_setting('search_path') as path`);
    expect(rows).toEqual([{ jit: 'on', path: '""' }]);
  });

  test('a statement that fails leaves no transaction open and no connection busy', async () => {
    for (let round = 0; round < 20; round++) {
      await expect(database.reads.query({ name: 'fails', text: 'select 1 / 0' })).rejects.toThrow('division by zero');
      await expect(database.fork().execute('select 1 / 0')).rejects.toThrow('division by zero');
      expect(await database.reads.query({ name: 'works', text: 'select 1 as one' })).toEqual([{ one: 1 }]);
    }
    const [row] = await database.sync.query<{ open: number }>({
      name: 'open',
      text: `select count(*)::int as open from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'`,
    });
    expect(row).toEqual({ open: 0 });
  });

  test('a write by one statement is committed when it returns', async () => {
    const write = {
      name: 'write',
      text: 'insert into auth_write_check (at) values (now()) on conflict (one) do update set at = now() returning at',
    };
    const [written] = await database.nonces.query<{ at: Date }>(write);
    const read = { name: 'read', text: 'select at from auth_write_check' };
    expect(await database.sync.query(read)).toEqual([written]);
  });

  test('only the protocol itself goes past the pooler', async () => {
    expect(database.spare).toBe(database.sync);
    await Promise.all([
      ...[database.reads, database.nonces, database.sync, database.propagation].map((sql) =>
        sql.query({ name: 'one', text: 'select 1' }),
      ),
      ...[database.fork(), database.forkReserved()].map((em) => em.execute('select 1')),
      database.notifications.listen(() => undefined),
    ]);
    // The pooler opens three sessions at most, whatever asks for them. The others are direct.
    const rows = await database.sync.query<{ name: string }>({
      name: 'sessions',
      text: `select application_name as name from pg_stat_activity where datname = current_database() order by 1`,
    });
    const names = rows.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('rekey-'))).toEqual([
      'rekey-listen',
      'rekey-propagation',
      'rekey-sync',
    ]);
    expect(names.filter((name) => name === 'rekey').length).toBeLessThanOrEqual(3);
    await database.notifications.close();
  });
});

test.skipIf(!serverUrl)(
  'a replica opens no more connections than its variables say',
  { timeout: 180_000 },
  async () => {
    const env = {
      ...{ REKEY_CHANGE_CONNECTIONS: '3', REKEY_REVOCATION_CONNECTIONS: '2' },
      ...{ REKEY_READ_CONNECTIONS: '2', REKEY_NONCE_CONNECTIONS: '2' },
    };
    const app = await startTestApp({ databaseUrl: await migratedDatabase(), env });
    onTestFinished(() => app.close());
    const member = await app.member();
    const keys = await Promise.all(Array.from({ length: 20 }, () => app.apiKey(member)));
    const { database } = app.app;
    const one = { name: 'one', text: 'select 1' };
    const count = {
      name: 'connections',
      text: `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and application_name like 'rekey%'`,
    };
    // All wait for a lock, so each pool opens what it may.
    const holder = new pg.Client({ connectionString: app.app.config.databaseUrl! });
    await holder.connect();
    await holder.query('select pg_advisory_lock(1)');
    const wait = 'select pg_advisory_xact_lock(1)';
    const waiting = [
      ...Array.from({ length: 9 }, () => database.fork().execute(wait)),
      ...Array.from({ length: 6 }, () => database.forkReserved().execute(wait)),
      ...Array.from({ length: 6 }, () => database.reads.query({ name: 'wait', text: wait })),
      ...Array.from({ length: 6 }, () => database.nonces.query({ name: 'wait', text: wait })),
    ];
    const settled = Promise.allSettled(waiting); // Some wait for longer than a statement may take.
    await database.propagation.query(one);
    const counts: number[] = [];
    await until('the pools are full', async () => {
      counts.push((await database.sync.query<{ count: number }>(count))[0]!.count);
      return counts.at(-1)! >= 3 + 2 + 2 + 2 + 3; // The last three listen, sync and settle.
    });
    await holder.end();
    await settled;
    expect(Math.max(...counts)).toBe(12);
    // And the service works with them.
    for (const { secret } of keys) expect(await app.accepts(secret)).toBe(true);
    await Promise.all(keys.map(({ id }) => app.as(member).revokeApiKey({ apiKeyId: id }).expectSuccess()));
    for (const { secret } of keys) expect(await app.accepts(secret)).toBe(false);
  },
);
