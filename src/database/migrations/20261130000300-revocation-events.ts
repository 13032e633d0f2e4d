import { Migration } from '@mikro-orm/migrations';

/** A transaction that invalidates more than this invalidates everything, as in the migration of the invalidation log. */
const MOST_PER_TRANSACTION = 1000;

/**
 * A row of the invalidation log says what happened, so that a feed of revocations needs no other read: the subject, the
 * effect, the reason, and the user, the workspace and the daemon that it belongs to.
 *
 * The triggers fill these columns from the changed row, by the names of its columns. A table of credentials that uses
 * the same names needs no function of its own.
 */
export class Migration20261130000300 extends Migration {
  override async up(): Promise<void> {
    // No subject: a row that invalidates nothing. `members`: the users who were members of the workspace, if the subject
    // is a workspace.
    this.addSql(`alter table auth_inval add column subject text, add column subject_id text, add column effect text,
      add column reason text, add column user_id text, add column workspace_id text, add column daemon_id text,
      add column members text[]`);
    this.addSql('create index auth_inval_user on auth_inval (user_id, seq) where user_id is not null');
    this.addSql('create index auth_inval_workspace on auth_inval (workspace_id, seq) where workspace_id is not null');
    this.addSql(`create index auth_inval_wide on auth_inval (seq) where subject in ('ALL', 'WORKSPACE')`);
    this.#appendEvents();
    this.#describeChanges();
    // Rows from before this release, as far as their tags describe them.
    this.addSql(`update auth_inval set effect = 'NARROWED', reason = 'UNSPECIFIED',
        subject_id = case when tag like 'jwt-key:%' then '*' when tag like 'member:%' then split_part(tag, ':', 3)
          when tag like 'daemon:%' then substr(tag, 39) when tag = '*' then '*'
          else substr(tag, strpos(tag, ':') + 1) end,
        subject = case split_part(tag, ':', 1) when 'key' then 'API_KEY' when 'jti' then 'ACCESS_TOKEN'
          when 'member' then 'WORKSPACE_MEMBER' when 'jwt-key' then 'ALL' when '*' then 'ALL'
          else upper(replace(split_part(tag, ':', 1), '-', '_')) end
      where tag <> 'probe'`);
  }

  /** The former \`auth_invalidate\`, with more columns. Its comments are in the migration of the invalidation log. */
  #appendEvents(): void {
    this.addSql(`create function auth_append(tag text, subject text, subject_id text, effect text, reason text,
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
        end if;
        if tag = '*' or subject = 'ALL' then
          insert into auth_inval (seq, tag, subject, subject_id, effect, reason)
            values (next, tag, 'ALL', '*', 'NARROWED', 'UNSPECIFIED');
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
    // For rows that concern everything, or nothing.
    this.addSql(`create or replace function auth_invalidate(tag text) returns void
      language plpgsql set search_path = public, pg_temp as $$
      begin
        perform auth_append(tag, null, null, null, null, null, null, null, null);
      end
    $$`);
  }

  #describeChanges(): void {
    this.addSql(`create function auth_append_change(tag text, subject text, subject_id text, was jsonb, becomes jsonb)
        returns void language plpgsql set search_path = public, pg_temp as $$
      declare
        latest constant jsonb := coalesce(becomes, was);
        owner constant jsonb := coalesce(was, becomes);
        -- An inserted row is an entry of a ledger: it revokes.
        ended constant boolean := was is null or becomes is null or was ->> 'id' is distinct from becomes ->> 'id'
          or becomes ->> 'revoked_at' is not null
          or coalesce((becomes ->> 'expires_at')::timestamptz <= clock_timestamp(), false);
      begin
        perform auth_append(tag, subject, subject_id,
          case when ended then 'ENDED' else 'NARROWED' end,
          case when ended then coalesce(latest ->> 'revocation_reason', latest ->> 'reason', 'UNSPECIFIED')
            when was ->> 'secret_hash' is distinct from becomes ->> 'secret_hash' then 'ROTATED'
            else 'UNSPECIFIED' end,
          owner ->> 'user_id', owner ->> 'workspace_id', owner ->> 'daemon_id', null);
      end
    $$`);
    // TG_ARGV: the kind of the tag, the column that holds the id, \`new\` to read the row as it is afterwards, and the
    // subject, if its name is not that of the tag.
    this.addSql(`create or replace function auth_invalidate_row() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      declare
        changed constant jsonb := case when TG_OP = 'INSERT' or TG_ARGV[2] = 'new' then to_jsonb(new) else to_jsonb(old) end;
      begin
        perform auth_append_change(TG_ARGV[0] || ':' || (changed ->> TG_ARGV[1]),
          coalesce(TG_ARGV[3], upper(replace(TG_ARGV[0], '-', '_'))), changed ->> TG_ARGV[1],
          case when TG_OP <> 'INSERT' then to_jsonb(old) end, case when TG_OP <> 'DELETE' then to_jsonb(new) end);
        return null;
      end
    $$`);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
