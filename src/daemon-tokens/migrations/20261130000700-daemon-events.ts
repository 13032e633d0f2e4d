import { Migration } from '@mikro-orm/migrations';

/** The events of daemons and of their tokens. */
export class Migration20261130000700 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create or replace function auth_invalidate_daemon_token() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      begin
        if TG_OP = 'UPDATE' or exists (select from daemons d where d.id = old.registration_id) then
          perform auth_append_change('daemon-token:' || old.id, 'DAEMON_TOKEN', old.id, to_jsonb(old),
            case when TG_OP = 'UPDATE' then to_jsonb(new) end);
        end if;
        return null;
      end
    $$`);
    this.addSql(`create or replace function auth_invalidate_daemon() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      begin
        if TG_OP = 'UPDATE' or exists (select from workspaces w where w.id = old.workspace_id) then
          perform auth_append_change('daemon:' || old.subject, 'DAEMON', old.daemon_id, to_jsonb(old),
            case when TG_OP = 'UPDATE' then to_jsonb(new) end);
        end if;
        return null;
      end
    $$`);
  }

  override async down(): Promise<void> {
    throw new Error('The events of daemons cannot be undone. Restore a backup instead.');
  }
}
