import { Migration } from '@mikro-orm/migrations';

/** What `/readyz` writes, to learn whether the database commits a write now. One row, which says nothing to anyone else. */
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
