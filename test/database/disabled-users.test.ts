// Users who were disabled by a release in which the database did not revoke their sessions.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, type TestDatabase } from '../revocation/support/databases.ts';
import { SEALED } from '../support/constants.ts';

const MIGRATION = '20261129000100-disabled-users';

describe.each(backends())('migrating $name', ({ open }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database?.close());

  test('revokes the sessions of disabled users and of no others', async () => {
    await database.sql('drop trigger users_end_sessions on users');
    await database.sql('drop function auth_end_sessions_of_disabled');
    await database.sql('delete from rekey_migrations where name = $1', [MIGRATION]);
    const columns = 'id, email_sealed, email_index, display_name, role, password_hash, created_at';
    const past = `'2026-01-01T00:00:00Z'::timestamptz`;
    await database.sql(`insert into users (${columns}, disabled_at, session_generation, session_kept, sessions_revoked_at, sessions_revocation_reason)
      select id, '${SEALED}', convert_to(id, 'UTF8'), '${SEALED}', 'MEMBER', '', now(), disabled_at, generation, kept, revoked_at, reason
      from (values
        ('in use', null::timestamptz, 2, 'ses_kept', null::timestamptz, null),
        ('by the API', ${past}, 3, null, ${past}, 'COMPROMISED'),
        ('in SQL', ${past}, 0, null, null, null),
        ('in SQL, after an end', ${past}, 4, 'ses_kept', ${past} - interval '1 day', 'SIGNED_OUT')
      ) as given (id, disabled_at, generation, kept, revoked_at, reason)`);
    const tags = await database.tagsOf(() => database.migrate());
    expect(tags.toSorted()).toEqual(['user:by the API', 'user:in SQL', 'user:in SQL, after an end']);
    const rows = await database.sql(`select id, session_generation::int as generation, session_kept as kept,
        (sessions_revoked_at = disabled_at)::text as "atDisabling", sessions_revocation_reason as reason
      from users order by id`);
    expect(rows).toEqual([
      { id: 'by the API', generation: 4, kept: null, atDisabling: 'true', reason: 'COMPROMISED' },
      { id: 'in SQL', generation: 1, kept: null, atDisabling: 'true', reason: 'ADMINISTRATIVE' },
      { id: 'in SQL, after an end', generation: 5, kept: null, atDisabling: 'true', reason: 'ADMINISTRATIVE' },
      { id: 'in use', generation: 2, kept: 'ses_kept', atDisabling: null, reason: null },
    ]);
  });
});
