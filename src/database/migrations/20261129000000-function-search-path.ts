import { Migration } from '@mikro-orm/migrations';

const FUNCTIONS = [
  'auth_server_identity()',
  'auth_invalidate(text)',
  'auth_invalidate_row()',
  'auth_invalidate_all()',
  'auth_lock_session()',
  'auth_refuse_public_jwk()',
];

/**
 * Every function of this schema finds the same tables and the same built-in functions in every session: of this
 * service, of an operator, or of a role with another search path. Before, some functions had no search path, and the
 * others had that of the session that installed them.
 */
export class Migration20261129000000 extends Migration {
  override async up(): Promise<void> {
    for (const each of FUNCTIONS) this.addSql(`alter function ${each} set search_path = public, pg_temp`);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
