import { Migration } from '@mikro-orm/migrations';
import { enableAlways } from '../../database/triggers.ts';

/** The columns of an event that its hash covers, besides the hashes of its personal fields. */
const COVERED = [
  ...['id', 'type', 'occurred_at', 'actor_user_id', 'actor_credential_id', 'subject_id', 'workspace_id', 'request_id'],
  ...['data', 'outcome', 'reason', 'user_agent_digest'],
];
/** The columns that hold sealed values, and the form of these. */
const SEALED = [
  ['audit_events', 'ip_address_sealed'],
  ['audit_events', 'user_agent_sealed'],
  ['audit_keys', 'private_sealed'],
] as const;
const FORM = String.raw`^s2\.[1-9][0-9]{0,8}\.[A-Za-z0-9_-]{38,}$`;
const rowOf = (version: 'old' | 'new') => `(${COVERED.map((column) => `${version}.${column}`).join(', ')})`;

/** The address of an event that an earlier release wrote. The chain seals it and adds its hash. */
const ADDRESS_IS_SEALED = `old.ip_address is not null and new.ip_address is null and old.ip_address_digest is null`;

/**
 * The hash chains of the audit log. `audit_links` gives each event its place. Links are only inserted, so an event is
 * written once, and no transaction that records an event waits for the chain.
 *
 * The triggers refuse every change of a recorded event, with two exceptions: the erasure of personal fields, and the
 * deletion of events that a summary of the retention covers. The owner of the tables can disable the triggers. The
 * verification of the chain and its checkpoints finds what was changed then.
 */
export class Migration20261217000000 extends Migration {
  override async up(): Promise<void> {
    // Personal fields: the sealed text holds a salt and the value, the digest is the hash of both. `ip_address` holds
    // what earlier releases wrote, until the event is chained.
    this.addSql(`alter table audit_events add column ip_address_sealed text, add column ip_address_digest text,
      add column user_agent_sealed text, add column user_agent_digest text`);
    this.addSql('drop index audit_events_subject, audit_events_actor_address, audit_events_position');
    // An event gets its position at the commit, by an update. The insert before it writes to none of these indexes.
    this.addSql('create index audit_events_position on audit_events (position) where position is not null');
    for (const column of ['subject_id', 'actor_user_id', 'actor_credential_id', 'workspace_id']) {
      this.addSql(`create index audit_events_${column} on audit_events (${column}, position desc)
        where ${column} is not null and position is not null`);
    }
    this.addSql('create index audit_events_type on audit_events (type, position desc) where position is not null');
    this.addSql(`create index audit_events_refused on audit_events (position desc)
      where outcome = 'REFUSED' and position is not null`);
    this.addSql(`create index audit_events_request on audit_events (request_id)
      where request_id is not null and position is not null`);
    this.addSql('create index audit_events_time on audit_events (occurred_at) where position is not null');
    this.addSql(`create index audit_events_personal on audit_events (coalesce(actor_user_id, subject_id))
      where ip_address is not null or ip_address_sealed is not null or user_agent_sealed is not null`);
    this.#createTables();
    for (const [table, column] of SEALED) {
      const constraint = `${table}_${column}_is_sealed`;
      this.addSql(`alter table ${table} add constraint ${constraint} check (${column} ~ '${FORM}')`);
    }
    this.#refuseChanges();
  }

  #createTables(): void {
    // A chain is the id of a workspace, or `*` for the installation.
    this.addSql(`create table audit_links (
      event_id text primary key,
      chain text not null,
      sequence bigint not null,
      -- The position of the event. The last one shows how far the log is chained.
      position bigint not null,
      previous_hash text not null,
      hash text not null,
      unique (chain, sequence)
    )`);
    this.addSql('create index audit_links_position on audit_links (position)');
    this.addSql(`create table audit_chains (
      chain text primary key,
      sequence bigint not null,
      hash text not null,
      -- The sequence of the last checkpoint, and since when there are events after it.
      signed_sequence bigint not null default 0,
      unsigned_since timestamptz
    )`);
    this.addSql('create index audit_chains_unsigned on audit_chains (unsigned_since) where unsigned_since is not null');
    this.addSql(`create table audit_keys (
      kid text primary key,
      public_jwk jsonb not null,
      private_sealed text not null,
      created_at timestamptz not null
    )`);
    this.addSql(`create table audit_checkpoints (
      chain text not null,
      sequence bigint not null,
      hash text not null,
      made_at timestamptz not null,
      kid text not null,
      signature text not null,
      primary key (chain, sequence)
    )`);
    this.addSql(`create table audit_removals (
      chain text primary key,
      first_sequence bigint not null,
      last_sequence bigint not null,
      last_hash text not null,
      count bigint not null,
      removed_at timestamptz not null,
      kid text not null,
      signature text not null
    )`);
  }

  #refuseChanges(): void {
    this.addSql(`create function audit_refuse() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        raise exception 'The audit log never changes: % of %.', lower(TG_OP), TG_TABLE_NAME
          using errcode = 'restrict_violation';
      end
    $$`);
    // Returns the row if a signed summary covers it, so that the retention can delete it.
    this.addSql(`create function audit_refuse_delete() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      declare
        link record;
      begin
        if TG_TABLE_NAME = 'audit_events' then
          select chain, sequence into link from audit_links where event_id = old.id;
        else
          link := old;
        end if;
        if link.chain is null or not exists
          (select from audit_removals r where r.chain = link.chain and r.last_sequence >= link.sequence) then
          raise exception 'The audit log never changes: delete of %.', TG_TABLE_NAME
            using errcode = 'restrict_violation';
        end if;
        return old;
      end
    $$`);
    const refuse = (
      table: string,
      event: string,
      { when, by = 'audit_refuse' }: { when?: string; by?: string } = {},
    ) => {
      const trigger = `${table}_keep_${event}`;
      const each = event === 'truncate' ? 'statement' : 'row';
      this.addSql(`create trigger ${trigger} before ${event} on ${table} for each ${each}
        ${when ? `when (${when})` : ''} execute function ${by}()`);
      this.addSql(enableAlways({ table, trigger }));
    };
    refuse('audit_events', 'update', {
      when: `${rowOf('old')} is distinct from ${rowOf('new')}
        or (new.ip_address is distinct from old.ip_address and new.ip_address is not null)
        or (new.ip_address_digest is distinct from old.ip_address_digest and not (${ADDRESS_IS_SEALED}))`,
    });
    refuse('audit_links', 'update');
    refuse('audit_checkpoints', 'update');
    refuse('audit_chains', 'update', {
      when: 'new.chain <> old.chain or new.sequence < old.sequence or new.signed_sequence < old.signed_sequence',
    });
    refuse('audit_keys', 'update', { when: 'new.kid <> old.kid or new.public_jwk is distinct from old.public_jwk' });
    refuse('audit_removals', 'update', {
      when: 'new.chain <> old.chain or new.last_sequence < old.last_sequence',
    });
    for (const table of ['audit_events', 'audit_links', 'audit_checkpoints']) {
      refuse(table, 'delete', { by: 'audit_refuse_delete' });
    }
    for (const table of ['audit_chains', 'audit_keys', 'audit_removals']) refuse(table, 'delete');
    for (const table of ['events', 'links', 'checkpoints', 'chains', 'keys', 'removals']) {
      refuse(`audit_${table}`, 'truncate');
    }
  }

  override async down(): Promise<void> {
    throw new Error('The chains of the audit log cannot be removed by a migration. Restore a backup instead.');
  }
}
