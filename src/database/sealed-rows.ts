import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { SealedField } from './sealed-field.ts';

/** The sealed columns of one table. */
export interface SealedTable {
  readonly table: string;
  readonly key: string;
  readonly workspace: string | null;
  readonly fields: readonly SealedField[];
}

/** One row of a sealed table, as it is stored. */
export interface StoredRow {
  readonly id: string;
  readonly workspaceId: string | null;
  /** By column. */
  readonly values: Readonly<Record<string, string | null>>;
}

/** The new values of a row, by column: texts, or the bytes of a blind index. */
export type NewValues = Readonly<Record<string, string | Buffer>>;

const ROWS = 100;

/** The sealed fields by table, because an update of a row must satisfy the constraints of all of its columns. */
export function sealedTables(fields: readonly SealedField[]): SealedTable[] {
  return [...Map.groupBy(fields, ({ table }) => table)].map(([table, fields]) => ({
    table,
    key: fields[0]!.key,
    workspace: fields[0]!.workspace ?? null,
    fields,
  }));
}

/** All rows of a table in pages, in the order of their key. */
export async function* rowsOf(
  em: EntityManager,
  { table, key, workspace, fields }: SealedTable,
  after = '',
): AsyncGenerator<StoredRow[]> {
  const columns = fields.map(({ column }) => column);
  const select = `select ${key} as id, ${workspace ?? 'null'} as workspace, ${columns.join(', ')} from ${table}`;
  for (let last = after; ; ) {
    const rows = await em.execute<Record<string, string | null>[]>(
      `${select} where ${key} > ? order by ${key} limit ${ROWS}`,
      [last],
    );
    if (rows.length > 0) {
      yield rows.map(({ id, workspace, ...values }) => ({ id: id!, workspaceId: workspace ?? null, values }));
    }
    if (rows.length < ROWS) return;
    last = rows.at(-1)!.id!;
  }
}

/**
 * Replaces values of one row, unless another request has changed one of them since it was read.
 *
 * @returns whether they were replaced
 */
export async function replaceValues(
  em: EntityManager,
  { table, key }: SealedTable,
  { row, values }: { row: StoredRow; values: NewValues },
): Promise<boolean> {
  const columns = Object.keys(values);
  const former = columns.filter((column) => column in row.values);
  const replaced = await em.execute(
    `update ${table} set ${columns.map((column) => `${column} = ?`).join(', ')} where ${key} = ?
      ${former.map((column) => `and ${column} is not distinct from ?`).join(' ')} returning 1`,
    [...Object.values(values), row.id, ...former.map((column) => row.values[column] ?? null)],
  );
  return replaced.length > 0;
}

/** Runs the work in one transaction. An error rolls the transaction back. */
export async function inTransaction<T>(em: EntityManager, work: () => Promise<T>): Promise<T> {
  await em.begin({ isolationLevel: IsolationLevel.READ_COMMITTED });
  try {
    const result = await work();
    await em.commit();
    return result;
  } catch (error) {
    await em.rollback().catch(() => undefined); // The first error is the one that matters.
    throw error;
  }
}
