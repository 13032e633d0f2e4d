import { Migration } from '@mikro-orm/migrations';
import { enableAlways, invalidateOnRow, invalidateOnTruncate, invalidateOnUpdate } from '../../database/triggers.ts';

const BOUNDS = ['maximum_lifetime_seconds', 'idle_seconds', 'requires_expiry'];
/** More than any bound. */
const NEVER = '2147483648';
const boundsOf = (row: string) => `(${BOUNDS.map((bound) => `${row}.${bound}`).join(', ')})`;
const isBounded = (row: string) =>
  `(coalesce(${row}.maximum_lifetime_seconds, ${row}.idle_seconds) is not null or ${row}.requires_expiry)`;
/** Whether no bound of the new row is stricter. */
const IS_LOOSER = `(new.subject = old.subject
  and coalesce(new.maximum_lifetime_seconds, ${NEVER}) >= coalesce(old.maximum_lifetime_seconds, ${NEVER})
  and coalesce(new.idle_seconds, ${NEVER}) >= coalesce(old.idle_seconds, ${NEVER})
  and new.requires_expiry <= old.requires_expiry)`;

/**
 * Policies that bound credentials. They decide when a credential is read, so a policy applies at once to everything that
 * exists, and no row of a credential is written.
 */
export class Migration20261203000200 extends Migration {
  override async up(): Promise<void> {
    const columns = `workspace_id text references workspaces (id) on delete cascade deferrable initially deferred,
      maximum_lifetime_seconds integer check (maximum_lifetime_seconds >= 1),
      idle_seconds integer check (idle_seconds >= 1),
      idle_tolerance_seconds integer not null default 0,
      requires_expiry boolean not null default false`;
    // The policies in force: of the installation ('*') and of workspaces.
    this.addSql(`create table credential_policies (
      subject text primary key check (subject = coalesce(workspace_id, '*')),
      ${columns},
      valid_from timestamptz not null default clock_timestamp()
    )`);
    // What they were before. A credential that had ended then stays ended.
    this.addSql(`create table former_credential_policies (
      subject text not null check (subject = coalesce(workspace_id, '*')),
      ${columns},
      valid_from timestamptz not null,
      valid_until timestamptz not null
    )`);
    this.addSql('create index former_credential_policies_subject on former_credential_policies (subject, valid_until)');
    this.addSql(`create index former_credential_policies_workspace on former_credential_policies (workspace_id)
      where workspace_id is not null`);
    this.addSql(
      `create index credential_policies_workspace on credential_policies (workspace_id) where workspace_id is not null`,
    );
    this.#keepHistory();
    this.#invalidate();
    // For the tables of credentials. A policy that was over before a row got its times cannot have ended it.
    this.addSql(`create function auth_note_dates() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        new.dated_at := clock_timestamp();
        return new;
      end
    $$`);
    this.addSql(`insert into credential_policies (subject) values ('*')`);
    // A table with pending triggers cannot be altered by a later migration.
    this.addSql('set constraints all immediate');
    this.addSql('set constraints all deferred');
  }

  /** One change at a time, and none while a transaction relies on the policy. A workspace that is deleted needs none. */
  #keepHistory(): void {
    this.addSql(`create function auth_keep_policy() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      declare
        moment timestamptz;
      begin
        if TG_OP = 'DELETE' and old.workspace_id is not null
            and not exists (select from workspaces w where w.id = old.workspace_id) then
          return old;
        end if;
        if TG_OP <> 'DELETE' then
          perform pg_advisory_xact_lock(hashtextextended('policy:' || new.subject, 0));
        end if;
        if TG_OP <> 'INSERT' then
          perform pg_advisory_xact_lock(hashtextextended('policy:' || old.subject, 0));
        end if;
        moment := clock_timestamp();
        if TG_OP <> 'INSERT' and ${isBounded('old')}
            and (TG_OP = 'DELETE' or new.subject <> old.subject or ${boundsOf('new')} is distinct from ${boundsOf('old')}) then
          insert into former_credential_policies (subject, workspace_id, maximum_lifetime_seconds, idle_seconds,
              idle_tolerance_seconds, requires_expiry, valid_from, valid_until)
            values (old.subject, old.workspace_id, old.maximum_lifetime_seconds, old.idle_seconds,
              old.idle_tolerance_seconds, old.requires_expiry, old.valid_from, moment);
        end if;
        if TG_OP = 'DELETE' then
          return old;
        end if;
        if TG_OP = 'INSERT' or new.subject <> old.subject or ${boundsOf('new')} is distinct from ${boundsOf('old')} then
          new.valid_from := moment;
        end if;
        return new;
      end
    $$`);
    const table = 'credential_policies';
    const trigger = `${table}_keep`;
    this.addSql(
      `create trigger ${trigger} before insert or update or delete on ${table} for each row execute function auth_keep_policy()`,
    );
    this.addSql(enableAlways({ table, trigger }));
  }

  /** One row for a policy that is stricter than before, however many credentials it ends. */
  #invalidate(): void {
    this.addSql(`create function auth_invalidate_policy() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      declare
        members text[];
      begin
        if new.workspace_id is null then
          perform auth_append('*', 'ALL', '*', 'NARROWED', 'ADMINISTRATIVE', null, null, null, null);
          return null;
        end if;
        select array_agg(m.user_id) into members from workspace_members m where m.workspace_id = new.workspace_id;
        perform auth_append('workspace:' || new.workspace_id, 'WORKSPACE', new.workspace_id, 'NARROWED', 'ADMINISTRATIVE',
          null, new.workspace_id, null, members);
        return null;
      end
    $$`);
    const policy = { table: 'credential_policies', tag: 'policy', by: 'auth_invalidate_policy' };
    for (const statement of [
      ...invalidateOnRow({ ...policy, event: 'insert', when: isBounded('new') }),
      ...invalidateOnUpdate({ ...policy, columns: ['subject', ...BOUNDS], unless: IS_LOOSER }),
      ...invalidateOnTruncate(policy),
    ])
      this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('Credentials that a policy has ended would be valid again. Restore a backup instead.');
  }
}
