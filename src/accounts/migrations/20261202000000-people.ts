import { Migration } from '@mikro-orm/migrations';
import { dropInvalidation, invalidateOnUpdate } from '../../database/triggers.ts';

/** Invitations, password resets, permissions of users, and users who can be deleted. */
export class Migration20261202000000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`alter table users add column permissions text[] not null default '{}',
      add column invited_at timestamptz`);
    // Few users are administrators, and every demotion asks whether another one is left.
    this.addSql(`create index users_administrators on users (id) where role = 'ADMIN'`);
    this.addSql(`create table account_tokens (
      user_id text not null references users (id) on delete cascade deferrable initially deferred,
      kind text not null check (kind in ('INVITATION', 'PASSWORD_RESET')),
      token_hash text not null unique,
      workspace_ids text[] not null default '{}',
      created_at timestamptz not null,
      expires_at timestamptz not null,
      primary key (user_id, kind)
    )`);
    // The row says for good that there was a first administrator, also after that user was deleted.
    this.addSql('alter table bootstrapped drop constraint bootstrapped_user_id_fkey');
    this.#invalidateOnPermissions();
  }

  #invalidateOnPermissions(): void {
    this.addSql(`create or replace function auth_invalidate_user() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      declare
        ended constant boolean := TG_OP = 'DELETE' or new.id <> old.id or new.disabled_at is not null;
        reason text := 'UNSPECIFIED';
      begin
        if TG_OP = 'DELETE' or new.disabled_at is distinct from old.disabled_at or new.role <> old.role
            or new.permissions <> old.permissions then
          reason := 'ADMINISTRATIVE';
        elsif new.session_generation <> old.session_generation then
          reason := coalesce(new.sessions_revocation_reason, reason);
        end if;
        perform auth_append('user:' || old.id, 'USER', old.id, case when ended then 'ENDED' else 'NARROWED' end, reason,
          old.id, null, null, null);
        return null;
      end
    $$`);
    this.addSql(dropInvalidation({ table: 'users', event: 'update' }));
    for (const statement of invalidateOnUpdate({
      table: 'users',
      tag: 'user',
      by: 'auth_invalidate_user',
      columns: ['id', 'role', 'permissions', 'disabled_at', 'session_generation', 'session_kept'],
    }))
      this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('The permissions of users cannot be removed by a migration. Restore a backup instead.');
  }
}
