import { Migration } from '@mikro-orm/migrations';
import { dropInvalidation, invalidateOnRow } from '../../database/triggers.ts';

/**
 * A session that is deleted together with its user needs no row in the log: the row of the user covers it. Otherwise, a
 * user with many sessions would empty every cache.
 */
export class Migration20261202000200 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create function auth_invalidate_deleted_session() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      begin
        if exists (select from users u where u.id = old.user_id) then
          perform auth_append_change('session:' || old.id, 'SESSION', old.id, to_jsonb(old), null);
        end if;
        return null;
      end
    $$`);
    this.addSql(dropInvalidation({ table: 'sessions', event: 'delete' }));
    for (const statement of invalidateOnRow({
      table: 'sessions',
      event: 'delete',
      tag: 'session',
      by: 'auth_invalidate_deleted_session',
      // As before: housekeeping deletes sessions that are revoked or expired. That narrows nothing.
      when: 'old.revoked_at is null and old.expires_at > clock_timestamp()',
    }))
      this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
