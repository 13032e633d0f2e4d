import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databasesAt, findPostgres, type PostgresServer, startPostgres } from './postgres.ts';

describe.skipIf(inject('postgresUrl') === null)('the shared PostgreSQL server', () => {
  const databases = databasesAt(inject('postgresUrl') ?? '');

  test('is not on the standard port, is 15 or newer, and commits as in production', async () => {
    expect(new URL(databases.url()).port).not.toBe('5432');
    const [row] = await databases.query<{ version: number; commit: string }>(
      `select current_setting('server_version_num')::int as version, current_setting('synchronous_commit') as commit`,
    );
    expect(row?.version).toBeGreaterThanOrEqual(150_000);
    expect(row?.commit).toBe('on');
  });

  test('copies a database from a template, and drops it while a client is connected', async () => {
    const template = `template_${process.pid}`;
    await databases.createDatabase(template);
    await databases.query('create table kept as select $1::text as word', ['yes'], template);
    const url = await databases.createDatabase(undefined, template);
    const name = new URL(url).pathname.slice(1);
    expect(await databases.query('select word from kept', [], name)).toEqual([{ word: 'yes' }]);
    const sleeping = databases.query('select pg_sleep(30)', [], name).catch(() => 'terminated');
    await expect
      .poll(() => databases.query('select 1 from pg_stat_activity where datname = $1', [name]))
      .not.toHaveLength(0);
    await databases.dropDatabase(name);
    expect(await sleeping).toBe('terminated');
    await databases.dropDatabase(template);
  });
});

describe.skipIf(findPostgres() === null || process.env.REKEY_TEST_SERVERS === 'none')('a separate server', () => {
  let server: PostgresServer;
  let directory: string;

  beforeAll(async () => {
    server = await startPostgres({ settings: { work_mem: '5MB' } });
    await server.query('create table kept (word text)');
    const [row] = await server.query<{ directory: string }>(`select current_setting('data_directory') as directory`);
    directory = row!.directory;
  });
  afterAll(() => server?.destroy());

  test('has the settings of the call', async () => {
    expect(await server.query('show work_mem')).toEqual([{ work_mem: '5MB' }]);
  });

  test.each(['fast', 'immediate'] as const)('keeps its data and port over a stop (%s) and a start', async (mode) => {
    const url = server.url();
    await server.query('insert into kept values ($1)', [mode]);
    await server.stop(mode);
    await expect(server.query('select 1')).rejects.toThrow('ECONNREFUSED');
    await server.start();
    expect(server.url()).toBe(url);
    expect(await server.query('select word from kept where word = $1', [mode])).toHaveLength(1);
  });

  test('accepts connections and answers no query while it is paused, and answers all of them after it is resumed', async () => {
    const answers: string[] = [];
    const old = server.query('select pg_sleep(0.3)').then(() => answers.push('old'));
    await expect
      .poll(() => server.query(`select 1 from pg_stat_activity where query like 'select pg_sleep%'`))
      .not.toHaveLength(0);
    server.pause();
    const fresh = server.query('select 1').then(() => answers.push('fresh'));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(answers).toEqual([]);
    server.resume();
    await Promise.all([old, fresh]);
    expect(answers.toSorted()).toEqual(['fresh', 'old']);
  });

  test('leaves no files if it is destroyed while it is paused', async () => {
    const parent = directory.replace(/\/data$/, '');
    server.pause();
    await server.destroy();
    expect(existsSync(parent)).toBe(false);
    expect(readdirSync(parent.replace(/\/[^/]+$/, ''))).not.toContain(parent.split('/').at(-1));
  });
});
