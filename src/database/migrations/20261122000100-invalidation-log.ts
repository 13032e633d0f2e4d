import { Migration } from '@mikro-orm/migrations';
import { enableAlways, invalidateOnRow, invalidateOnTruncate, invalidateOnUpdate } from '../triggers.ts';

/** A transaction that invalidates more than this invalidates everything: to forget all is cheaper than to list it. */
const MOST_PER_TRANSACTION = 1000;

/**
 * The invalidation log: whatever narrows what a credential may do is written down in the commit that does it,
 * whoever does it, be it this service, an ORM bypass or an operator with psql.
 *
 * The triggers are deferred constraint triggers, so that the counter's row lock is taken at COMMIT, after every other
 * lock: the order of the sequence is the order of the commits, there are no gaps, and no deadlock can involve it.
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
    // The transaction that has invalidated everything, and so has nothing more to say. Not a setting of the session, which
    // anybody could set. And not in auth_epoch: a row that was updated a thousand times in this transaction is slow to read.
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
    // The database server of which it is known that no lease is left that a server before it granted: after a failover,
    // those may not be in auth_replica and have to run out. Named by whoever has known the server for that long by his own
    // monotonic clock; the server's own clock may be set.
    this.addSql(`create table auth_primary (
      one boolean primary key default true check (one),
      identity text not null
    )`);

    // Changes with every start, every promotion and every other server that serves this data. The same text in every
    // session, whatever its time zone.
    this.addSql(`create function auth_server_identity() returns text language sql stable as $$
      select extract(epoch from pg_postmaster_start_time())::text || ' ' || case when pg_is_in_recovery() then 'standby'
        else left(pg_walfile_name(pg_current_wal_lsn()), 8) end
    $$`);
    // The log begins here: before it, no server can have granted a lease.
    this.addSql(`insert into auth_primary (identity) values (auth_server_identity())`);

    // Whoever changes a row may have any search path: these find the log all the same.
    //
    // After a `*` the transaction appends nothing: all that it changes becomes visible together with it. A snapshot that
    // does not see this transaction is older than the `*`, so nothing read from it is believed any more; one that does has
    // all of its changes. Without that, updating auth_epoch n times in one transaction would take n² steps, while every
    // other revocation waits. A rollback to a savepoint takes the `*` and the note of it back alike.
    //
    // Of all transactions of all servers, only one has this number on the server that was started then: neither a note
    // that was left behind nor one that was copied to another server keeps anybody from appending.
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
    // TG_ARGV: the kind of the tag, then the name of the column that holds the id, then `new` for what it is afterwards.
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
    // TRUNCATE fires no row trigger: it invalidates everything there is.
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
    // A refresh moves the idle end of a session further away: nothing is narrowed, and NOTIFY stays off that path.
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
        // What housekeeping removes has long been refused.
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
    // Given another one, it revokes that, and the first one no more.
    add(invalidateOnUpdate({ ...ledger, columns: ['jti'] }));
    add(invalidateOnUpdate({ ...ledger, columns: ['jti'], row: 'new' }));
    // The ledger ends what hangs on a session without changing its row. Whoever writes into it waits for the writes that
    // were confirmed under a lock on that row, and whoever is to be confirmed waits for the entry.
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
