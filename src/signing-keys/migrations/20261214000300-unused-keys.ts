import { Migration } from '@mikro-orm/migrations';
import { noteCreations } from '../../credentials/last-used.sql.ts';

/** Keys that were never used are found among very many, when a policy ends them. */
export class Migration20261214000300 extends Migration {
  override async up(): Promise<void> {
    for (const statement of noteCreations('signing_keys')) this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('Rows of unused keys cannot be removed by a migration. Restore a backup instead.');
  }
}
