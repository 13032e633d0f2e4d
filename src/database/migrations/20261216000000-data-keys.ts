import { Migration } from '@mikro-orm/migrations';

/** The columns that hold sealed values: the table and its columns. */
const SEALED = {
  users: ['email_sealed', 'display_name'],
  sessions: ['ip_address', 'user_agent'],
  jwt_keys: ['private_sealed'],
  api_keys: ['created_from_ip', 'metadata_sealed'],
  credential_usage: ['last_used_from'],
  signing_keys: ['secret_sealed'],
} as const;
/** The form of a sealed value. */
const FORM = String.raw`^s2\.[1-9][0-9]{0,8}\.[A-Za-z0-9_-]{38,}$`;

/** Data keys, and columns that accept nothing but sealed values. */
export class Migration20261216000000 extends Migration {
  override async up(): Promise<void> {
    // One row per tenant and version. Deleting a workspace, in plain SQL, too, deletes its keys and thereby everything
    // that was sealed with them.
    this.addSql(`create table data_keys (
      tenant text not null check (tenant = coalesce(workspace_id, 'accounts')),
      version integer not null check (version > 0),
      workspace_id text references workspaces (id) on delete cascade deferrable initially deferred,
      wrapped text not null,
      encryptions bigint not null default 0,
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant, version)
    )`);
    this.addSql('create index data_keys_workspace on data_keys (workspace_id) where workspace_id is not null');
    // Replicas look for versions that another replica has made.
    this.addSql('create index data_keys_replaced on data_keys (created_at) where version > 1');
    // At most one row: a re-encryption that is running or was stopped, and the last row that it has finished.
    this.addSql(`create table reencryption (
      one boolean primary key default true check (one),
      started_at timestamptz not null default clock_timestamp(),
      at_table text not null default '',
      at_row text not null default ''
    )`);
    for (const [table, columns] of Object.entries(SEALED)) {
      for (const column of columns) this.#accept(table, column);
    }
  }

  /**
   * New rows must hold a sealed value. Rows that exist are sealed after the migrations, which then validates the
   * constraint; with none, it is valid now.
   */
  #accept(table: string, column: string): void {
    const constraint = `${table}_${column}_is_sealed`;
    this.addSql(`alter table ${table} add constraint ${constraint} check (${column} ~ '${FORM}') not valid`);
    this.addSql(`do $$ begin
      if not exists (select from ${table} where ${column} is not null) then
        alter table ${table} validate constraint ${constraint};
      end if;
    end $$`);
  }

  override async down(): Promise<void> {
    throw new Error('Sealed values cannot be opened without their data keys. Restore a backup instead.');
  }
}
