import { Migration } from '@mikro-orm/migrations';
import { enableAlways } from '../../database/triggers.ts';

/**
 * Disabling a user revokes all sessions for good, whichever statement does it. The rule is a trigger on the row that
 * holds both, so no order of disabling and enabling, by the API or in plain SQL, makes a session valid again.
 */
export class Migration20261129000100 extends Migration {
  override async up(): Promise<void> {
    // A statement that revokes the sessions itself, as the API does, is not changed. A session that an earlier
    // revocation kept is not kept by this one. A session that was inserted while its user was disabled is revoked
    // when the user is enabled.
    this.addSql(`create function auth_end_sessions_of_disabled() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        if new.session_generation <= old.session_generation then
          new.session_generation := old.session_generation + 1;
          if new.disabled_at is not null then
            new.sessions_revoked_at := clock_timestamp();
            new.sessions_revocation_reason := 'ADMINISTRATIVE';
          end if;
        end if;
        new.session_kept := null;
        return new;
      end
    $$`);
    this.addSql(`create trigger users_end_sessions before update on users for each row
      when ((old.disabled_at is null) is distinct from (new.disabled_at is null))
      execute function auth_end_sessions_of_disabled()`);
    this.addSql(enableAlways({ table: 'users', trigger: 'users_end_sessions' }));
    // It is unknown whether the sessions of users who are already disabled were revoked. They are revoked now,
    // since none of them is in use.
    this.addSql(`update users set session_generation = session_generation + 1, session_kept = null,
        sessions_revocation_reason = case when sessions_revoked_at >= disabled_at then sessions_revocation_reason
          else 'ADMINISTRATIVE' end,
        sessions_revoked_at = greatest(sessions_revoked_at, disabled_at)
      where disabled_at is not null`);
  }

  override async down(): Promise<void> {
    this.addSql('drop trigger users_end_sessions on users');
    this.addSql('drop function auth_end_sessions_of_disabled');
  }
}
