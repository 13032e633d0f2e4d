import { Migration } from '@mikro-orm/migrations';
import { noteCreations } from '../../credentials/last-used.sql.ts';
import { enableAlways } from '../../database/triggers.ts';

/** Filters find the few among very many keys, and no key keeps the address of a creator who was deleted. */
export class Migration20261214000100 extends Migration {
  override async up(): Promise<void> {
    for (const statement of noteCreations('api_keys')) this.addSql(statement);
    this.addSql('create index api_keys_endless on api_keys (id desc) where expires_at is null');
    // For policies, which count from the creation.
    this.addSql('create index api_keys_created on api_keys (created_at)');
    this.addSql(`create index api_keys_created_in_workspace on api_keys (workspace_id, created_at)
      where workspace_id is not null`);
    this.#eraseCreators();
  }

  /** A key of a workspace survives the user who created it. The address from which that user created it does not. */
  #eraseCreators(): void {
    this.addSql(`create function api_keys_erase_creator() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        new.created_from_ip := null;
        return new;
      end
    $$`);
    const trigger = { table: 'api_keys', trigger: 'api_keys_creator_erased' };
    this.addSql(`create trigger ${trigger.trigger} before update of created_by on api_keys for each row
      when (new.created_by is null and old.created_by is not null) execute function api_keys_erase_creator()`);
    this.addSql(enableAlways(trigger));
  }

  override async down(): Promise<void> {
    throw new Error('Rows of unused keys cannot be removed by a migration. Restore a backup instead.');
  }
}
