// What the triggers promise, tested in plain SQL: every change that narrows what a credential may do appends a row to the
// log, in the same commit. No other change does.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SEALED } from '../support/constants.ts';
import { until } from '../support/until.ts';
import { backends, fill, openTestDatabase, type TestDatabase } from './support/databases.ts';
import { join, type Member } from './support/replica.ts';

/** From these, the bounds of credential policies count. */
const DATES = {
  created_at: [`now() - interval '1 day'`, 'now()'],
  dated_at: [`dated_at - interval '1 day'`],
};

/** A limit is set, changed and removed. */
const RATE_LIMIT = {
  rate_limit_requests: ['5, rate_limit_seconds = 60', '6', 'null, rate_limit_seconds = null'],
  rate_limit_seconds: ['60, rate_limit_requests = 5', '61', 'null, rate_limit_requests = null'],
};

/** Every column that decides about a credential, by table, and the values to which the tests change it. */
const DECIDING: Record<string, Record<string, string[]>> = {
  api_keys: {
    id: [`'key_other'`],
    user_id: [`'usr_two'`],
    workspace_id: [`'wsp_two'`, 'null'],
    secret_hash: [`'other'`],
    previous_secret_hash: [`'previous', previous_secret_expires_at = now()`, `null, previous_secret_expires_at = null`],
    previous_secret_expires_at: [`now() + interval '1 hour', previous_secret_hash = 'previous'`],
    scopes: [`'{API_KEYS_READ}'`, `'{}'`],
    permissions: [`'{read}'`],
    allowed_addresses: [`'{10.0.0.0/8}'`],
    ...RATE_LIMIT,
    // Only whether there is metadata.
    metadata_sealed: [`'${SEALED}'`, 'null'],
    expires_at: ['now()', `now() + interval '1 year'`, 'null'],
    revoked_at: ['now()', 'null'],
    ...DATES,
  },
  sessions: {
    id: [`'ses_other'`],
    user_id: [`'usr_two'`],
    generation: ['-1'],
    scopes: [`'{SESSIONS_READ}'`, `'{}'`],
    idle_expires_at: [`idle_expires_at - interval '1 hour'`],
    expires_at: [`expires_at - interval '1 second'`],
    revoked_at: ['now()', 'null'],
  },
  users: {
    id: [`'usr_other'`],
    role: [`'ADMIN'`],
    permissions: [`'{read}'`, `'{read,write}'`],
    disabled_at: ['now()', 'null'],
    session_generation: ['session_generation + 1'],
    session_kept: [`'ses_one'`, 'null'],
  },
  workspaces: { id: [`'wsp_other'`], requires_signed_requests: ['true'] },
  // A registration is named by its workspace and its daemon, and its tokens repeat both.
  daemons: {
    id: [`'dae_other'`],
    workspace_id: [`'wsp_one', subject = 'wsp_one:d3'`],
    daemon_id: [`'d4', subject = 'wsp_three:d4'`],
    subject: [`'wsp_three:d4', daemon_id = 'd4'`],
    revoked_at: ['now()', 'null'],
  },
  daemon_tokens: {
    id: [`'dmn_other'`],
    registration_id: [`'dae_two', daemon_id = 'd2'`],
    workspace_id: [`'wsp_three', daemon_id = 'd3', registration_id = 'dae_gone'`],
    daemon_id: [`'d2', registration_id = 'dae_two'`],
    secret_hash: [`'other'`],
    scopes: [`'{API_KEYS_READ}'`, `'{}'`],
    permissions: [`'{read}'`],
    ...RATE_LIMIT,
    expires_at: ['now()', `expires_at - interval '1 second'`],
    revoked_at: ['now()', 'null'],
    ...DATES,
  },
  signing_keys: {
    id: [`'sgk_other'`],
    workspace_id: [`'wsp_two'`],
    secret_sealed: [`'${SEALED}'`],
    scopes: [`'{API_KEYS_READ}'`, `'{}'`],
    permissions: [`'{read}'`],
    expires_at: ['now()', `now() + interval '1 year'`, 'null'],
    revoked_at: ['now()', 'null'],
    // Followers learn of each rotation, also of one that moves no expiry.
    replaced_by: ['id'],
    lifetime_from: [`now() - interval '1 day'`, 'null'],
    ...DATES,
  },
  access_token_revocations: { jti: [`'jti_other'`] },
  jwt_keys: { kid: [`'jwk_other'`] },
  workspace_members: { workspace_id: [`'wsp_two'`], user_id: [`'usr_two'`], role: [`'MEMBER'`] },
};

/** The other columns, which decide nothing. Every new column must be on one of the lists. */
const INDIFFERENT: Record<string, string[]> = {
  api_keys: [
    ...['name', 'description', 'hint', 'created_by', 'created_from_ip', 'rotated_at'],
    ...['revocation_reason', 'version'],
  ],
  sessions: ['created_at', 'refreshed_at', 'ip_address', 'user_agent', 'revocation_reason'],
  users: [
    ...[
      'email_sealed',
      'email_index',
      'display_name',
      'password_hash',
      'password_imported',
      'created_at',
      'invited_at',
    ],
    ...['sessions_revoked_at', 'sessions_revocation_reason'],
  ],
  workspaces: ['name', 'created_at'],
  daemons: ['created_at', 'revocation_reason'],
  daemon_tokens: ['hint', 'created_by', 'first_expires_at', 'renewed_at', 'revocation_reason'],
  signing_keys: ['description', 'secret_hash', 'created_by', 'replaces', 'revocation_reason'],
  access_token_revocations: ['id', 'session_id', 'user_id', 'revoked_at', 'expires_at', 'reason', 'revoked_by'],
  jwt_keys: ['state', 'private_sealed', 'created_at', 'activated_at', 'retired_at'],
  workspace_members: ['created_at'],
};

/** Columns that cannot change. */
const FIXED: Record<string, string[]> = { jwt_keys: ['public_jwk'] };

const CHANGES = Object.entries(DECIDING).flatMap(([table, columns]) =>
  Object.entries(columns).map(([column, values]) => ({ table, column, values })),
);
/** One row of each table, and the tags that a change of it appends. */
const ROWS: Record<string, { column: string; id: string; tags: string[] }> = {
  api_keys: { column: 'id', id: 'key_one', tags: ['key:key_one'] },
  sessions: { column: 'id', id: 'ses_one', tags: ['session:ses_one'] },
  users: { column: 'id', id: 'usr_gone', tags: ['user:usr_gone'] },
  workspaces: { column: 'id', id: 'wsp_two', tags: ['workspace:wsp_two'] },
  daemons: { column: 'id', id: 'dae_gone', tags: ['daemon:wsp_three:d3'] },
  daemon_tokens: { column: 'id', id: 'dmn_one', tags: ['daemon-token:dmn_one'] },
  signing_keys: { column: 'id', id: 'sgk_one', tags: ['signing-key:sgk_one'] },
  // The row now revokes another token, and no longer the first one.
  access_token_revocations: { column: 'id', id: 'atr_one', tags: ['jti:jti_one', 'jti:jti_other'] },
  jwt_keys: { column: 'kid', id: 'jwk_one', tags: ['jwt-key:jwk_one'] },
  workspace_members: { column: 'user_id', id: 'usr_one', tags: ['member:wsp_one:usr_one'] },
};
/** No cached entry depends on these. Refresh tokens are read from the database at each use. */
const OTHER_TABLES = [
  'account_tokens',
  ...['audit_events', 'auth_bulk', 'auth_epoch', 'auth_inval', 'auth_limits', 'auth_primary', 'auth_replica'],
  'auth_write_check',
  ...['audit_chains', 'audit_checkpoints', 'audit_keys', 'audit_links', 'audit_removals', 'api_key_imports'],
  ...['bootstrapped', 'canary', 'canary_witnesses'],
  ...['credential_usage', 'refresh_tokens', 'rekey_migrations', 'setup_token', 'workspace_departures'],
  ...['request_nonces', 'request_nonce_horizon', 'api_key_creations', 'data_keys', 'reencryption'],
  'rate_windows',
  'explanation_questions',
  'explanation_answers',
  // See test/credential-policies.
  ...['credential_policies', 'former_credential_policies'],
];

describe.each(backends())('the invalidation log on $name', ({ open }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
    await fill(database);
  });
  afterAll(() => database?.close());

  /** The tags of an update that is committed. Restores the row afterwards, so that each test finds the same rows. */
  async function changing(table: string, assignment: string): Promise<string[]> {
    const { column, id } = ROWS[table]!;
    const { sql, tagsOf } = database;
    const [before] = await sql<{ it: unknown }>(`select to_jsonb(t) as it from ${table} t where ${column} = $1`, [id]);
    const tags = await tagsOf(() => sql(`update ${table} set ${assignment} where ${column} = $1`, [id]));
    await sql(`delete from ${table} where ${column} = $1 or ${column} like '%_other'`, [id]);
    await sql(`delete from workspace_members where user_id = 'usr_two'`);
    await sql(`insert into ${table} select * from jsonb_populate_record(null::${table}, $1::jsonb)`, [
      JSON.stringify(before!.it),
    ]);
    // The end of the membership has revoked the key of the member.
    if (table === 'workspace_members') await sql('update api_keys set revoked_at = null, revocation_reason = null');
    return tags;
  }

  test.each(CHANGES.map((change) => [`${change.table}.${change.column}`, change] as const))(
    'a change of %s appends a row for its subject',
    async (_name, { table, column, values }) => {
      const expected = ROWS[table]!.tags;
      for (const value of values) {
        if (value.startsWith('null') || /^\d+$/.test(value)) continue; // The next test covers a later change.
        expect(await changing(table, `${column} = ${value}`)).toEqual(expected);
      }
    },
  );

  test('a change back to another value, or to null, appends a row for its subject', async () => {
    for (const { table, column, values } of CHANGES) {
      if (!values.some((value) => value.startsWith('null'))) continue;
      const [first, ...rest] = values;
      const { id, tags: expected } = ROWS[table]!;
      const { sql, tagsOf } = database;
      await sql(`update ${table} set ${column} = ${first} where id = $1`, [id]);
      for (const value of rest) {
        const tags = await tagsOf(() => sql(`update ${table} set ${column} = ${value} where id = $1`, [id]));
        expect(tags).toEqual(expected);
      }
    }
    await database.sql(`update api_keys set workspace_id = 'wsp_one'`);
  });

  test('every other column changes without a row, and every column is on one of the lists', async () => {
    const columns = await database.sql<{ table: string; column: string }>(
      `select table_name as "table", column_name as "column" from information_schema.columns
        where table_schema = 'public' and table_name <> all($1::text[])`,
      [OTHER_TABLES],
    );
    const known = Object.keys(DECIDING).flatMap((table) =>
      [...Object.keys(DECIDING[table]!), ...INDIFFERENT[table]!, ...(FIXED[table] ?? [])].map(
        (column) => `${table}.${column}`,
      ),
    );
    expect(columns.map(({ table, column }) => `${table}.${column}`).toSorted()).toEqual(known.toSorted());

    const tags = await database.tagsOf(async () => {
      await database.sql(`update api_keys set name = 'x', hint = 'x', created_from_ip = '${SEALED}',
        rotated_at = now(), revocation_reason = 'x', version = version + 1, description = 'x', created_by = null`);
      await database.sql(`update api_keys set metadata_sealed = '${SEALED}' where metadata_sealed is not null`);
      await database.sql(`update sessions set created_at = now(), refreshed_at = now(), ip_address = '${SEALED}',
        user_agent = '${SEALED}', revocation_reason = 'x', idle_expires_at = idle_expires_at + interval '1 minute'`);
      await database.sql(
        `update users set email_sealed = '${SEALED}', display_name = '${SEALED}', password_hash = 'x', password_imported = false, invited_at = now()`,
      );
      await database.sql(`update workspaces set name = 'x'`);
      await database.sql(`update daemons set created_at = now(), revocation_reason = 'x'`);
      await database.sql(`update daemon_tokens set hint = 'x', created_by = null,
        first_expires_at = now(), renewed_at = now(), revocation_reason = 'x', expires_at = expires_at + interval '1 minute'`);
      await database.sql(`update signing_keys set description = 'x', secret_hash = 'x', created_by = null, replaces = null,
        revocation_reason = 'x', dated_at = dated_at + interval '1 day'`);
      // The successor was deleted.
      await database.sql('update signing_keys set replaced_by = null');
      await database.sql(`update workspace_members set created_at = now()`);
      await database.sql(`update access_token_revocations set revoked_at = now(), reason = 'x', revoked_by = 'x'`);
      await database.sql(`update jwt_keys set state = 'RETIRED', private_sealed = '${SEALED}', retired_at = now()`);
    });
    expect(tags).toEqual([]);
  });

  test('a column whose change replicas would not see in time cannot change', async () => {
    const change = `update jwt_keys set public_jwk = '{"x":1}'`;
    await expect(database.sql(change)).rejects.toThrow('never changes');
    const em = database.fork();
    await em.begin();
    await em.execute('set local session_replication_role = replica');
    await expect(em.execute(change)).rejects.toThrow('never changes');
    await em.rollback();
    await database.sql('update jwt_keys set public_jwk = public_jwk');
  });

  test('a login, a refresh, a new key and its use append no row and send no notification', async () => {
    let received = 0;
    await database.notifications.listen(() => void received++);
    const before = received;
    const tags = await database.tagsOf(async () => {
      await database.sql(`insert into sessions (id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at)
        values ('ses_two', 'usr_two', '{}', now(), now(), now() + interval '1 day', now() + interval '2 days')`);
      await database.sql(`update sessions set refreshed_at = now(), idle_expires_at = idle_expires_at + interval '1 hour'
        where id = 'ses_two'`);
      await database.sql(`insert into api_keys (id, user_id, name, hint, secret_hash, scopes, permissions, created_at)
        values ('key_two', 'usr_two', '', '', 'hash two', '{}', '{}', now())`);
      await database.sql(`insert into credential_usage values ('key_two', now())
        on conflict (credential_id) do update set last_used_at = excluded.last_used_at`);
      await database.sql(`update credential_usage set last_used_at = now()`);
      await database.sql(`update sessions set revoked_at = null where id = 'ses_two'`); // it was null
    });
    expect(tags).toEqual([]);
    // Notifications arrive in order: the first one is that of the first revocation.
    await database.sql(`update api_keys set revoked_at = now() where id = 'key_two'`);
    await until('the notification arrives', () => received > before);
    expect(received).toBe(before + 1);
  });

  test('a new daemon token and its renewal append no row, and the extension of an expired one does', async () => {
    const { sql, tagsOf } = database;
    const made = `insert into daemon_tokens (id, registration_id, workspace_id, daemon_id, hint, secret_hash, scopes,
        permissions, created_at, first_expires_at, expires_at)
      values ('dmn_two', 'dae_new', 'wsp_one', 'd9', '', 'two', '{}', '{}', now(), now() + interval '1 hour', now() + interval '1 hour')`;
    const tags = await tagsOf(async () => {
      await sql(`insert into daemons (id, workspace_id, daemon_id, subject, created_at)
        values ('dae_new', 'wsp_one', 'd9', 'wsp_one:d9', now())`);
      await sql(made);
      await sql(
        `update daemon_tokens set renewed_at = now(), expires_at = expires_at + interval '1 hour' where id = 'dmn_two'`,
      );
    });
    expect(tags).toEqual([]);
    const expiry = (moment: string) =>
      tagsOf(() => sql(`update daemon_tokens set expires_at = ${moment} where id = 'dmn_two'`));
    expect(await expiry(`now() - interval '1 hour'`)).toEqual(['daemon-token:dmn_two']);
    // Replicas may have cached that it is rejected.
    expect(await expiry(`now() + interval '1 hour'`)).toEqual(['daemon-token:dmn_two']);
  });

  test('all tokens of a daemon end with one row, and a purge of ended ones appends none', async () => {
    const { sql, tagsOf } = database;
    await sql(`insert into daemon_tokens (id, registration_id, workspace_id, daemon_id, hint, secret_hash, scopes,
        permissions, created_at, first_expires_at, expires_at)
      select 'dmn_' || n, 'dae_gone', 'wsp_three', 'd3', '', 'many ' || n, '{}', '{}', now(), now() + interval '1 hour',
        now() + interval '1 hour' from generate_series(1, 5000) as n`);
    const revoking = () => sql(`update daemons set revoked_at = now() where subject = 'wsp_three:d3'`);
    expect(await tagsOf(revoking)).toEqual(['daemon:wsp_three:d3']);
    await sql(`update daemon_tokens set expires_at = now() where registration_id = 'dae_gone'`);
    expect(await tagsOf(() => sql(`delete from daemons where id = 'dae_gone'`))).toEqual([]);
    await sql(`insert into daemons (id, workspace_id, daemon_id, subject, created_at)
      values ('dae_gone', 'wsp_three', 'd3', 'wsp_three:d3', now())`);
    await sql(`insert into daemon_tokens (id, registration_id, workspace_id, daemon_id, hint, secret_hash, scopes,
        permissions, created_at, first_expires_at, expires_at)
      values ('dmn_again', 'dae_gone', 'wsp_three', 'd3', '', 'again', '{}', '{}', now(), now(), now() + interval '1 hour')`);
    expect(await tagsOf(() => sql(`delete from daemons where id = 'dae_gone'`))).toEqual(['daemon:wsp_three:d3']);
    expect(await tagsOf(() => sql(`delete from daemon_tokens where id = 'dmn_one'`))).toEqual(['daemon-token:dmn_one']);
  });

  test('DELETE, MERGE and TRUNCATE append rows, and a purge of expired rows does not', async () => {
    const { sql, tagsOf } = database;
    await sql(`insert into users (id, email_sealed, email_index, display_name, role, password_hash, created_at)
      values ('usr_x', '${SEALED}', 'x', '${SEALED}', 'MEMBER', '', now())`);
    await sql(`insert into workspaces (id, name, created_at) values ('wsp_x', '', now())`);
    await sql(`insert into api_keys (id, user_id, workspace_id, name, hint, secret_hash, scopes, permissions, created_at)
      values ('key_x', 'usr_x', 'wsp_x', '', '', 'x', '{}', '{}', now())`);
    await sql(`insert into sessions (id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at)
      values ('ses_x', 'usr_x', '{}', now(), now(), now() + interval '1 hour', now() + interval '1 hour'),
        ('ses_over', 'usr_x', '{}', now(), now(), now(), now())`);
    const revoking = `insert into access_token_revocations (id, jti, session_id, user_id, revoked_at, expires_at, reason)
      values ('atr_x', 'jti_x', 'ses_x', 'usr_x', now(), now(), '')`;
    expect(await tagsOf(() => sql(revoking))).toEqual(['jti:jti_x']);
    // The purge deletes rows of credentials that are already rejected, so nothing is narrowed.
    expect(await tagsOf(() => sql(`delete from access_token_revocations where id = 'atr_x'`))).toEqual([]);
    expect(await tagsOf(() => sql(`delete from sessions where id = 'ses_over'`))).toEqual([]);
    await sql(
      `insert into jwt_keys (kid, state, public_jwk, private_sealed, created_at) values ('k', 'NEXT', '{}', '${SEALED}', now())`,
    );
    expect(await tagsOf(() => sql(`delete from jwt_keys where kid = 'k'`))).toEqual(['jwt-key:k']);
    expect(await tagsOf(() => sql(`delete from workspaces where id = 'wsp_x'`))).toEqual(['workspace:wsp_x']);
    await sql(`insert into api_keys (id, user_id, name, hint, secret_hash, scopes, permissions, created_at)
      values ('key_x', 'usr_x', '', '', 'x', '{}', '{}', now())`);
    expect(await tagsOf(() => sql(`delete from sessions where id = 'ses_x'`))).toEqual(['session:ses_x']);
    await sql(`insert into sessions (id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at)
      values ('ses_x', 'usr_x', '{}', now(), now(), now() + interval '1 hour', now() + interval '1 hour')`);
    // The row of the user covers what ends with it.
    expect(await tagsOf(() => sql(`delete from users where id = 'usr_x'`))).toEqual(['user:usr_x']);
    expect(
      await tagsOf(() =>
        sql(`merge into api_keys k using (select 'key_two' as id) n on k.id = n.id
      when matched then update set expires_at = now()`),
      ),
    ).toEqual(['key:key_two']);
    for (const table of Object.keys(ROWS)) {
      expect(await tagsOf(() => sql(`truncate ${table} cascade`))).toContain('*');
    }
    await fill(database);
  });

  test('a change that is rolled back, completely or to a savepoint, appends no row', async () => {
    const em = database.fork();
    const tags = await database.tagsOf(async () => {
      await em.begin();
      await em.execute(`update api_keys set revoked_at = now() where id = 'key_one'`);
      await em.rollback();
      await em.begin();
      await em.execute(`update sessions set revoked_at = now() where id = 'ses_one'`);
      await em.execute('savepoint half');
      await em.execute(`update users set disabled_at = now() where id = 'usr_one'`);
      await em.execute('rollback to savepoint half');
      await em.execute(`update users set disabled_at = now() where id = 'usr_two'`);
      await em.commit();
    });
    expect(tags).toEqual(['session:ses_one', 'user:usr_two']);
  });

  test('a change in a session with session_replication_role = replica appends rows, too', async () => {
    const em = database.fork();
    const tags = await database.tagsOf(async () => {
      await em.begin();
      await em.execute(`set local session_replication_role = replica`);
      await em.execute(`update users set disabled_at = clock_timestamp() where id = 'usr_one'`);
      await em.execute(`delete from api_keys where id = 'key_one'`);
      await em.commit();
    });
    expect(tags).toEqual(['user:usr_one', 'key:key_one']);
    const others = await database.sql(
      `select tgname from pg_trigger where tgname like '%invalidate%' and tgenabled <> 'A'`,
    );
    expect(others).toEqual([]);
  });

  test.each([
    ['off', 'on'],
    ['local', 'on'],
    ['remote_apply', 'remote_apply'],
  ])(
    'a session with synchronous_commit = %s revokes with %s, and keeps its own setting afterwards',
    async (own, during) => {
      const em = database.fork();
      const level = async () => (await em.execute('show synchronous_commit'))[0]?.synchronous_commit;
      await em.begin();
      await em.execute(`set local synchronous_commit = ${own}`);
      await em.execute(`update users set display_name = '${SEALED}' where id = 'usr_one'`);
      await em.execute('set constraints all immediate');
      expect(await level()).toBe(own);
      await em.execute(`update users set disabled_at = clock_timestamp() where id = 'usr_one'`);
      expect(await level()).toBe(during);
      await em.rollback();
      await em.begin();
      expect(await level()).toBe('on');
      await em.rollback();
    },
  );

  test('a change in plain SQL appends its row with any search path', async () => {
    const em = database.fork();
    const tags = await database.tagsOf(async () => {
      await em.begin();
      await em.execute(`set local search_path = ''`);
      await em.execute(`update public.users set disabled_at = now() where id = 'usr_one'`);
      await em.commit();
    });
    expect(tags).toEqual(['user:usr_one']);
  });
});

describe.each(backends())('many changes in one transaction on $name', ({ open }) => {
  const MOST = 1000;
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
    await fill(database);
    await database
      .fork()
      .execute(`insert into api_keys (id, user_id, name, hint, secret_hash, scopes, permissions, created_at)
      select 'key_' || n, 'usr_two', '', '', 'h' || n, '{}', '{}', now() from generate_series(1, 5000) as n`);
  });
  afterAll(() => database?.close());

  const first = (count: number) => `update api_keys set permissions = array[random()::text]
    where id in (select 'key_' || n from generate_series(1, ${count}) as n)`;
  const committing = (...statements: string[]) =>
    database.tagsOf(async () => {
      const em = database.fork();
      await em.begin();
      for (const statement of statements) await em.execute(statement);
      await em.commit();
    });

  test('5000 keys that plain SQL revokes at once append 1000 rows and one `*`, and every replica rejects each of them', async () => {
    const members: Member[] = [];
    for (let n = 0; n < (database.url ? 2 : 1); n++)
      members.push(await join(database, { leaseMs: 60_000, start: false }));
    const revokedAt = Date.now();
    const cached = ['key_7', 'key_4999'].map((id) => ({ asOf: members[0]!.replica.applied, tags: [`key:${id}`] }));
    expect(
      members.map(({ replica }) => cached.map((each) => replica.isFresh(each, Number.POSITIVE_INFINITY))),
    ).not.toContainEqual([false, false]);

    const tags = await committing(`update api_keys set revoked_at = now() where user_id = 'usr_two'`);
    expect(tags).toHaveLength(MOST + 1);
    expect(tags.indexOf('*')).toBe(MOST);

    for (const { replica } of members) await replica.sync();
    for (const { replica } of members)
      for (const each of cached) expect(replica.isFresh(each, Number.POSITIVE_INFINITY)).toBe(false);
    // The receipt refers to the row `*`.
    const [everything] = await database.sql<{ seq: number; at: number }>(
      `select seq::float8 as seq, extract(epoch from at)::float8 * 1000 as at from auth_inval where tag = '*'`,
    );
    const receipt = await members[0]!.barrier.waitUntilPropagated('key:key_4999', new Date(revokedAt));
    expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', sequence: String(everything!.seq) });
    expect(receipt.committedAt).toEqual(new Date(everything!.at));
    for (const member of members) await member.stop();
  });

  test('1000 changed keys append one row each and no `*`, so other entries stay cached', async () => {
    const tags = await committing(first(MOST));
    expect(tags).toHaveLength(MOST);
    expect(tags).not.toContain('*');
  });

  test('changes are counted over all tables and statements, and no row follows `*`', async () => {
    const tags = await committing(first(600), first(600), `update users set disabled_at = now() where id = 'usr_one'`);
    expect(tags).toHaveLength(MOST + 1);
    expect(tags.at(-1)).toBe('*');
  });

  test('2000 changes that are rolled back to a savepoint append no row', async () => {
    const tags = await committing(
      'savepoint half',
      first(2000),
      'set constraints all immediate',
      'rollback to savepoint half',
      'set constraints all deferred',
      `update users set disabled_at = clock_timestamp() where id = 'usr_one'`,
    );
    expect(tags).toEqual(['user:usr_one']);
  });

  test('rows from before a savepoint stay and are counted when it is rolled back', async () => {
    const tags = await committing(
      first(900),
      'set constraints all immediate',
      'savepoint half',
      first(900),
      'rollback to savepoint half',
      first(101),
    );
    expect(tags).toHaveLength(MOST + 1);
    expect(tags.at(-1)).toBe('*');
  });

  test('the `*` of one transaction does not replace the rows of another', async () => {
    await committing(first(2000));
    expect(await committing(first(1))).toEqual(['key:key_1']);
    // Not even if a transaction has the same number, as in a copy of the data on another server.
    const tags = await committing(
      `update auth_bulk set writer = pg_current_xact_id() || ' 1'`,
      `update auth_epoch set writer = pg_current_xact_id() || ' 1', begun = -5000`,
      first(1),
    );
    expect(tags).toEqual(['key:key_1']);
  });
});

const [, postgres] = backends();

describe.skipIf(!postgres)('the invalidation log with many concurrent writers', () => {
  const CLIENTS = 8;
  const EACH = 40;
  let database: TestDatabase;
  let clients: pg.Client[];
  beforeAll(async () => {
    database = await postgres!.open();
    await fill(database);
    for (let n = 0; n < CLIENTS; n++) {
      await database.sql(
        `insert into api_keys (id, user_id, name, hint, secret_hash, scopes, permissions, created_at)
        select 'key_' || $1::int || '_' || n, 'usr_one', '', '', 'h' || $1::int || '_' || n, '{}', '{}', now()
        from generate_series(1, 3) as n`,
        [n],
      );
    }
    clients = Array.from({ length: CLIENTS }, () => new pg.Client({ connectionString: database.url! }));
    await Promise.all(clients.map((client) => client.connect()));
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await database.close();
  });

  const end = async () => (await database.sql<{ seq: number }>('select seq::float8 as seq from auth_epoch'))[0]!.seq;

  test('every snapshot shows the whole log up to its end without a gap, and no writer runs into a deadlock', async () => {
    let working = true;
    const before = await end();
    const seen: { seq: number; rows: number; last: number }[] = [];
    const watching = (async () => {
      while (working) {
        const [row] = await database.sql<(typeof seen)[number]>(`select (select seq from auth_epoch)::float8 as seq,
          count(*)::float8 as rows, coalesce(max(seq), 0)::float8 as last from auth_inval`);
        seen.push(row!);
      }
    })();
    await Promise.all(
      clients.map(async (client, n) => {
        for (let turn = 0; turn < EACH; turn++) {
          await client.query('begin');
          // Rows that only this writer locks, and rows that others lock, too. The lock of the log comes after all of them.
          await client.query(`update api_keys set expires_at = clock_timestamp() where id like 'key_${n}_%'`);
          await client.query(
            `update users set disabled_at = clock_timestamp() where id = 'usr_${turn % 2 ? 'one' : 'two'}'`,
          );
          await client.query(turn % 5 === 4 ? 'rollback' : 'commit');
        }
      }),
    );
    working = false;
    await watching;
    expect(seen.filter(({ seq, rows, last }) => seq !== rows || seq !== last)).toEqual([]);
    expect((await end()) - before).toBe(CLIENTS * EACH * 0.8 * 4);
    expect(new Set(seen.map((row) => row.seq)).size).toBeGreaterThan(10);
  });

  test('an open transaction that has revoked a key delays no other revocation', async () => {
    const [first, second] = clients as [pg.Client, pg.Client];
    await first.query('begin');
    await first.query(`update api_keys set revoked_at = now() where id = 'key_0_1'`);
    const tags = await database.tagsOf(() =>
      second.query(`update api_keys set revoked_at = now() where id = 'key_1_1'`),
    );
    expect(tags).toEqual(['key:key_1_1']);
    expect(await database.tagsOf(() => first.query('commit'))).toEqual(['key:key_0_1']);
  });
});

test('a database that is opened again continues the log', async () => {
  if (!postgres) return;
  const database = await postgres.open();
  await fill(database);
  await database.sql(`update users set disabled_at = now() where id = 'usr_one'`);
  await database.close();
  const again = await openTestDatabase(database.url);
  expect(await again.sql('select seq::float8 as seq, tag from auth_inval order by seq desc limit 1')).toEqual([
    { seq: 2, tag: 'user:usr_one' },
  ]);
  await again.close();
});
