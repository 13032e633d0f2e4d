import { Migration } from '@mikro-orm/migrations';
import { invalidateOnDates } from '../../credential-policies/governed-table.sql.ts';

/** The times that policies count from decide about an API key, so a change of them appends a row to the log. */
export class Migration20261211000100 extends Migration {
  override async up(): Promise<void> {
    for (const statement of invalidateOnDates({ table: 'api_keys', tag: 'key', subject: 'API_KEY' }))
      this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('Without this trigger, replicas would accept what a policy has ended. Restore a backup instead.');
  }
}
