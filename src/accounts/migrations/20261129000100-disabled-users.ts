import { Migration } from '@mikro-orm/migrations';
import { enableAlways } from '../../database/triggers.ts';

/**
 * A user who is disabled, by whatever statement, loses all sessions for good. The rule is in the row that remembers both,
 * so no order of disabling and enabling, by the API or in plain SQL, brings a session back.
 */
export class Migration20261129000100 extends Migration {
  override async up(): Promise<void> {
    // A statement that ends the sessions itself, as the API does, is left as it is. The session that was kept at an earlier
    // end is not kept at this one. A session that was inserted while its user was disabled ends when the user is enabled.
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
    // Whether the sessions of those who are disabled already were ended is not known. They end now: no one of them is in use.
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
