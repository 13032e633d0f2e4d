import { Migration } from '@mikro-orm/migrations';

/**
 * The tables in which the replicas coordinate a canary run (see `canary/canary.ts`). They are empty except during a
 * run, which takes seconds.
 */
export class Migration20261122000200 extends Migration {
  override async up(): Promise<void> {
    // One row, so the whole installation has one run at a time. No foreign key to the credential, because it would keep
    // an operator from truncating that table. The cleanup deletes both rows in one statement.
    this.addSql(`create table canary (
      one boolean primary key default true check (one),
      key_id text not null unique,
      owner_id text not null,
      secret_sealed text not null,
      announced_at timestamptz not null default clock_timestamp(),
      revoked_at timestamptz,
      settled_at timestamptz
    )`);
    // A replica that accepted the canary before its revocation, and what it did in the end. Until
    // then, both times are null.
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
