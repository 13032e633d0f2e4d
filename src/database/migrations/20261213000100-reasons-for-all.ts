import { Migration } from '@mikro-orm/migrations';

/** A transaction with more invalidations than this invalidates everything, as in the migration of the log. */
const MOST_PER_TRANSACTION = 1000;

/** A row of the log that concerns everything keeps its reason, unless it stands for more than one change. */
export class Migration20261213000100 extends Migration {
  override async up(): Promise<void> {
    // The rest is as in the migration of the revocation events.
    this.addSql(`create or replace function auth_append(tag text, subject text, subject_id text, effect text, reason text,
        user_id text, workspace_id text, daemon_id text, members text[]) returns void
      language plpgsql set search_path = public, pg_temp as $$
      declare
        me constant text := pg_current_xact_id() || ' ' || extract(epoch from pg_postmaster_start_time());
        next bigint;
        mine bigint;
      begin
        if exists (select from auth_bulk b where b.writer = me) then
          return;
        end if;
        update auth_epoch set seq = seq + 1, begun = case when writer = me then begun else seq end, writer = me
          where one returning seq, seq - begun into next, mine;
        if mine > ${MOST_PER_TRANSACTION} then
          tag := '*';
          reason := null;
        end if;
        if tag = '*' or subject = 'ALL' then
          insert into auth_inval (seq, tag, subject, subject_id, effect, reason)
            values (next, tag, 'ALL', '*', 'NARROWED', coalesce(reason, 'UNSPECIFIED'));
        else
          insert into auth_inval (seq, tag, subject, subject_id, effect, reason, user_id, workspace_id, daemon_id, members)
            values (next, tag, subject, subject_id, effect, reason, user_id, workspace_id, daemon_id, members);
        end if;
        if tag = '*' then
          insert into auth_bulk (writer) values (me) on conflict (one) do update set writer = excluded.writer;
        end if;
        if current_setting('synchronous_commit') in ('off', 'local') then
          perform set_config('synchronous_commit', 'on', true);
        end if;
        perform pg_notify('auth_inval', next::text);
      end
    $$`);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
