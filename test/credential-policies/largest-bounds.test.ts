// Policies of an earlier commit, which had no largest bound.
import type { Configuration } from '@mikro-orm/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Migration20261213000000 } from '../../src/credential-policies/migrations/20261213000000-largest-bounds.ts';
import { backends, type TestApp } from '../support/app.ts';

const LARGEST = 2_147_483_647;
const TEN_YEARS = 315_360_000;

describe.each(backends())('bounds that are too large, on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  test('become ten years, in the policies in force and in the former ones', async () => {
    const owner = await app.member();
    const workspaceId = await app.workspace(owner);
    const em = app.app.database.fork();
    const migration = new Migration20261213000000(em.getDriver() as never, em.config as Configuration as never);
    await em.transactional(async (transaction) => {
      await migration.down();
      for (const query of migration.getQueries()) await transaction.execute(String(query));
    });
    migration.reset();
    for (const seconds of [LARGEST, LARGEST - 1])
      await app.sql(
        `insert into credential_policies (subject, workspace_id, maximum_lifetime_seconds, idle_seconds) values (?, ?, ?, ?)
          on conflict (subject) do update set idle_seconds = excluded.idle_seconds`,
        [workspaceId, workspaceId, seconds, seconds],
      );
    await em.transactional(async (transaction) => {
      await migration.up();
      for (const query of migration.getQueries()) await transaction.execute(String(query));
    });
    const bounds = { maximum_lifetime_seconds: TEN_YEARS, idle_seconds: TEN_YEARS };
    for (const table of ['credential_policies', 'former_credential_policies']) {
      const read = `select maximum_lifetime_seconds, idle_seconds from ${table} where subject = ?`;
      expect((await app.sql(read, [workspaceId])).at(0), table).toEqual(bounds);
    }
    const key = await app.apiKey(owner, { workspaceId });
    expect(await app.accepts(key.secret)).toBe(true);
  });
});
