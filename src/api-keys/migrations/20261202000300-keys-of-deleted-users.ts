import { Migration } from '@mikro-orm/migrations';
import { dropInvalidation, invalidateOnRow } from '../../database/triggers.ts';

/**
 * A key that is deleted together with its user needs no row in the log: the row of the user covers it, as that of a
 * membership or a workspace does. Otherwise, a user with many keys would empty every cache.
 */
export class Migration20261202000300 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create function auth_invalidate_deleted_key() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      begin
        if old.user_id is not null and not exists (select from users u where u.id = old.user_id) then
          return null;
        end if;
        if old.workspace_id is not null and not exists (
            select from workspaces w where w.id = old.workspace_id and (old.user_id is null or exists (
              select from workspace_members m where m.workspace_id = w.id and m.user_id = old.user_id))) then
          return null;
        end if;
        perform auth_append_change('key:' || old.id, 'API_KEY', old.id, to_jsonb(old), null);
        return null;
      end
    $$`);
    this.addSql(dropInvalidation({ table: 'api_keys', event: 'delete' }));
    for (const statement of invalidateOnRow({
      table: 'api_keys',
      event: 'delete',
      tag: 'key',
      by: 'auth_invalidate_deleted_key',
    }))
      this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
