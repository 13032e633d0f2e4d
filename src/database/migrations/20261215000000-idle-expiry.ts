import { Migration } from '@mikro-orm/migrations';

/** A session whose idle expiry has passed has ended, as one whose absolute expiry has passed. Its event says so. */
export class Migration20261215000000 extends Migration {
  override async up(): Promise<void> {
    // As in the migration of the revocation events, with one more column that ends a row.
    this.addSql(`create or replace function auth_append_change(tag text, subject text, subject_id text, was jsonb,
        becomes jsonb) returns void language plpgsql set search_path = public, pg_temp as $$
      declare
        latest constant jsonb := coalesce(becomes, was);
        owner constant jsonb := coalesce(was, becomes);
        -- An inserted row is an entry of a ledger: it revokes.
        ended constant boolean := was is null or becomes is null or was ->> 'id' is distinct from becomes ->> 'id'
          or becomes ->> 'revoked_at' is not null
          or coalesce((becomes ->> 'expires_at')::timestamptz <= clock_timestamp(), false)
          or coalesce((becomes ->> 'idle_expires_at')::timestamptz <= clock_timestamp(), false);
      begin
        perform auth_append(tag, subject, subject_id,
          case when ended then 'ENDED' else 'NARROWED' end,
          case when ended then coalesce(latest ->> 'revocation_reason', latest ->> 'reason', 'UNSPECIFIED')
            when was ->> 'secret_hash' is distinct from becomes ->> 'secret_hash' then 'ROTATED'
            else 'UNSPECIFIED' end,
          owner ->> 'user_id', owner ->> 'workspace_id', owner ->> 'daemon_id', null);
      end
    $$`);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
