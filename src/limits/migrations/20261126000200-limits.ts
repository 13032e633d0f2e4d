import { Migration } from '@mikro-orm/migrations';

/**
 * Who has knocked how often in the last minute or two. Unlogged: it is written often, and nothing is lost with it but
 * that.
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
