// How API keys depend on memberships, in plain SQL: which keys the end of a membership revokes, and what the log gets.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { backends, fill, type TestDatabase } from '../revocation/support/databases.ts';
import { SEALED } from '../support/constants.ts';

describe.each(backends())('memberships on $name', ({ open }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  });
  beforeEach(async () => {
    await database.sql('truncate users, workspaces, jwt_keys cascade');
    await fill(database);
  });
  afterAll(() => database?.close());

  test('the end of a membership appends one row, and revokes the keys that are bound to it without a row of their own', async () => {
    const { sql, tagsOf } = database;
    const keys = (where: string) =>
      sql(
        `select id, revocation_reason as reason, version from api_keys where user_id = 'usr_two' and ${where} order by id`,
      );
    const add = `insert into workspace_members (workspace_id, user_id, role, created_at)
      values ('wsp_one', 'usr_two', 'MEMBER', now())`;
    for (const end of [
      'delete from workspace_members where',
      `update workspace_members set workspace_id = 'wsp_two' where`,
      `update workspace_members set user_id = 'usr_gone' where`,
    ]) {
      expect(await tagsOf(() => sql(add))).toEqual([]);
      await sql(`insert into api_keys (id, user_id, workspace_id, name, hint, secret_hash, scopes, permissions, created_at)
        select 'key_' || n, 'usr_two', case n when 1 then null when 2 then 'wsp_two' else 'wsp_one' end, '', '', n, '{}', '{}',
          now() from generate_series(1, 1102) as n`);
      expect(await tagsOf(() => sql(`${end} user_id = 'usr_two'`))).toEqual(['member:wsp_one:usr_two']);
      const revoked = await keys('revoked_at is not null');
      expect(revoked).toHaveLength(1100);
      expect(revoked[0]).toEqual({ id: 'key_10', reason: 'REMOVED', version: 2 });
      // Joining again revives none of them.
      await sql(`delete from workspace_members where user_id in ('usr_two', 'usr_gone')`);
      await sql(add);
      expect(await keys(`workspace_id = 'wsp_one' and revoked_at is not null`)).toEqual(revoked);
      await sql(`delete from workspace_members where user_id = 'usr_two'`);
      await sql(`delete from api_keys where user_id = 'usr_two'`);
    }
  });

  test('a promotion appends no row', async () => {
    await database.sql(`update workspace_members set role = 'MEMBER'`);
    expect(await database.tagsOf(() => database.sql(`update workspace_members set role = 'OWNER'`))).toEqual([]);
  });

  test('a bound key appends its own row while its user is a member, and none after the user or the workspace is gone', async () => {
    const { sql, tagsOf } = database;
    const restore = async () => {
      await sql(`insert into workspaces (id, name, created_at) values ('wsp_x', '', now()) on conflict do nothing`);
      await sql(`insert into users (id, email_sealed, email_index, display_name, role, password_hash, created_at)
        values ('usr_x', '${SEALED}', 'x', '${SEALED}', 'MEMBER', '', now()) on conflict do nothing`);
      await sql(`insert into workspace_members (workspace_id, user_id, role, created_at)
        values ('wsp_x', 'usr_x', 'OWNER', now()) on conflict do nothing`);
      await sql(`insert into api_keys (id, user_id, workspace_id, name, hint, secret_hash, scopes, permissions, created_at)
        select 'key_x' || n, 'usr_x', 'wsp_x', '', '', 'x' || n, '{}', '{}', now() from generate_series(1, 3) as n
        on conflict do nothing`);
    };
    await restore();
    const revoke = `update api_keys set revoked_at = now(), revocation_reason = 'REMOVED', version = 2 where id = 'key_x1'`;
    expect(await tagsOf(() => sql(revoke))).toEqual(['key:key_x1']);
    expect(await tagsOf(() => sql(`update api_keys set revoked_at = null where id = 'key_x1'`))).toEqual([
      'key:key_x1',
    ]);
    expect(await tagsOf(() => sql(`delete from api_keys where id = 'key_x1'`))).toEqual(['key:key_x1']);
    await restore();
    expect(await tagsOf(() => sql(`delete from workspaces where id = 'wsp_x'`))).toEqual(['workspace:wsp_x']);
    await restore();
    expect(await tagsOf(() => sql(`delete from users where id = 'usr_x'`))).toEqual(['user:usr_x']);
    await restore();
    await sql(`delete from workspace_members where workspace_id = 'wsp_x'`);
    // More than a revocation: the key may be valid for another user afterwards.
    const move = `update api_keys set user_id = 'usr_one', revoked_at = null where id = 'key_x1'`;
    expect(await tagsOf(() => sql(move))).toEqual(['key:key_x1']);
    await sql(`delete from users where id = 'usr_x'`);
    await sql(`delete from workspaces where id = 'wsp_x'`);
  });

  test('members who leave and join in one transaction lose their keys, which append their own rows', async () => {
    const em = database.fork();
    const tags = await database.tagsOf(async () => {
      await em.begin();
      await em.execute(`delete from workspace_members where user_id = 'usr_one'`);
      await em.execute(`insert into workspace_members values ('wsp_one', 'usr_one', 'OWNER', now())`);
      await em.commit();
    });
    expect(tags.toSorted()).toEqual(['key:key_one', 'member:wsp_one:usr_one']);
    await database.sql('update api_keys set revoked_at = null, revocation_reason = null');
  });

  test('TRUNCATE of the members revokes every bound key', async () => {
    const { sql, tagsOf } = database;
    expect(await tagsOf(() => sql('truncate workspace_members'))).toEqual(['*']);
    const bound = 'select revocation_reason as reason from api_keys where workspace_id is not null';
    expect(await sql(bound)).toEqual([{ reason: 'REMOVED' }]);
    await sql(`insert into workspace_members values ('wsp_one', 'usr_one', 'OWNER', now())`);
    await sql('update api_keys set revoked_at = null, revocation_reason = null');
  });

  test('the migration revokes the keys of users who are not members, and appends a row for each of them', async () => {
    const { sql, tagsOf } = database;
    // As an earlier release has left it.
    for (const trigger of ['end_keys_delete', 'end_keys_update', 'end_keys_truncate', 'invalidate_delete'])
      await sql(`drop trigger workspace_members_${trigger} on workspace_members`);
    for (const trigger of ['invalidate_update', 'invalidate_truncate'])
      await sql(`drop trigger workspace_members_${trigger} on workspace_members`);
    for (const event of ['update', 'delete']) {
      await sql(`drop trigger api_keys_invalidate_${event} on api_keys`);
      await sql(`create constraint trigger api_keys_invalidate_${event} after ${event} on api_keys
        deferrable initially deferred for each row execute function auth_invalidate_row('key', 'id')`);
    }
    for (const name of ['end_keys_of_member', 'end_keys_of_members', 'invalidate_member', 'invalidate_key'])
      await sql(`drop function auth_${name}`);
    await sql('drop index workspace_members_joined');
    await sql('drop index api_keys_member');
    await sql('create index api_keys_workspace on api_keys (workspace_id) where workspace_id is not null');
    await sql(`delete from rekey_migrations where name = '20261130000100-members'`);
    await sql(`insert into api_keys (id, user_id, workspace_id, name, hint, secret_hash, scopes, permissions, created_at)
      select 'key_' || n, 'usr_two', case n when 1 then null else 'wsp_one' end, '', '', n, '{}', '{}', now()
      from generate_series(1, 3) as n`);
    expect((await tagsOf(() => database.migrate())).toSorted()).toEqual(['key:key_2', 'key:key_3']);
    const revoked = 'select id, revocation_reason as reason from api_keys where revoked_at is not null order by id';
    expect(await sql(revoked)).toEqual(['key_2', 'key_3'].map((id) => ({ id, reason: 'REMOVED' })));
    expect(await tagsOf(() => sql('delete from workspace_members'))).toEqual(['member:wsp_one:usr_one']);
  });
});
