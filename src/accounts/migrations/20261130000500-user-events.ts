import { Migration } from '@mikro-orm/migrations';
import { dropInvalidation, invalidateOnRow, invalidateOnUpdate } from '../../database/triggers.ts';

/** The events of users: a row of the log for a user ends or narrows everything that the user holds. */
export class Migration20261130000500 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create function auth_invalidate_user() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      declare
        ended constant boolean := TG_OP = 'DELETE' or new.id <> old.id or new.disabled_at is not null;
        reason text := 'UNSPECIFIED';
      begin
        if TG_OP = 'DELETE' or new.disabled_at is distinct from old.disabled_at or new.role <> old.role then
          reason := 'ADMINISTRATIVE';
        elsif new.session_generation <> old.session_generation then
          reason := coalesce(new.sessions_revocation_reason, reason);
        end if;
        perform auth_append('user:' || old.id, 'USER', old.id, case when ended then 'ENDED' else 'NARROWED' end, reason,
          old.id, null, null, null);
        return null;
      end
    $$`);
    for (const event of ['update', 'delete'] as const) this.addSql(dropInvalidation({ table: 'users', event }));
    const user = { table: 'users', tag: 'user', by: 'auth_invalidate_user' };
    const columns = ['id', 'role', 'disabled_at', 'session_generation', 'session_kept'];
    for (const statement of [
      ...invalidateOnUpdate({ ...user, columns }),
      ...invalidateOnRow({ ...user, event: 'delete' }),
    ])
      this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
