import { Migration } from '@mikro-orm/migrations';
import { governTable } from '../../credential-policies/governed-table.sql.ts';

/** Policies govern signing keys. A successor begins no new lifetime: it counts from the creation of the first key. */
export class Migration20261203000400 extends Migration {
  override async up(): Promise<void> {
    this.addSql('alter table signing_keys add column lifetime_from timestamptz');
    const changes = `new.created_at <> old.created_at or new.lifetime_from is distinct from old.lifetime_from
      or (new.expires_at is null and old.expires_at is not null)`;
    for (const statement of governTable({ table: 'signing_keys', changes })) this.addSql(statement);
  }

  override async down(): Promise<void> {
    this.addSql('drop trigger signing_keys_dates on signing_keys');
    this.addSql('alter table signing_keys drop column lifetime_from, drop column dated_at');
  }
}
