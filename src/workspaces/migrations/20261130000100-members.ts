import { Migration } from '@mikro-orm/migrations';
import { enableAlways, invalidateOnRow, invalidateOnTruncate, invalidateOnUpdate } from '../../database/triggers.ts';

/** The columns that decide whether an API key is valid, as in the migration of the invalidation log. */
const KEY_COLUMNS = [
  ...['id', 'user_id', 'workspace_id', 'secret_hash', 'previous_secret_hash', 'previous_secret_expires_at'],
  ...['scopes', 'permissions', 'expires_at', 'revoked_at'],
];

const REVOKE = `update api_keys k set revoked_at = clock_timestamp(), revocation_reason = 'REMOVED', version = version + 1`;

/**
 * An API key that is bound to a workspace depends on the membership of its user.
 *
 * The end of a membership revokes these keys in a trigger, whichever statement ends it. So the keys stay revoked if the
 * user becomes a member again. The log gets one row for the membership, and none for the keys: cached entries of the
 * keys have the tag of the membership.
 */
export class Migration20261130000100 extends Migration {
  override async up(): Promise<void> {
    // Before, a key was valid without a membership. The triggers of the earlier release append a row for each of these
    // keys, which its replicas understand. A table with pending triggers cannot be altered, so they run now.
    this.addSql(`${REVOKE} where workspace_id is not null and revoked_at is null and not exists (
      select from workspace_members m where m.workspace_id = k.workspace_id and m.user_id = k.user_id)`);
    this.addSql('set constraints all immediate');
    this.addSql('set constraints all deferred');

    // Cursors have milliseconds. A moment between two milliseconds would be skipped between two pages.
    this.addSql('alter table workspace_members alter column created_at type timestamptz(3)');
    this.addSql(
      'create index workspace_members_joined on workspace_members (workspace_id, created_at desc, user_id desc)',
    );
    // A superset of the index that it replaces. Each removal searches the keys of one member of one workspace.
    this.addSql('create index api_keys_member on api_keys (workspace_id, user_id) where workspace_id is not null');
    this.addSql('drop index api_keys_workspace');

    this.#endKeysWithMembership();
    this.#invalidateMemberships();
    this.#invalidateKeys();
  }

  /** These triggers are not deferred: what the transaction reads next sees that the keys are revoked. */
  #endKeysWithMembership(): void {
    this.addSql(`create function auth_end_keys_of_member() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        ${REVOKE} where k.workspace_id = old.workspace_id and k.user_id = old.user_id and k.revoked_at is null;
        return null;
      end
    $$`);
    this.addSql(`create function auth_end_keys_of_members() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        ${REVOKE} where k.workspace_id is not null and k.revoked_at is null;
        return null;
      end
    $$`);
    const table = 'workspace_members';
    this.addSql(`create trigger ${table}_end_keys_delete after delete on ${table}
      for each row execute function auth_end_keys_of_member()`);
    this.addSql(`create trigger ${table}_end_keys_update after update on ${table}
      for each row when ((old.workspace_id, old.user_id) is distinct from (new.workspace_id, new.user_id))
      execute function auth_end_keys_of_member()`);
    this.addSql(`create trigger ${table}_end_keys_truncate after truncate on ${table}
      for each statement execute function auth_end_keys_of_members()`);
    for (const event of ['delete', 'update', 'truncate'])
      this.addSql(enableAlways({ table, trigger: `${table}_end_keys_${event}` }));
  }

  #invalidateMemberships(): void {
    // A membership that is deleted together with its workspace or its user needs no row: theirs covers it.
    this.addSql(`create function auth_invalidate_member() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        if TG_OP = 'UPDATE' or (exists (select from workspaces w where w.id = old.workspace_id)
            and exists (select from users u where u.id = old.user_id)) then
          perform auth_invalidate('member:' || old.workspace_id || ':' || old.user_id);
        end if;
        return null;
      end
    $$`);
    const membership = { table: 'workspace_members', tag: 'member', by: 'auth_invalidate_member' };
    this.#add([
      ...invalidateOnUpdate({
        ...membership,
        columns: ['workspace_id', 'user_id', 'role'],
        // A promotion narrows nothing.
        unless: `(new.workspace_id, new.user_id) is not distinct from (old.workspace_id, old.user_id) and new.role = 'OWNER'`,
      }),
      ...invalidateOnRow({ ...membership, event: 'delete' }),
      ...invalidateOnTruncate(membership),
    ]);
  }

  #invalidateKeys(): void {
    // A bound key without a membership is not valid, and the row of the membership, the workspace or the user is
    // in the log before this one would be. So its revocation and its deletion need no row. Any other change does: the
    // key may belong to another user or workspace afterwards.
    this.addSql(`create function auth_invalidate_key() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      declare
        indifferent constant text[] := '{revoked_at, revocation_reason, version}';
        ends boolean := true;
      begin
        if old.workspace_id is not null then
          if TG_OP = 'UPDATE' then
            ends := old.revoked_at is null and new.revoked_at is not null
              and to_jsonb(new) - indifferent = to_jsonb(old) - indifferent;
          end if;
          if ends and not exists (
              select from workspace_members m join workspaces w on w.id = m.workspace_id
              where m.workspace_id = old.workspace_id and m.user_id = old.user_id) then
            return null;
          end if;
        end if;
        perform auth_invalidate('key:' || old.id);
        return null;
      end
    $$`);
    for (const event of ['update', 'delete']) this.addSql(`drop trigger api_keys_invalidate_${event} on api_keys`);
    const key = { table: 'api_keys', tag: 'key', by: 'auth_invalidate_key' };
    this.#add([
      ...invalidateOnUpdate({ ...key, columns: KEY_COLUMNS }),
      ...invalidateOnRow({ ...key, event: 'delete' }),
    ]);
  }

  #add(statements: string[]): void {
    for (const statement of statements) this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('The end of a membership cannot be undone. Restore a backup instead.');
  }
}
