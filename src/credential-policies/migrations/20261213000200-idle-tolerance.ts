import { Migration } from '@mikro-orm/migrations';
import { dropInvalidation, invalidateOnUpdate } from '../../database/triggers.ts';

const BOUNDS = ['maximum_lifetime_seconds', 'idle_seconds', 'requires_expiry'];
/** More than any bound. */
const NEVER = '2147483648';
/** The tolerance is a part of the bound on idle credentials. Without that bound it decides nothing. */
const boundsOf = (row: string) =>
  `(${BOUNDS.map((bound) => `${row}.${bound}`).join(', ')}, ${row}.idle_seconds + ${row}.idle_tolerance_seconds)`;
const isBounded = (row: string) =>
  `(coalesce(${row}.maximum_lifetime_seconds, ${row}.idle_seconds) is not null or ${row}.requires_expiry)`;
/** Whether no bound of the new row is stricter. */
const IS_LOOSER = `(new.subject = old.subject
  and coalesce(new.maximum_lifetime_seconds, ${NEVER}) >= coalesce(old.maximum_lifetime_seconds, ${NEVER})
  and coalesce(new.idle_seconds + new.idle_tolerance_seconds, ${NEVER})
    >= coalesce(old.idle_seconds + old.idle_tolerance_seconds, ${NEVER})
  and new.requires_expiry <= old.requires_expiry)`;

/**
 * A change of the tolerance for idle credentials is a change of the policy: what had ended before stays ended, and a smaller
 * tolerance appends a row to the log.
 */
export class Migration20261213000200 extends Migration {
  override async up(): Promise<void> {
    // The rest is as in the migration of the policies.
    this.addSql(`create or replace function auth_keep_policy() returns trigger language plpgsql
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
    this.addSql(dropInvalidation({ table, event: 'update' }));
    const columns = ['subject', ...BOUNDS, 'idle_tolerance_seconds'];
    const policy = { table, tag: 'policy', by: 'auth_invalidate_policy', columns, unless: IS_LOOSER };
    for (const statement of invalidateOnUpdate(policy)) this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('Credentials that a policy has ended would be valid again. Restore a backup instead.');
  }
}
