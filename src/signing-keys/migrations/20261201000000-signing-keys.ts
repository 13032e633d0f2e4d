import { Migration } from '@mikro-orm/migrations';
import { invalidateOnRow, invalidateOnTruncate, invalidateOnUpdate } from '../../database/triggers.ts';

/** Signing keys, and the nonces of the requests that they have signed. */
export class Migration20261201000000 extends Migration {
  override async up(): Promise<void> {
    // A key outlives the user who created it. Each key has one successor at most.
    this.addSql(`create table signing_keys (
      id text primary key,
      workspace_id text not null references workspaces (id) on delete cascade deferrable initially deferred,
      description text not null,
      secret_sealed text not null,
      scopes text[] not null,
      permissions text[] not null,
      created_at timestamptz not null,
      created_by text references users (id) on delete set null deferrable initially deferred,
      expires_at timestamptz,
      replaces text unique references signing_keys (id) on delete set null deferrable initially deferred,
      replaced_by text references signing_keys (id) on delete set null deferrable initially deferred,
      revoked_at timestamptz,
      revocation_reason text
    )`);
    this.addSql(`create index signing_keys_workspace on signing_keys (workspace_id, id desc)`);
    this.addSql(`create index signing_keys_creator on signing_keys (created_by) where created_by is not null`);
    this.addSql(`create index signing_keys_replaced on signing_keys (replaced_by) where replaced_by is not null`);

    // Logged, unlike the counts of limits: a nonce that a crash loses could be used again. The digest is the SHA-256 of
    // the key and the nonce. Times are of the client, in milliseconds, as it has signed them.
    this.addSql(`create table request_nonces (
      digest bytea primary key,
      signed_at bigint not null
    )`);
    this.addSql(`create index request_nonces_signed on request_nonces (signed_at)`);
    // Housekeeping has deleted nonces of requests that were signed up to this time. So no request that was signed then, or
    // before, is accepted any more, whatever the clock of the server or the configuration says.
    this.addSql(`create table request_nonce_horizon (
      one boolean primary key default true check (one),
      signed_at bigint not null
    ) with (fillfactor = 50)`);
    this.addSql('insert into request_nonce_horizon (signed_at) values (0)');

    // A key is not valid without its workspace, whose row is in the log before the row of the key would be.
    this.addSql(`create function auth_invalidate_signing_key() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        if TG_OP = 'UPDATE' and old.replaced_by is null and new.replaced_by is not null and new.revoked_at is null then
          perform auth_append('signing-key:' || old.id, 'SIGNING_KEY', old.id, 'NARROWED', 'ROTATED', null,
            old.workspace_id, null, null);
        elsif TG_OP = 'UPDATE' or exists (select from workspaces w where w.id = old.workspace_id) then
          perform auth_append_change('signing-key:' || old.id, 'SIGNING_KEY', old.id, to_jsonb(old),
            case when TG_OP = 'UPDATE' then to_jsonb(new) end);
        end if;
        return null;
      end
    $$`);
    const key = { table: 'signing_keys', tag: 'signing-key', by: 'auth_invalidate_signing_key' };
    for (const statement of [
      ...invalidateOnUpdate({
        ...key,
        columns: ['id', 'workspace_id', 'secret_sealed', 'scopes', 'permissions', 'expires_at', 'revoked_at'],
      }),
      ...invalidateOnRow({ ...key, event: 'delete', when: 'old.revoked_at is null' }),
      ...invalidateOnTruncate(key),
    ]) {
      this.addSql(statement);
    }
  }

  override async down(): Promise<void> {
    // Replicas that run drop the keys from their caches.
    this.addSql('truncate signing_keys');
    this.addSql('drop table signing_keys');
    this.addSql('drop table request_nonces, request_nonce_horizon');
    this.addSql('drop function auth_invalidate_signing_key');
  }
}
