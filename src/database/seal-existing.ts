import type { EntityManager } from '@mikro-orm/sql';
import { versionOf } from '../crypto/data-key.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { blindIndexes, open, SealError } from '../crypto/seal.ts';
import type { SealedField } from './sealed-field.ts';
import { inTransaction, replaceValues, rowsOf, type SealedTable, type StoredRow, sealedTables } from './sealed-rows.ts';
import type { Sealer } from './sealer.ts';
import { sqlIn } from './sql-in.ts';

/** A column has rows to seal as long as its constraint is not validated. See the migration. */
const UNSEALED = `select conname as name from pg_constraint where connamespace = 'public'::regnamespace
    and not convalidated and conname like '%\\_is\\_sealed'`;
const constraintOf = ({ table, column }: SealedField) => `${table}_${column}_is_sealed`;

export interface FormerValues {
  readonly fields: readonly SealedField[];
  readonly sealer: Sealer;
  /** Values were sealed with these keys before there were data keys. */
  readonly keyring: Keyring;
}

/**
 * Seals the values of rows that an earlier version has written, as plain text or with a master key. It may be stopped
 * and started again: it skips sealed values. No other process may write these tables.
 */
export async function sealExisting(em: EntityManager, { fields, sealer, keyring }: FormerValues): Promise<void> {
  const unsealed = (await em.execute<{ name: string }[]>(UNSEALED)).map(({ name }) => name);
  if (unsealed.length > 0) await sealer.keys.start();
  for (const table of sealedTables(fields)) {
    const todo = table.fields.filter((field) => unsealed.includes(constraintOf(field)));
    if (todo.length === 0) continue;
    for await (const rows of rowsOf(em, table)) {
      await inTransaction(em, async () => {
        for (const row of rows) await sealRow(em, { sealer, keyring, table, row });
      });
    }
    for (const field of todo) {
      await em.execute(`alter table ${field.table} validate constraint ${constraintOf(field)}`);
    }
  }
}

async function sealRow(
  em: EntityManager,
  { sealer, keyring, table, row }: { sealer: Sealer; keyring: Keyring; table: SealedTable; row: StoredRow },
): Promise<void> {
  const values: Record<string, string | Buffer> = {};
  for (const field of table.fields) {
    const stored = row.values[field.column] ?? null;
    if (stored === null || (await isSealed(em, sealer, { field, row, stored }))) continue;
    const plaintext = formerPlaintext(keyring, field, { row, stored });
    values[field.column] = await sealer.seal(field, row, { plaintext, sql: sqlIn(em) });
    if (field.index) values[field.index.column] = await indexOf(em, field, { sealer, keyring, row, plaintext });
  }
  if (Object.keys(values).length > 0) await replaceValues(em, table, { row, values });
}

/** A text that was never sealed may have the form of a sealed one, e.g. the name of a user. Then it does not open. */
async function isSealed(
  em: EntityManager,
  sealer: Sealer,
  { field, row, stored }: { field: SealedField; row: StoredRow; stored: string },
): Promise<boolean> {
  if (versionOf(stored) === null) return false;
  if (field.former) return true; // Earlier versions have sealed it, in another form.
  try {
    await sealer.open(field, row, { sealed: stored, sql: sqlIn(em) });
    return true;
  } catch (error) {
    if (error instanceof SealError && error.code !== 'UNKNOWN_KEY') return false;
    throw error;
  }
}

/** The index of the spelling that the row was stored under. So no two rows get the same index. */
async function indexOf(
  em: EntityManager,
  field: SealedField,
  { sealer, keyring, row, plaintext }: { sealer: Sealer; keyring: Keyring; row: StoredRow; plaintext: string },
): Promise<Buffer> {
  const { table, key, index, former } = field;
  const [stored] = await em.execute<{ index: Uint8Array }[]>(
    `select ${index!.column} as index from ${table} where ${key} = ?`,
    [row.id],
  );
  const spellings = index!.spellings(plaintext);
  const isStored = (canonical: string) =>
    blindIndexes(keyring, { field: former?.purpose ?? '', canonical }).some((each) => each.equals(stored!.index));
  return sealer.index(field, spellings.find(isStored) ?? spellings[0]);
}

function formerPlaintext(
  keyring: Keyring,
  { table, column, former }: SealedField,
  { row, stored }: { row: StoredRow; stored: string },
): string {
  if (!former) return stored;
  try {
    return open(keyring, { purpose: former.purpose, aad: former.aad(row.id), sealed: stored }).toString('utf8');
  } catch (error) {
    const isLost = error instanceof SealError && error.code === 'UNKNOWN_KEY';
    if (isLost && former.where !== undefined) return ''; // The check at the start found that no row needs it.
    throw new Error(`${table}.${column} of the row ${row.id} cannot be opened. ${(error as Error).message}`, {
      cause: error,
    });
  }
}
