import { Migration } from '@mikro-orm/migrations';

/** The events of one user that hold an address, which is erased when the user is deleted. */
export class Migration20261202000100 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create index audit_events_actor_address on audit_events (actor_user_id)
      where actor_user_id is not null and ip_address is not null`);
  }

  override async down(): Promise<void> {
    this.addSql('drop index audit_events_actor_address');
  }
}
