import { Migration } from '@mikro-orm/migrations';
import { dropInvalidation, invalidateOnUpdate } from '../../database/triggers.ts';

/** The columns that decide whether an API key is valid and what it may do: those of the governed keys, and the rate limit. */
const KEY_COLUMNS = [
  ...['id', 'user_id', 'workspace_id', 'secret_hash', 'previous_secret_hash', 'previous_secret_expires_at'],
  ...['scopes', 'permissions', 'allowed_addresses', 'expires_at', 'revoked_at'],
  ...['rate_limit_requests', 'rate_limit_seconds'],
];
/** Of these, the ones for which every change may narrow. */
const FIXED_COLUMNS = KEY_COLUMNS.slice(0, 6);
const valuesOf = (row: string, columns: string[]) => `(${columns.map((column) => `${row}.${column}`).join(', ')})`;
const isSame = (columns: string[]) => `${valuesOf('new', columns)} is not distinct from ${valuesOf('old', columns)}`;

/**
 * Rate limits are enforced. A change of one makes caches read the key again, and a stricter one is an event like every
 * other change that narrows a key.
 */
export class Migration20261220000100 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`alter table api_keys add constraint api_keys_rate_limit_values
      check (rate_limit_requests >= 1 and rate_limit_seconds >= 1)`);
    this.#invalidate();
  }

  /** As in the migration of the governed keys, with the rate limit. */
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
                select from unnest(new.allowed_addresses::inet[]) as after where before <<= after)))
            and (new.rate_limit_requests is null or old.rate_limit_requests is not null
              and new.rate_limit_requests >= old.rate_limit_requests
              and new.rate_limit_seconds <= old.rate_limit_seconds) then
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

  override async down(): Promise<void> {
    throw new Error('Replicas would not notice a change of a rate limit. Restore a backup instead.');
  }
}
