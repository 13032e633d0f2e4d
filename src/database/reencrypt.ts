import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/sql';
import { versionOf } from '../crypto/data-key.ts';
import type { KeyManagement } from '../crypto/key-management.ts';
import { SealError } from '../crypto/seal.ts';
import type { SealedField } from './sealed-field.ts';
import { inTransaction, replaceValues, rowsOf, type SealedTable, type StoredRow, sealedTables } from './sealed-rows.ts';
import { type Sealer, tenantOf } from './sealer.ts';
import { sqlStateOf } from './sql-errors.ts';
import { sqlIn } from './sql-in.ts';

/** Called from time to time with the number of rows that are done. */
export type OnProgress = (done: number, total: number) => void;

const KEYS = 100;
/** Attempts of a page that failed because of a request of the service: a deadlock, or a lock that took too long. */
const ATTEMPTS = 5;
const LOST = ['40P01', '40001', '55P03', '57014'];
/** After this time every replica uses the new versions: it looks for them every 2 s. */
const SETTLE_MS = 6000;
/** A pass finds the rows that requests have written during the pass before it. */
const PASSES = 3;

interface StoredKey {
  tenant: string;
  version: number;
  wrapped: string;
}

/**
 * Wraps all data keys with the current master key. A key that is already wrapped with it stays as it is. The work may
 * be stopped and started again.
 *
 * @returns how many keys were wrapped again
 */
export async function rewrapDataKeys(
  em: EntityManager,
  management: KeyManagement,
  onProgress: OnProgress,
): Promise<number> {
  const total = await count(em, 'data_keys');
  let done = 0;
  let rewrapped = 0;
  for await (const keys of dataKeys(em)) {
    for (const { tenant, version, wrapped } of keys) {
      if (management.wrappedBy(wrapped) === management.current) continue;
      const bytes = await management.unwrap({ tenant, version }, wrapped);
      const again = await management.wrap({ tenant, version }, bytes);
      bytes.fill(0);
      await em.execute('update data_keys set wrapped = ? where tenant = ? and version = ? and wrapped = ?', [
        ...[again, tenant, version, wrapped],
      ]);
      rewrapped++;
    }
    done += keys.length;
    onProgress(done, total);
  }
  return rewrapped;
}

export interface Reencryption {
  readonly fields: readonly SealedField[];
  readonly sealer: Sealer;
  readonly onProgress: OnProgress;
  /** Called with the place of each value that does not open, once in each pass. The value stays as it is. */
  readonly onUnopened: (place: string) => void;
  /** How long to wait until every replica uses the new keys. */
  readonly settleMs?: number;
}

/**
 * Makes a new data key for every tenant, and seals all values again with it. The service may run: each value opens with
 * the key that its text names. A value that a request changes meanwhile is not overwritten. If a run was stopped, the
 * next one continues there.
 *
 * @returns how many values were sealed again
 */
export async function reencryptData(
  em: EntityManager,
  { fields, sealer, onProgress, onUnopened, settleMs = SETTLE_MS }: Reencryption,
): Promise<number> {
  await em.execute('insert into reencryption default values on conflict do nothing');
  await replaceDataKeys(em, sealer);
  await sleep(settleMs);

  const tables = sealedTables(fields).toSorted((a, b) => (a.table < b.table ? -1 : 1));
  const counts = await Promise.all(tables.map(({ table }) => count(em, table)));
  const total = counts.reduce((sum, each) => sum + each, 0);
  let sealed = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    const [state] = await em.execute<{ at_table: string; at_row: string }[]>('select * from reencryption');
    const { at_table: atTable = '', at_row: atRow = '' } = state ?? {};
    let done = 0;
    let inPass = 0;
    for (const [index, table] of tables.entries()) {
      if (table.table < atTable) done += counts[index]!;
      else {
        for await (const rows of rowsOf(em, table, table.table === atTable ? atRow : '')) {
          inPass += await reencryptPage(em, { sealer, onUnopened, table, rows });
          done += rows.length;
          onProgress(Math.min(done, total), total);
        }
      }
    }
    sealed += inPass;
    await em.execute(`update reencryption set at_table = '', at_row = ''`);
    if (pass > 0 && inPass === 0) break;
  }
  await em.execute('delete from reencryption');
  return sealed;
}

/** Gives each tenant a new version, unless this run has made it before it was stopped. */
async function replaceDataKeys(em: EntityManager, sealer: Sealer): Promise<void> {
  const due = await em.execute<{ tenant: string; version: number }[]>(
    `select tenant, max(version) as version from data_keys
      group by tenant having max(created_at) < (select started_at from reencryption) order by tenant`,
  );
  for (const key of due) await sealer.keys.replace(key, sqlIn(em));
}

type WithSealer = Pick<Reencryption, 'sealer' | 'onUnopened'>;

async function reencryptPage(
  em: EntityManager,
  { rows, table, ...by }: WithSealer & { table: SealedTable; rows: StoredRow[] },
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(em, async () => {
        let sealed = 0;
        for (const row of rows) sealed += await reencryptRow(em, { ...by, table, row });
        const at = [table.table, rows.at(-1)!.id];
        await em.execute('update reencryption set at_table = ?, at_row = ?', at);
        return sealed;
      });
    } catch (error) {
      if (attempt === ATTEMPTS || !LOST.includes(sqlStateOf(error) ?? '')) throw error;
    }
  }
}

/** A value that was modified, or whose data key is lost, must not stop the re-encryption of the others. */
async function openOrReport(open: () => Promise<string>, report: () => void): Promise<string | null> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report();
    return null;
  }
}

async function reencryptRow(
  em: EntityManager,
  { sealer, onUnopened, table, row }: WithSealer & { table: SealedTable; row: StoredRow },
): Promise<number> {
  const sql = sqlIn(em);
  const values: Record<string, string> = {};
  for (const field of table.fields) {
    const sealed = row.values[field.column] ?? null;
    if (sealed === null) continue;
    const { version } = await sealer.keys.newest(tenantOf(field, row), sql);
    if (versionOf(sealed) === version) continue;
    const plaintext = await openOrReport(
      () => sealer.open(field, row, { sealed, sql }),
      () => onUnopened(`${field.table}.${field.column} of ${row.id}`),
    );
    if (plaintext !== null) values[field.column] = await sealer.seal(field, row, { plaintext, sql });
  }
  if (Object.keys(values).length === 0) return 0;
  return (await replaceValues(em, table, { row, values })) ? Object.keys(values).length : 0;
}

async function* dataKeys(em: EntityManager): AsyncGenerator<StoredKey[]> {
  for (let last = { tenant: '', version: 0 }; ; ) {
    const keys = await em.execute<StoredKey[]>(
      `select tenant, version, wrapped from data_keys where (tenant, version) > (?, ?)
        order by tenant, version limit ${KEYS}`,
      [last.tenant, last.version],
    );
    if (keys.length > 0) yield keys;
    if (keys.length < KEYS) return;
    last = keys.at(-1)!;
  }
}

async function count(em: EntityManager, table: string): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(`select count(*)::int as count from ${table}`);
  return row!.count;
}
