import { Migration } from '@mikro-orm/migrations';
import { invalidateOnDates } from '../../credential-policies/governed-table.sql.ts';

/** The times that policies count from decide about a daemon token, so a change of them appends a row to the log. */
export class Migration20261211000200 extends Migration {
  override async up(): Promise<void> {
    for (const statement of invalidateOnDates({ table: 'daemon_tokens', tag: 'daemon-token' })) this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('Without this trigger, replicas would accept what a policy has ended. Restore a backup instead.');
  }
}
