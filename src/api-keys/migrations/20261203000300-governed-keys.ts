import { Migration } from '@mikro-orm/migrations';
import { governTable } from '../../credential-policies/governed-table.sql.ts';
import { dropInvalidation, invalidateOnUpdate } from '../../database/triggers.ts';

/** The columns that decide whether an API key is valid, as in the migration of the members. */
const KEY_COLUMNS = [
  ...['id', 'user_id', 'workspace_id', 'secret_hash', 'previous_secret_hash', 'previous_secret_expires_at'],
  ...['scopes', 'permissions', 'allowed_addresses', 'expires_at', 'revoked_at'],
];
/** Of these, the ones for which every change may narrow. */
const FIXED_COLUMNS = KEY_COLUMNS.slice(0, 6);
const valuesOf = (row: string, columns: string[]) => `(${columns.map((column) => `${row}.${column}`).join(', ')})`;
const isSame = (columns: string[]) => `${valuesOf('new', columns)} is not distinct from ${valuesOf('old', columns)}`;

/** API keys that belong to a workspace, that can be edited, and that can be found among very many. */
export class Migration20261203000300 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`alter table api_keys alter column user_id drop not null,
      add constraint api_keys_owner check (user_id is not null or workspace_id is not null),
      add column created_by text,
      add column description text,
      add column metadata_sealed text,
      add column allowed_addresses text[] not null default '{}',
      add constraint api_keys_addresses check (allowed_addresses::inet[] is not null),
      add column rate_limit_requests integer,
      add column rate_limit_seconds integer,
      add constraint api_keys_rate_limit check ((rate_limit_requests is null) = (rate_limit_seconds is null))`);
    const governed = {
      table: 'api_keys',
      changes: 'new.created_at <> old.created_at or (new.expires_at is null and old.expires_at is not null)',
      set: 'created_by = user_id',
    };
    for (const statement of governTable(governed)) this.addSql(statement);
    this.addSql(`alter table api_keys add constraint api_keys_creator foreign key (created_by) references users (id)
      on delete set null deferrable initially deferred`);
    this.#index();
    this.#keepWorkspaceKeys();
    this.#invalidate();
    this.#rememberCreations();
  }

  #index(): void {
    this.addSql('create index api_keys_created_by on api_keys (created_by) where created_by is not null');
    this.addSql(
      'create index api_keys_of_workspace on api_keys (workspace_id, id desc) where workspace_id is not null',
    );
    this.addSql('create index api_keys_revoked on api_keys (id desc) where revoked_at is not null');
    this.addSql(`create index api_keys_expiry on api_keys (expires_at) where expires_at is not null`);
    this.addSql('create extension if not exists pg_trgm schema public');
    // An operator may have installed the extension in another schema before.
    this.addSql(`do $$ begin
      execute format('create index api_keys_search on api_keys using gin
          (lower(name || chr(10) || coalesce(description, '''') || chr(10) || hint) %I.gin_trgm_ops)',
        (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm'));
    end $$`);
  }

  /** The keys of a workspace do not depend on a membership. */
  #keepWorkspaceKeys(): void {
    this.addSql(`create or replace function auth_end_keys_of_members() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        update api_keys k set revoked_at = clock_timestamp(), revocation_reason = 'REMOVED', version = version + 1
          where k.workspace_id is not null and k.user_id is not null and k.revoked_at is null;
        return null;
      end
    $$`);
  }

  /**
   * As in the migration of the workspace events, with two differences. A key of a workspace depends on its workspace alone.
   * A change that only widens what a key may do is no revocation: caches read the key again, and followers get no event.
   */
  #invalidate(): void {
    this.addSql(`create or replace function auth_invalidate_key() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      declare
        indifferent constant text[] := '{revoked_at, revocation_reason, version}';
        ends boolean := true;
      begin
        if old.workspace_id is not null then
          if TG_OP = 'UPDATE' then
            ends := old.revoked_at is null and new.revoked_at is not null
              and to_jsonb(new) - indifferent = to_jsonb(old) - indifferent;
          end if;
          if ends and not exists (select from workspaces w where w.id = old.workspace_id and (old.user_id is null or exists (
              select from workspace_members m where m.workspace_id = w.id and m.user_id = old.user_id))) then
            return null;
          end if;
        end if;
        if TG_OP = 'UPDATE' and ${isSame(FIXED_COLUMNS)} and new.revoked_at is null
            and new.scopes @> old.scopes and new.permissions @> old.permissions
            and coalesce(new.expires_at, 'infinity') >= coalesce(old.expires_at, 'infinity')
            and (new.allowed_addresses = '{}' or old.allowed_addresses <> '{}' and not exists (
              select from unnest(old.allowed_addresses::inet[]) as before where not exists (
                select from unnest(new.allowed_addresses::inet[]) as after where before <<= after))) then
          perform auth_invalidate('key:' || old.id);
          return null;
        end if;
        perform auth_append_change('key:' || old.id, 'API_KEY', old.id, to_jsonb(old),
          case when TG_OP = 'UPDATE' then to_jsonb(new) end);
        return null;
      end
    $$`);
    this.addSql(dropInvalidation({ table: 'api_keys', event: 'update' }));
    // Caches only know whether a key has metadata.
    const statements = invalidateOnUpdate({
      table: 'api_keys',
      tag: 'key',
      by: 'auth_invalidate_key',
      columns: [...KEY_COLUMNS, 'metadata_sealed'],
      unless: `${isSame(KEY_COLUMNS)} and (new.metadata_sealed is null) = (old.metadata_sealed is null)`,
    });
    for (const statement of statements) this.addSql(statement);
  }

  /** Of each call with an idempotency key, what is needed to answer it once more. */
  #rememberCreations(): void {
    this.addSql(`create table api_key_creations (
      credential_id text not null,
      key_digest text not null,
      primary key (credential_id, key_digest),
      api_key_id text not null references api_keys (id) on delete cascade deferrable initially deferred,
      master_key text not null,
      salt text not null,
      input_digest text not null,
      created_at timestamptz not null
    )`);
    this.addSql('create index api_key_creations_key on api_key_creations (api_key_id)');
    this.addSql('create index api_key_creations_age on api_key_creations (created_at)');
  }

  override async down(): Promise<void> {
    throw new Error('Keys of workspaces and restrictions of keys would be lost. Restore a backup instead.');
  }
}
