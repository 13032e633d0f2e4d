import { Migration } from '@mikro-orm/migrations';

/**
 * The identity of a server includes the database. Two databases of one server (e.g. one and its copy) have
 * one log each, and a position in one log means nothing in the other. So neither uses the entries of the
 * other one in a shared Redis.
 */
export class Migration20261126000000 extends Migration {
  override async up(): Promise<void> {
    // The same server under its new identity stays confirmed.
    const database = '(select oid from pg_database where datname = current_database())';
    this.addSql(
      `update auth_primary set identity = identity || ' ' || ${database} where identity = auth_server_identity()`,
    );
    this.addSql(`create or replace function auth_server_identity() returns text language sql stable as $$
      select extract(epoch from pg_postmaster_start_time())::text || ' ' || case when pg_is_in_recovery() then 'standby'
        else left(pg_walfile_name(pg_current_wal_lsn()), 8) end
        || ' ' || ${database}
    $$`);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
