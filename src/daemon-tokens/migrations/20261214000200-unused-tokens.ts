import { Migration } from '@mikro-orm/migrations';
import { noteCreations } from '../../credentials/last-used.sql.ts';

/** Tokens that were never used are found among very many, when a policy ends them. */
export class Migration20261214000200 extends Migration {
  override async up(): Promise<void> {
    for (const statement of noteCreations('daemon_tokens')) this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('Rows of unused tokens cannot be removed by a migration. Restore a backup instead.');
  }
}
