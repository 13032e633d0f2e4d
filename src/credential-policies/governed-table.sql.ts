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
