// Builders of the triggers that write the invalidation log, and of other triggers that must fire in every session.
// Their result for given options is part of a released migration and must not change by a byte.

/**
 * What `auth_invalidate_row` appends for a row: `<tag>:<value of the column>`, such as `key:key_01…`. See
 * `revocation/tags.ts` for the tags.
 */
interface RowInvalidation {
  table: string;
  /** The kind of the tag, such as `key`. */
  tag: string;
  /** The column that holds the id in the tag. Defaults to `id`. */
  column?: string;
  /** The function that appends the row, if a column does not suffice. Defaults to `auth_invalidate_row`. */
  by?: string;
  /** A `RevocationSubject`, if its name is not that of the tag in upper case. */
  subject?: string;
}

export interface UpdateInvalidation extends RowInvalidation {
  /** A change of any of these columns invalidates. Columns that are not listed never do. */
  columns: readonly string[];
  /** SQL condition on `old` and `new`: an update that matches it narrows nothing and is not logged. */
  unless?: string;
  /** Whether the tag is made from the row as it was or as it is afterwards. Defaults to `old`. */
  row?: 'old' | 'new';
}

/**
 * Invalidates a row when an update narrows what its credential may do.
 *
 * @example
 * for (const statement of invalidateOnUpdate({ table: 'daemon_tokens', tag: 'daemon', columns: ['id', 'revoked_at'] })) {
 *   this.addSql(statement);
 * }
 */
export function invalidateOnUpdate(options: UpdateInvalidation): string[] {
  const { table, tag, columns, unless, column = 'id', by = 'auth_invalidate_row', row = 'old', subject } = options;
  const trigger = `${table}_invalidate_${row === 'old' ? 'update' : 'update_new'}`;
  const valuesOf = (version: 'old' | 'new') => `(${columns.map((each) => `${version}.${each}`).join(', ')})`;
  return [
    `create constraint trigger ${trigger} after update on ${table}
        deferrable initially deferred for each row
        when (${valuesOf('old')} is distinct from ${valuesOf('new')}${unless ? ` and not (${unless})` : ''})
        execute function ${by}('${tag}', '${column}', '${row}'${subject ? `, '${subject}'` : ''})`,
    enableAlways({ table, trigger }),
  ];
}

export interface InsertOrDeleteInvalidation extends RowInvalidation {
  event: 'insert' | 'delete';
  /** SQL condition on `new` (insert) or `old` (delete): only a row that matches it is logged. */
  when?: string;
}

/**
 * Invalidates a deleted row, or the subject that an inserted row revokes.
 *
 * @example
 * for (const statement of invalidateOnRow({ table: 'daemon_tokens', event: 'delete', tag: 'daemon' })) {
 *   this.addSql(statement);
 * }
 */
export function invalidateOnRow(options: InsertOrDeleteInvalidation): string[] {
  const { table, event, tag, column = 'id', by = 'auth_invalidate_row', when, subject } = options;
  const trigger = `${table}_invalidate_${event}`;
  const named = subject ? `, '${event === 'insert' ? 'new' : 'old'}', '${subject}'` : '';
  return [
    `create constraint trigger ${trigger} after ${event} on ${table}
        deferrable initially deferred for each row ${when ? `when (${when})` : ''} execute function ${by}('${tag}', '${column}'${named})`,
    enableAlways({ table, trigger }),
  ];
}

/**
 * Invalidates everything when the table is truncated, which fires no row trigger. Every table with one of the triggers
 * above needs this one, too.
 *
 * @example
 * for (const statement of invalidateOnTruncate({ table: 'daemon_tokens' })) this.addSql(statement);
 */
export function invalidateOnTruncate({ table }: { table: string }): string[] {
  const trigger = `${table}_invalidate_truncate`;
  return [
    `create trigger ${trigger} after truncate on ${table}
        for each statement execute function auth_invalidate_all()`,
    enableAlways({ table, trigger }),
  ];
}

/**
 * Removes the triggers that `invalidateOnUpdate` and `invalidateOnRow` made, so that a later migration can replace them.
 *
 * @example this.addSql(dropInvalidation({ table: 'users', event: 'delete' }));
 */
export function dropInvalidation(options: {
  table: string;
  event: 'insert' | 'update' | 'update_new' | 'delete';
}): string {
  const { table, event } = options;
  return `drop trigger ${table}_invalidate_${event} on ${table}`;
}

/**
 * Makes a trigger fire also in a session with `session_replication_role = replica`, which would otherwise disable
 * revocation. So a logical subscriber writes its own log, and a restored dump has the same triggers.
 *
 * @example this.addSql(enableAlways({ table: 'users', trigger: 'users_end_sessions' }));
 */
export function enableAlways({ table, trigger }: { table: string; trigger: string }): string {
  return `alter table ${table} enable always trigger ${trigger}`;
}
