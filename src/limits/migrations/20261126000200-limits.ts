import { Migration } from '@mikro-orm/migrations';

/**
 * The counters of the rate limits for the last minute or two. Unlogged: they are written often, and a crash loses
 * nothing but these counts.
 */
export class Migration20261126000200 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create unlogged table auth_limits (
      key text primary key,
      times timestamptz[] not null,
      passed boolean not null
    )`);
  }

  override async down(): Promise<void> {
    this.addSql('drop table auth_limits');
  }
}
