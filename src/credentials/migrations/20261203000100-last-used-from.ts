import { Migration } from '@mikro-orm/migrations';

/** From which address a credential was last used. Only kinds of credentials that show it record it. */
export class Migration20261203000100 extends Migration {
  override async up(): Promise<void> {
    this.addSql('alter table credential_usage add column last_used_from text');
  }

  override async down(): Promise<void> {
    this.addSql('alter table credential_usage drop column last_used_from');
  }
}
