import { Migration } from '@mikro-orm/migrations';
import { enableAlways } from '../../database/triggers.ts';

/** A key of a workspace survives the user who created it. The address from which that user created it does not. */
export class Migration20261214000000 extends Migration {
  override async up(): Promise<void> {
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
    this.addSql('drop trigger api_keys_creator_erased on api_keys');
    this.addSql('drop function api_keys_erase_creator()');
  }
}
