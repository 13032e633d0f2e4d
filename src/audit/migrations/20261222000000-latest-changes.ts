import { Migration } from '@mikro-orm/migrations';

/** The index that finds the latest changes: the statement `LATEST_CHANGES` repeats its condition. */
export class Migration20261222000000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create index audit_events_changes on audit_events (position desc)
      where outcome = 'SUCCEEDED' and type <> 'personal-data.read'`);
  }

  override async down(): Promise<void> {
    this.addSql('drop index audit_events_changes');
  }
}
