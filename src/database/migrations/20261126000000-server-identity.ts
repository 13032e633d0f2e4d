import { Migration } from '@mikro-orm/migrations';

/**
 * The identity of the server names the database, too. Two databases of one server (a copy of the other, say) have a log
 * each, and a position in one means nothing in the other: entries in a Redis that they share are not each other's.
 */
export class Migration20261126000000 extends Migration {
  override async up(): Promise<void> {
    // The same server by its new name: what is known of it stays known.
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
