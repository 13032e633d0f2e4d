import { Migration } from '@mikro-orm/migrations';

/** What was never used, or not for long, is found among very many credentials. */
export class Migration20261214000000 extends Migration {
  override async up(): Promise<void> {
    // The index has the day and not the moment: a use on the same day writes no index.
    this.addSql(`alter table credential_usage alter column last_used_at drop not null,
      add column used_on date generated always as ((last_used_at at time zone 'UTC')::date) stored`);
    this.addSql('create index credential_usage_day on credential_usage (used_on, credential_id)');
    // For the triggers of `noteCreations`.
    this.addSql(`create function credentials_note_created() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        insert into credential_usage (credential_id) select id from created on conflict do nothing;
        return null;
      end
    $$`);
  }

  override async down(): Promise<void> {
    throw new Error('Rows of unused credentials cannot be removed by a migration. Restore a backup instead.');
  }
}
