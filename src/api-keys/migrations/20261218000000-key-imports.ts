import { Migration } from '@mikro-orm/migrations';
import { enableAlways } from '../../database/triggers.ts';

/**
 * The imports of API keys from other systems. Each appends a row to the invalidation log, so every replica learns that
 * there are secrets without the form of this service. The row invalidates what was remembered about unknown secrets.
 */
export class Migration20261218000000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create table api_key_imports (
      id text primary key,
      imported_at timestamptz not null,
      key_count integer not null
    )`);
    this.addSql(`create function auth_announce_key_import() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      begin
        perform auth_invalidate('imported-keys');
        return null;
      end
    $$`);
    this.addSql(`create constraint trigger api_key_imports_announce after insert on api_key_imports
      deferrable initially deferred for each row execute function auth_announce_key_import()`);
    this.addSql(enableAlways({ table: 'api_key_imports', trigger: 'api_key_imports_announce' }));
  }

  override async down(): Promise<void> {
    throw new Error('Replicas would reject imported keys. Restore a backup instead.');
  }
}
