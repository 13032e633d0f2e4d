import { enableAlways } from '../database/triggers.ts';

// What the SQL of features may read of the uses of credentials. No other folder names the table.

/**
 * The table of uses, to join: `left join ${usageAs('u')} on u.credential_id = k.id`. Its column `last_used_at` says when
 * the credential last authenticated a request; null if it never did.
 */
export function usageAs(usage: string): string {
  return `credential_usage ${usage}`;
}

/** When a credential last authenticated a request, as a scalar subquery; null if it never did. @param id SQL for the id */
export function lastUseOf(id: string): string {
  return `(select u.last_used_at from credential_usage u where u.credential_id = ${id})`;
}

/** A part of a list. */
interface Part {
  /** SQL for an id: what is read of the table of uses has lower ones. */
  before?: string;
}

/** Whether a credential of a kind with `noteCreations` was used, or never. An index finds the few among very many. */
export function wasUsed(id: string, was: boolean, part: Part = {}): string {
  return whereUse(id, `d.used_on is ${was ? 'not ' : ''}null`, part);
}

/** Whether such a credential was never used, or last before this moment. */
export function isUnusedSince(id: string, moment: string, part: Part = {}): string {
  return whereUse(id, `${usedOnOrBefore(moment)} and (d.last_used_at is null or d.last_used_at < ${moment})`, part);
}

/** Whether such a credential was never used, or last on the day of this moment or before. */
export function usedOnBefore(id: string, moment: string): string {
  return whereUse(id, usedOnOrBefore(moment), {});
}

const whereUse = (id: string, condition: string, { before }: Part) => `exists (select from credential_usage d
    where d.credential_id = ${id} and ${condition}${before === undefined ? '' : ` and d.credential_id < ${before}`})`;
const usedOnOrBefore = (moment: string) => `(d.used_on is null or d.used_on <= (${moment} at time zone 'UTC')::date)`;

/**
 * From now on, each new row of a table of credentials has a row here, too, so that an index finds what was never used.
 * For migrations.
 */
export function noteCreations(table: string): string[] {
  const trigger = `${table}_usage`;
  return [
    `insert into credential_usage (credential_id) select id from ${table} on conflict do nothing`,
    `create trigger ${trigger} after insert on ${table} referencing new table as created
      for each statement execute function credentials_note_created()`,
    enableAlways({ table, trigger }),
  ];
}

/**
 * A statement that erases the addresses from which these credentials were last used.
 *
 * @param credentials SQL that selects their ids
 */
export function eraseUsesOf(credentials: string): string {
  return `update credential_usage set last_used_from = null
    where last_used_from is not null and credential_id in (${credentials})`;
}
