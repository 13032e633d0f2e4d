import { Migration } from '@mikro-orm/migrations';

/** A successor of a signing key begins no new lifetime: policies count it from the creation of the first key. */
export class Migration20261203000400 extends Migration {
  override async up(): Promise<void> {
    this.addSql('alter table signing_keys add column lifetime_from timestamptz');
  }

  override async down(): Promise<void> {
    this.addSql('alter table signing_keys drop column lifetime_from');
  }
}
