import { Migration } from '@mikro-orm/migrations';

/** The row that `/readyz` writes, to check whether the database commits a write now. Nothing else reads it. */
export class Migration20261129000200 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create table auth_write_check (
      one boolean primary key default true check (one),
      at timestamptz not null
    ) with (fillfactor = 50)`);
  }

  override async down(): Promise<void> {
    this.addSql('drop table auth_write_check');
  }
}
