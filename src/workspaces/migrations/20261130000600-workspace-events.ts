import { Migration } from '@mikro-orm/migrations';
import { dropInvalidation, enableAlways, invalidateOnRow, invalidateOnUpdate } from '../../database/triggers.ts';

/**
 * The events of workspaces, of memberships and of the keys that are bound to a workspace.
 *
 * A row of the log for a workspace lists its members, because the row concerns them and a deleted workspace has none any
 * more. So a membership that is deleted waits in \`workspace_departures\` until the commit shows whether its workspace was
 * deleted, too.
 */
export class Migration20261130000600 extends Migration {
  override async up(): Promise<void> {
    // Empty outside of transactions.
    this.addSql(`create unlogged table workspace_departures (workspace_id text not null, user_id text not null)`);
    this.addSql('create index workspace_departures_workspace on workspace_departures (workspace_id)');
    this.addSql(`create function auth_note_departure() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      begin
        insert into workspace_departures (workspace_id, user_id) values (old.workspace_id, old.user_id);
        return null;
      end
    $$`);
    const table = 'workspace_members';
    const trigger = `${table}_note_departure`;
    this.addSql(
      `create trigger ${trigger} after delete on ${table} for each row execute function auth_note_departure()`,
    );
    this.addSql(enableAlways({ table, trigger }));
    this.#describeMembers();
    this.#describeWorkspaces();
    this.#describeKeys();
  }

  #describeMembers(): void {
    // A membership that is deleted together with its workspace or its user needs no row: theirs covers it.
    this.addSql(`create or replace function auth_invalidate_member() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      declare
        ended constant boolean := TG_OP = 'DELETE'
          or (new.workspace_id, new.user_id) is distinct from (old.workspace_id, old.user_id);
      begin
        if TG_OP = 'DELETE' then
          if not exists (select from workspaces w where w.id = old.workspace_id) then
            return null;
          end if;
          delete from workspace_departures d where d.workspace_id = old.workspace_id and d.user_id = old.user_id;
          if not exists (select from users u where u.id = old.user_id) then
            return null;
          end if;
        end if;
        perform auth_append('member:' || old.workspace_id || ':' || old.user_id, 'WORKSPACE_MEMBER', old.user_id,
          case when ended then 'ENDED' else 'NARROWED' end, case when ended then 'REMOVED' else 'UNSPECIFIED' end,
          old.user_id, old.workspace_id, null, null);
        return null;
      end
    $$`);
  }

  #describeWorkspaces(): void {
    this.addSql(`create function auth_invalidate_workspace() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      declare
        ended constant boolean := TG_OP = 'DELETE' or new.id <> old.id;
        members text[];
      begin
        with departed as (delete from workspace_departures d where d.workspace_id = old.id returning d.user_id)
        select array_agg(user_id) into members from (
          select user_id from departed
          union select m.user_id from workspace_members m where m.workspace_id = old.id) as affected;
        perform auth_append('workspace:' || old.id, 'WORKSPACE', old.id, case when ended then 'ENDED' else 'NARROWED' end,
          'UNSPECIFIED', null, old.id, null, members);
        return null;
      end
    $$`);
    for (const event of ['update', 'delete'] as const) this.addSql(dropInvalidation({ table: 'workspaces', event }));
    const workspace = { table: 'workspaces', tag: 'workspace', by: 'auth_invalidate_workspace' };
    for (const statement of [
      ...invalidateOnUpdate({ ...workspace, columns: ['id', 'requires_signed_requests'] }),
      ...invalidateOnRow({ ...workspace, event: 'delete' }),
    ])
      this.addSql(statement);
  }

  /** As in the migration of the members, with the event. */
  #describeKeys(): void {
    this.addSql(`create or replace function auth_invalidate_key() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      declare
        indifferent constant text[] := '{revoked_at, revocation_reason, version}';
        ends boolean := true;
      begin
        if old.workspace_id is not null then
          if TG_OP = 'UPDATE' then
            ends := old.revoked_at is null and new.revoked_at is not null
              and to_jsonb(new) - indifferent = to_jsonb(old) - indifferent;
          end if;
          if ends and not exists (
              select from workspace_members m join workspaces w on w.id = m.workspace_id
              where m.workspace_id = old.workspace_id and m.user_id = old.user_id) then
            return null;
          end if;
        end if;
        perform auth_append_change('key:' || old.id, 'API_KEY', old.id, to_jsonb(old),
          case when TG_OP = 'UPDATE' then to_jsonb(new) end);
        return null;
      end
    $$`);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
