import { Migration } from '@mikro-orm/migrations';

/** Where the replicas meet for a run of the canary (see `canary/canary.ts`). Empty but for the seconds that a run takes. */
export class Migration20261122000200 extends Migration {
  override async up(): Promise<void> {
    // One row, so one run at a time in the whole installation. No foreign key to the credential: it would forbid an
    // operator to TRUNCATE that table, and whoever cleans up deletes both in one statement.
    this.addSql(`create table canary (
      one boolean primary key default true check (one),
      key_id text not null unique,
      owner_id text not null,
      secret_sealed text not null,
      announced_at timestamptz not null default clock_timestamp(),
      revoked_at timestamptz,
      settled_at timestamptz
    )`);
    // A replica that has let the canary in while it was alive; and what it did in the end. Both moments are null until then.
    this.addSql(`create table canary_witnesses (
      key_id text not null references canary (key_id) on delete cascade,
      replica uuid not null,
      refused_at timestamptz,
      accepted_at timestamptz,
      primary key (key_id, replica),
      check (refused_at is null or accepted_at is null)
    )`);
  }

  override async down(): Promise<void> {
    this.addSql('drop table canary_witnesses');
    this.addSql('drop table canary');
  }
}
