import { Migration } from '@mikro-orm/migrations';

const BOUNDS = ['maximum_lifetime_seconds', 'idle_seconds', 'idle_tolerance_seconds'];
/** Ten years. */
const LARGEST = 315_360_000;

/** Bounds have an upper limit. Without one, an owner of a workspace could set a bound with which SQL cannot calculate. */
export class Migration20261213000000 extends Migration {
  override async up(): Promise<void> {
    for (const table of ['credential_policies', 'former_credential_policies'])
      this.addSql(`update ${table} set ${BOUNDS.map((bound) => `${bound} = least(${bound}, ${LARGEST})`).join(', ')}
        where greatest(${BOUNDS.join(', ')}) > ${LARGEST}`);
    // A table with pending triggers cannot be altered.
    this.addSql('set constraints all immediate');
    this.addSql('set constraints all deferred');
    for (const table of ['credential_policies', 'former_credential_policies'])
      this.addSql(`alter table ${table} add constraint ${table}_largest check (greatest(${BOUNDS.join(', ')}) <= ${LARGEST}),
        add constraint ${table}_tolerance check (idle_tolerance_seconds >= 0)`);
  }

  override async down(): Promise<void> {
    for (const table of ['credential_policies', 'former_credential_policies'])
      this.addSql(`alter table ${table} drop constraint ${table}_largest, drop constraint ${table}_tolerance`);
  }
}
