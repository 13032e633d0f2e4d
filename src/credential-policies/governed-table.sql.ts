import { enableAlways } from '../database/triggers.ts';

/**
 * Adds to a table of credentials what policies need: since when a row has the times that they count from. For migrations.
 *
 * @param changes SQL condition on `old` and `new`: an update that gives a row other times
 * @param set assignments for the rows that exist: two updates in one transaction would leave pending triggers
 */
export function governTable({ table, changes, set = '' }: { table: string; changes: string; set?: string }): string[] {
  const trigger = `${table}_dates`;
  return [
    `alter table ${table} add column dated_at timestamptz not null default clock_timestamp()`,
    `update ${table} set dated_at = created_at${set && `, ${set}`}`,
    `create trigger ${trigger} before update on ${table} for each row when (${changes}) execute function auth_note_dates()`,
    enableAlways({ table, trigger }),
  ];
}

/**
 * Invalidates a credential when an update changes the times that policies count from. Only plain SQL changes them alone. For
 * migrations, after `governTable`.
 *
 * @param tag the kind of the tag, as for `invalidateOnUpdate`
 * @param subject a `RevocationSubject`, if its name is not that of the tag in upper case
 * @param changes SQL condition on `old` and `new`: an update that gives a row other times, beside those that every table has
 */
export function invalidateOnDates({
  table,
  tag,
  subject,
  changes,
}: {
  table: string;
  tag: string;
  subject?: string;
  changes?: string;
}): string[] {
  const trigger = `${table}_invalidate_dates`;
  // A row that is dated later is ended by fewer spans.
  const moved = ['new.created_at <> old.created_at', 'new.dated_at < old.dated_at', ...(changes ? [changes] : [])];
  return [
    `create constraint trigger ${trigger} after update on ${table} deferrable initially deferred for each row
        when (${moved.join(' or ')}) execute function auth_invalidate_row('${tag}', 'id', 'old'${subject ? `, '${subject}'` : ''})`,
    enableAlways({ table, trigger }),
  ];
}
