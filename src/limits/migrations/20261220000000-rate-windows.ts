import { Migration } from '@mikro-orm/migrations';

/**
 * The current window of each credential with a rate limit: which requests of it were handed out. Logged, unlike the
 * counters in `auth_limits`: a crash of the server must not hand them out again.
 */
export class Migration20261220000000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create table rate_windows (
      credential_id text primary key,
      window_id uuid not null,
      started_at timestamptz not null,
      granted integer not null,
      last_grant integer not null
    )`);
    this.addSql('create index rate_windows_age on rate_windows (started_at)');
  }

  override async down(): Promise<void> {
    this.addSql('drop table rate_windows');
  }
}
