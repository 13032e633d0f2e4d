import { Migration } from '@mikro-orm/migrations';
import { invalidateOnRow, invalidateOnTruncate, invalidateOnUpdate } from '../../database/triggers.ts';

/** The registrations of daemons, and their tokens. */
export class Migration20261130000200 extends Migration {
  override async up(): Promise<void> {
    // One row is one registration: the tokens that were created from the first one until all were revoked. A token
    // depends on its row, so that one change revokes any number of tokens with one row in the log.
    this.addSql(`create table daemons (
      id text primary key,
      workspace_id text not null references workspaces (id) on delete cascade deferrable initially deferred,
      daemon_id text not null,
      subject text not null check (subject = workspace_id || ':' || daemon_id),
      created_at timestamptz not null,
      revoked_at timestamptz,
      revocation_reason text,
      unique (id, workspace_id, daemon_id)
    )`);
    this.addSql(`create unique index daemons_registered on daemons (workspace_id, daemon_id) where revoked_at is null`);
    this.addSql(`create index daemons_name on daemons (workspace_id, daemon_id, id desc)`);
    // A token outlives the user who created it.
    this.addSql(`create table daemon_tokens (
      id text primary key,
      registration_id text not null,
      workspace_id text not null,
      daemon_id text not null,
      hint text not null,
      secret_hash text not null unique,
      scopes text[] not null,
      permissions text[] not null,
      created_at timestamptz not null,
      created_by text references users (id) on delete set null deferrable initially deferred,
      first_expires_at timestamptz not null,
      expires_at timestamptz not null,
      renewed_at timestamptz,
      revoked_at timestamptz,
      revocation_reason text,
      foreign key (registration_id, workspace_id, daemon_id) references daemons (id, workspace_id, daemon_id)
        on delete cascade deferrable initially deferred
    )`);
    this.addSql(`create index daemon_tokens_workspace on daemon_tokens (workspace_id, id desc)`);
    this.addSql(`create index daemon_tokens_registration on daemon_tokens (registration_id)`);
    this.addSql(`create index daemon_tokens_creator on daemon_tokens (created_by) where created_by is not null`);

    // A token is not valid without its registration, and a registration not without its workspace. Their rows are in the
    // log before the rows of what is deleted with them would be. So these need none.
    this.addSql(`create function auth_invalidate_daemon_token() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        if TG_OP = 'UPDATE' or exists (select from daemons d where d.id = old.registration_id) then
          perform auth_invalidate('daemon-token:' || old.id);
        end if;
        return null;
      end
    $$`);
    this.addSql(`create function auth_invalidate_daemon() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        if TG_OP = 'UPDATE' or exists (select from workspaces w where w.id = old.workspace_id) then
          perform auth_invalidate('daemon:' || old.subject);
        end if;
        return null;
      end
    $$`);
    const token = { table: 'daemon_tokens', tag: 'daemon-token', by: 'auth_invalidate_daemon_token' };
    const deciding = ['id', 'registration_id', 'workspace_id', 'daemon_id', 'secret_hash', 'scopes', 'permissions'];
    const version = (row: string) => [...deciding, 'revoked_at'].map((column) => `${row}.${column}`).join(', ');
    const daemon = { table: 'daemons', tag: 'daemon', column: 'subject', by: 'auth_invalidate_daemon' };
    for (const statement of [
      ...invalidateOnUpdate({
        ...token,
        columns: [...deciding, 'expires_at', 'revoked_at'],
        // A renewal narrows nothing, so heartbeats cause no NOTIFY. It does invalidate the cached rejection of a token
        // that had expired before: plain SQL can extend one.
        unless: `
          (${version('new')}) is not distinct from (${version('old')})
          and new.expires_at >= old.expires_at and old.expires_at > clock_timestamp()`,
      }),
      ...invalidateOnRow({
        ...token,
        event: 'delete',
        // A token that has ended is rejected already.
        when: 'old.revoked_at is null and old.expires_at > clock_timestamp()',
      }),
      ...invalidateOnTruncate(token),
      ...invalidateOnUpdate({ ...daemon, columns: ['id', 'subject', 'revoked_at'] }),
      ...invalidateOnRow({ ...daemon, event: 'delete', when: 'old.revoked_at is null' }),
      ...invalidateOnTruncate(daemon),
    ]) {
      this.addSql(statement);
    }
  }

  override async down(): Promise<void> {
    // Replicas that run drop the tokens from their caches.
    this.addSql('truncate daemon_tokens, daemons');
    this.addSql('drop table daemon_tokens');
    this.addSql('drop table daemons');
    this.addSql('drop function auth_invalidate_daemon_token, auth_invalidate_daemon');
  }
}
