import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { backends, type TestApp } from '../support/app.ts';

describe.each(backends().filter(({ name }) => name.startsWith('PostgreSQL')))('migrating $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  test('has no time limit, even while it waits for a lock', async () => {
    const other = new pg.Client({ connectionString: app.app.config.databaseUrl as string });
    await other.connect();
    onTestFinished(() => other.end());
    await other.query('begin');
    await other.query('lock table rekey_migrations in access exclusive mode');
    const migrated = app.app.database.migrate().then(
      () => 'migrated',
      (error) => error,
    );
    const locked = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(() => app.sql(locked), { timeout: 30_000 }).toHaveLength(1);
    // Two requests, one after the other, start to wait later and time out earlier.
    for (const request of ['first', 'second']) {
      const waited = app.sql(`select '${request}' from rekey_migrations`);
      await expect(waited).rejects.toThrow(/timeout/);
    }
    await other.query('rollback');
    expect(await migrated).toBe('migrated');
  });
});

describe.each(backends())('a schema of a later version, on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());
  const warning = 'a later version has migrated the schema';

  test('is used with a warning that names its migrations', async () => {
    await app.app.database.migrate();
    expect(app.log.filter((line) => line.includes(warning))).toEqual([]);
    await app.sql(`insert into rekey_migrations (name) values ('29991231000000-later')`);
    await app.app.database.migrate();
    expect(app.log.filter((line) => line.includes(warning))).toEqual([
      expect.stringContaining('"migrations":["29991231000000-later"]'),
    ]);
    await app.app.database.requireCurrentSchema();
  });
});
