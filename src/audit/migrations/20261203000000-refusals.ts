import { Migration } from '@mikro-orm/migrations';

/** Events of requests that were refused, with the reason. */
export class Migration20261203000000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`alter table audit_events add column reason text,
      add column outcome text not null default 'SUCCEEDED' check (outcome in ('SUCCEEDED', 'REFUSED'))`);
  }

  override async down(): Promise<void> {
    this.addSql('alter table audit_events drop column outcome, drop column reason');
  }
}
