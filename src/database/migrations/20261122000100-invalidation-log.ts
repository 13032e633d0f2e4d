import { Migration } from '@mikro-orm/migrations';
import { enableAlways, invalidateOnRow, invalidateOnTruncate, invalidateOnUpdate } from '../triggers.ts';

/** A transaction that invalidates more than this invalidates everything, which is cheaper than a long list. */
const MOST_PER_TRANSACTION = 1000;

/**
 * The invalidation log. Every change that narrows what a credential may do is appended in the commit that makes it, by
 * this service, past the ORM, or by an operator with psql.
 *
 * The triggers are deferred constraint triggers. They take the row lock of the counter at COMMIT, after
 * every other lock: the order of the sequence is the order of the commits, there are no gaps, and the lock
 * cannot be part of a deadlock.
 */
export class Migration20261122000100 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create table auth_epoch (
      one boolean primary key default true check (one),
      seq bigint not null,
      -- Who appended last, and where the log ended before his first row.
      writer text,
      begun bigint
    ) with (fillfactor = 50)`);
    // The transaction that has invalidated everything, so it need not append more. Not a setting of the session,
    // which any client could change. Not in auth_epoch: a row that was updated a thousand times in this
    // transaction is slow to read.
    this.addSql(`create table auth_bulk (
      one boolean primary key default true check (one),
      writer text not null
    )`);
    this.addSql(`insert into auth_epoch (seq) values (0)`);
    this.addSql(`create table auth_inval (
      seq bigint primary key,
      tag text not null,
      at timestamptz not null default clock_timestamp()
    )`);
    this.addSql(`create index auth_inval_tag on auth_inval (tag, at)`);
    this.addSql(`create table auth_replica (
      id uuid primary key,
      applied bigint not null default 0,
      suspect boolean not null default false,
      lease_ms integer not null
    ) with (fillfactor = 50)`);
    // The database server for which it is certain that no lease of an earlier server is left. After a failover, leases
    // of the earlier server may be missing in auth_replica, and must expire. A replica that has known the server for
    // that long by its own monotonic clock writes the row. The clock of the server may be set.
    this.addSql(`create table auth_primary (
      one boolean primary key default true check (one),
      identity text not null
    )`);

    // The identity changes with every start, every promotion and every other server that serves this data. It is the
    // same text in every session, whatever the time zone.
    this.addSql(`create function auth_server_identity() returns text language sql stable as $$
      select extract(epoch from pg_postmaster_start_time())::text || ' ' || case when pg_is_in_recovery() then 'standby'
        else left(pg_walfile_name(pg_current_wal_lsn()), 8) end
    $$`);
    // The log begins here: before it, no server can have granted a lease.
    this.addSql(`insert into auth_primary (identity) values (auth_server_identity())`);

    // The session that changes a row may have any search path. These functions find the log anyway.
    //
    // After a `*` the transaction appends nothing: all of its changes become visible together with the `*`. A
    // snapshot that does not see this transaction is older than the `*`, so nothing that was read from it is used any
    // more. A snapshot that sees it contains all of its changes. Without this rule, n updates of auth_epoch in one
    // transaction would take n² steps, while every other revocation waits. A rollback to a savepoint removes both the
    // `*` and its row in auth_bulk.
    //
    // `me` is unique: of all transactions of all servers, only one has this number on the server with this
    // start time. So a row of auth_bulk that was left behind, or copied to another server, keeps no other
    // transaction from appending.
    this.addSql(`create function auth_invalidate(tag text) returns void language plpgsql set search_path from current as $$
      declare
        me constant text := pg_current_xact_id() || ' ' || extract(epoch from pg_postmaster_start_time());
        next bigint;
        mine bigint;
      begin
        if exists (select from auth_bulk b where b.writer = me) then
          return;
        end if;
        update auth_epoch set seq = seq + 1, begun = case when writer = me then begun else seq end, writer = me
          where one returning seq, seq - begun into next, mine;
        if mine > ${MOST_PER_TRANSACTION} then
          tag := '*';
        end if;
        insert into auth_inval (seq, tag) values (next, tag);
        if tag = '*' then
          insert into auth_bulk (writer) values (me) on conflict (one) do update set writer = excluded.writer;
        end if;
        -- It must survive a crash, whoever narrows: with \`off\`, a COMMIT is answered that may be lost, and with \`local\` one
        -- that no standby has. This transaction alone, and never less than it asked for.
        if current_setting('synchronous_commit') in ('off', 'local') then
          perform set_config('synchronous_commit', 'on', true);
        end if;
        perform pg_notify('auth_inval', next::text);
      end
    $$`);
    // TG_ARGV: the kind of the tag, the column that holds the id, and `new` to read the row as it is afterwards.
    this.addSql(`create function auth_invalidate_row() returns trigger language plpgsql set search_path from current as $$
      begin
        if TG_OP = 'INSERT' or TG_ARGV[2] = 'new' then
          perform auth_invalidate(TG_ARGV[0] || ':' || (to_jsonb(new) ->> TG_ARGV[1]));
        else
          perform auth_invalidate(TG_ARGV[0] || ':' || (to_jsonb(old) ->> TG_ARGV[1]));
        end if;
        return null;
      end
    $$`);
    // TRUNCATE fires no row trigger, so it invalidates everything.
    this.addSql(`create function auth_invalidate_all() returns trigger language plpgsql set search_path from current as $$
      begin
        perform auth_invalidate('*');
        return null;
      end
    $$`);

    const add = (statements: string[]) => {
      for (const statement of statements) this.addSql(statement);
    };
    add(
      invalidateOnUpdate({
        table: 'api_keys',
        tag: 'key',
        columns: [
          'id',
          'user_id',
          'workspace_id',
          'secret_hash',
          'previous_secret_hash',
          'previous_secret_expires_at',
          'scopes',
          'permissions',
          'expires_at',
          'revoked_at',
        ],
      }),
    );
    add(invalidateOnRow({ table: 'api_keys', event: 'delete', tag: 'key' }));
    // A refresh moves the idle expiry of a session further away. That narrows nothing, and refreshes cause no NOTIFY.
    add(
      invalidateOnUpdate({
        table: 'sessions',
        tag: 'session',
        columns: ['id', 'user_id', 'generation', 'scopes', 'revoked_at', 'expires_at', 'idle_expires_at'],
        unless: `
          (new.id, new.user_id, new.generation, new.scopes, new.revoked_at, new.expires_at)
            is not distinct from (old.id, old.user_id, old.generation, old.scopes, old.revoked_at, old.expires_at)
          and new.idle_expires_at >= old.idle_expires_at`,
      }),
    );
    add(
      invalidateOnRow({
        table: 'sessions',
        event: 'delete',
        tag: 'session',
        // Housekeeping deletes sessions that are revoked or expired. That narrows nothing.
        when: 'old.revoked_at is null and old.expires_at > clock_timestamp()',
      }),
    );
    add(
      invalidateOnUpdate({
        table: 'users',
        tag: 'user',
        columns: ['id', 'role', 'disabled_at', 'session_generation', 'session_kept'],
      }),
    );
    add(invalidateOnRow({ table: 'users', event: 'delete', tag: 'user' }));
    add(invalidateOnUpdate({ table: 'workspaces', tag: 'workspace', columns: ['id', 'requires_signed_requests'] }));
    add(invalidateOnRow({ table: 'workspaces', event: 'delete', tag: 'workspace' }));
    const ledger = { table: 'access_token_revocations', tag: 'jti', column: 'jti' };
    add(invalidateOnRow({ ...ledger, event: 'insert' }));
    // An entry whose `jti` changes revokes the new token, and no longer the old one.
    add(invalidateOnUpdate({ ...ledger, columns: ['jti'] }));
    add(invalidateOnUpdate({ ...ledger, columns: ['jti'], row: 'new' }));
    // An entry of the ledger revokes a token without a change of the session's row. So its insert waits for the writes
    // that were confirmed under a lock on that row, and later confirmations wait for the entry.
    this.addSql(`create function auth_lock_session() returns trigger language plpgsql set search_path from current as $$
      begin
        perform from sessions where id = new.session_id for no key update;
        return new;
      end
    $$`);
    this.addSql(`create trigger access_token_revocations_lock before insert or update of jti on access_token_revocations
      for each row execute function auth_lock_session()`);
    this.addSql(enableAlways({ table: 'access_token_revocations', trigger: 'access_token_revocations_lock' }));
    const jwtKeys = { table: 'jwt_keys', tag: 'jwt-key', column: 'kid' };
    add(invalidateOnUpdate({ ...jwtKeys, columns: ['kid', 'public_jwk'] }));
    add(invalidateOnRow({ ...jwtKeys, event: 'delete' }));
    for (const table of ['api_keys', 'sessions', 'users', 'workspaces', 'access_token_revocations', 'jwt_keys']) {
      add(invalidateOnTruncate({ table }));
    }
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
