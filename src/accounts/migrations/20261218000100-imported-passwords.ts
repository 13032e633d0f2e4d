import { Migration } from '@mikro-orm/migrations';

/** Password hashes of other systems, until their users log in for the first time. */
export class Migration20261218000100 extends Migration {
  override async up(): Promise<void> {
    this.addSql('alter table users add column password_imported boolean not null default false');
    // Every failed login asks whether there is one.
    this.addSql('create index users_imported_passwords on users (id) where password_imported');
  }

  override async down(): Promise<void> {
    throw new Error('Users with an imported password could not log in. Restore a backup instead.');
  }
}
