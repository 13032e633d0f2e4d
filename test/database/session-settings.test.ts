// The service sets every setting that it relies on, and never takes defaults of a server, role or database.
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { modelOf } from '../../src/database/orm.ts';
import { addressIn, sessionSettings } from '../../src/database/session-settings.ts';
import { features } from '../../src/features.ts';
import type { TestDatabase } from '../revocation/support/databases.ts';
import { startTestApp } from '../support/app.ts';
import { HOSTILE, type HostileDatabase, hostileDatabase } from '../support/hostile-database.ts';
import { silentLogger } from '../support/loggers.ts';
import { databasesAt } from '../support/postgres.ts';
import { startProxy } from '../support/proxy.ts';
import { emptyDirectory } from '../support/server-process.ts';
import { jtiOf } from '../support/sessions.ts';
import { until } from '../support/until.ts';

const model = modelOf(features);

describe('a connection URL keeps only the parameters that locate the server', () => {
  test.each([
    ['postgres://u:p@h:1/d', 'postgres://u:p@h:1/d'],
    ['postgres://h/d?options=-csearch_path%3Devil', 'postgres://h/d'],
    ['postgres://h/d?sslmode=verify-full&options=-cDateStyle%3DGerman', 'postgres://h/d?sslmode=verify-full'],
    ['postgres://h/d?statement_timeout=1&lock_timeout=1&query_timeout=1', 'postgres://h/d'],
    ['postgres://h/d?replication=database&binary=true&client_encoding=LATIN1&schema=other', 'postgres://h/d'],
    ['postgres://u@/d?host=%2Frun%2Fpostgresql&port=5433', 'postgres://u@/d?host=%2Frun%2Fpostgresql&port=5433'],
    ['postgres://h/d?OPTIONS=x&sslrootcert=%2Fa%20b#?options=-cjit%3Don', 'postgres://h/d?sslrootcert=%2Fa+b'],
    ['postgres://u:a%3Fb@h/d', 'postgres://u:a%3Fb@h/d'],
  ])('%s', (url, address) => {
    expect(addressIn(url)).toBe(address);
  });
});

type Kind = 'reads' | 'sync' | 'propagation' | 'unit of work' | 'transaction';

/** The settings of every kind of session that can be queried. */
async function settingsOf(database: Omit<TestDatabase, 'sql' | 'tagsOf' | 'url'>) {
  const text = 'select name, current_setting(name) as value from json_array_elements_text($1::json) as given (name)';
  const names = JSON.stringify(['transaction_isolation', 'transaction_read_only', ...Object.keys(sessionSettings())]);
  type Row = { name: string; value: string };
  const em = database.fork();
  const ofUnit = () => em.execute<Row[]>(text.replace('$1', '?'), [names]);
  const unit = await ofUnit();
  await em.begin();
  const transaction = await ofUnit();
  await em.rollback();
  const rows: Record<Kind, Row[]> = {
    reads: await database.reads.query<Row>({ name: 'settings', text }, [names]),
    sync: await database.sync.query<Row>({ name: 'settings', text }, [names]),
    propagation: await database.propagation.query<Row>({ name: 'settings', text }, [names]),
    'unit of work': unit,
    transaction,
  };
  return Object.entries(rows).map(
    ([kind, list]) => [kind, Object.fromEntries(list.map(({ name, value }) => [name, value]))] as const,
  );
}

/** The same as the server reports it. Timeouts depend on the kind of the connection. */
const { statement_timeout, lock_timeout, idle_in_transaction_session_timeout, ...SETTINGS } = sessionSettings();
const expected = { transaction_isolation: 'read committed', transaction_read_only: 'off', ...SETTINGS };
const TIMEOUTS: Record<Kind, [statement: string, lock: string, idle: string]> = {
  reads: ['1s', '1s', '0'],
  sync: ['0', '0', '0'],
  propagation: ['0', '0', '0'],
  'unit of work': ['4s', '2s', '2s'],
  transaction: ['4s', '2s', '2s'],
};

const WHERE = ['database', 'role', 'role in database', 'url'] as const;

describe.skipIf(inject('postgresUrl') === null).each(WHERE)('hostile defaults of the %s', (where) => {
  let hostile: HostileDatabase;
  beforeAll(async () => {
    hostile = await hostileDatabase(inject('postgresUrl') as string, where);
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => hostile?.drop());

  test('and of the environment change no setting of any session', async () => {
    for (const name of ['PGOPTIONS', 'PGDATESTYLE', 'PGTZ', 'PGCLIENTENCODING', 'PGAPPNAME'])
      vi.stubEnv(name, name === 'PGOPTIONS' ? '-c search_path=decoy -c statement_timeout=1' : 'German');
    const options = { dataDirectory: null, syncTimeoutMs: 500, logger: silentLogger, model, subscribers: [] };
    const database = await openDatabase({ url: hostile.url, ...options });
    onTestFinished(() => database.close());
    await database.migrate();
    for (const [kind, settings] of await settingsOf(database)) {
      const [statement, lock, idle] = TIMEOUTS[kind as Kind];
      expect({ kind, ...settings }).toEqual({
        kind,
        ...expected,
        statement_timeout: statement,
        lock_timeout: lock,
        idle_in_transaction_session_timeout: idle,
      });
    }
  });

  test('affect no kind of connection: each is opened with all settings', async () => {
    const { hostname: host, port } = new URL(hostile.url);
    const proxy = await startProxy({ host, port: Number(port) });
    onTestFinished(() => proxy.close());
    const opened = new Map<string, string[]>();
    // Inspects each chunk and delays none.
    void proxy.holdRepliesWhen((chunk, direction) => {
      const packet = direction === 'request' ? startUpPacketIn(chunk) : null;
      if (packet)
        opened.set(packet.application_name!, [...(opened.get(packet.application_name!) ?? []), packet.options!]);
      return false;
    });
    const app = await startTestApp({ databaseUrl: proxy.url(hostile.url) });
    onTestFinished(() => app.close());
    const member = await app.member();
    expect(await app.accepts((await app.apiKey(member)).secret)).toBe(true);
    await app.mutate('revokeAccessToken', { jti: jtiOf(member.accessToken) }, '', { bearer: member.accessToken });
    await until('every kind was opened', () => opened.size >= 5);
    const kinds = ['rekey', 'rekey-listen', 'rekey-migrate', 'rekey-propagation', 'rekey-sync'];
    expect([...opened.keys()]).toEqual(expect.arrayContaining(kinds));
    for (const [kind, packets] of opened) {
      for (const packet of packets) {
        const set = packet?.match(/-c \w+=/g)?.map((each) => each.slice(3, -1));
        expect(set, kind).toEqual(Object.keys(sessionSettings()));
      }
    }
  });
});

test.skipIf(inject('postgresUrl') === null)('TLS parameters of the URL apply to every connection', async () => {
  const url = `${inject('postgresUrl')}?sslmode=require`; // That server does not support TLS.
  const database = await openDatabase({
    url,
    dataDirectory: null,
    syncTimeoutMs: 500,
    logger: silentLogger,
    model,
    subscribers: [],
  });
  onTestFinished(() => database.close());
  const one = { name: 'one', text: 'select 1' };
  for (const ask of [
    () => database.reads.query(one),
    () => database.sync.query(one),
    () => database.propagation.query(one),
    () => database.fork().execute('select 1'),
    () => database.migrate(),
  ]) {
    await expect(ask()).rejects.toThrow('The server does not support SSL connections');
  }
});

test.skipIf(inject('postgresUrl') === null)('every connection uses the Unix socket in the URL', async () => {
  const servers = databasesAt(inject('postgresUrl') as string);
  const { hostname, port, pathname } = new URL(await servers.createDatabase());
  expect(hostname).toBe('127.0.0.1');
  const [socket] = await servers.query<{ folder: string }>(
    `select current_setting('unix_socket_directories') as folder`,
  );
  const folder = encodeURIComponent(socket!.folder);
  const app = await startTestApp({
    databaseUrl: `postgresql://${pathname}?host=${folder}&port=${port}&user=postgres`,
  });
  onTestFinished(() => app.close());
  const { secret } = await app.apiKey(await app.member());
  expect(await app.accepts(secret)).toBe(true);
  const connections =
    await app.sql(`select distinct client_addr from pg_stat_activity where datname = current_database()
    and application_name like 'rekey%'`);
  expect(connections).toEqual([{ client_addr: null }]);
});

test('the hostile defaults cover every setting', () => {
  expect(Object.keys(sessionSettings()).filter((name) => !(name in HOSTILE))).toEqual([]);
});

test('the embedded database has the same settings, even if its directory has other defaults', {
  timeout: 180_000,
}, async () => {
  const options = {
    url: null,
    dataDirectory: emptyDirectory(),
    syncTimeoutMs: 500,
    logger: silentLogger,
    model,
    subscribers: [],
  };
  const first = await openDatabase(options);
  await first.migrate();
  const em = first.fork();
  for (const [name, value] of Object.entries(HOSTILE)) {
    if (!name.endsWith('timeout')) await em.execute(`alter database postgres set ${name} = '${value}'`);
  }
  await first.close();
  const second = await openDatabase(options);
  onTestFinished(() => second.close());
  for (const [kind, settings] of await settingsOf(second)) {
    const none = { statement_timeout: '0', lock_timeout: '0', idle_in_transaction_session_timeout: '0' };
    expect({ kind, ...settings }).toEqual({ kind, ...expected, ...none });
  }
});

test('every function of the schema sets its search path', async () => {
  const app = await startTestApp();
  onTestFinished(() => app.close());
  const functions = await app.sql(
    `select proname as name, proconfig as config from pg_proc p where pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') -- those of extensions
      order by proname`,
  );
  expect(functions.map(({ name }) => name)).toContain('auth_invalidate');
  for (const { name, config } of functions) expect([name, config]).toEqual([name, ['search_path=public, pg_temp']]);
});

/** The parameters of a connection, if this chunk opens one. */
function startUpPacketIn(chunk: Buffer): Record<string, string> | null {
  const VERSION_3 = 0x00030000;
  if (chunk.length < 8 || chunk.readUInt32BE(0) !== chunk.length || chunk.readUInt32BE(4) !== VERSION_3) return null;
  const words = chunk.subarray(8).toString('utf8').split('\0');
  const pairs: Record<string, string> = {};
  for (let at = 0; at + 1 < words.length && words[at] !== ''; at += 2) pairs[words[at]!] = words[at + 1]!;
  return pairs;
}
