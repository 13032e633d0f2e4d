import { Migration } from '@mikro-orm/migrations';
import { governTable } from '../../credential-policies/governed-table.sql.ts';

/** Policies govern daemon tokens. A renewal does not restart the lifetime. */
export class Migration20261203000500 extends Migration {
  override async up(): Promise<void> {
    const governed = { table: 'daemon_tokens', changes: 'new.created_at <> old.created_at' };
    for (const statement of governTable(governed)) this.addSql(statement);
  }

  override async down(): Promise<void> {
    this.addSql('drop trigger daemon_tokens_dates on daemon_tokens');
    this.addSql('alter table daemon_tokens drop column dated_at');
  }
}
