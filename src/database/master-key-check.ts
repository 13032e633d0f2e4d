import type { EntityManager } from '@mikro-orm/sql';
import type { KeyManagement } from '../crypto/key-management.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { SealError } from '../crypto/seal.ts';
import { ConfigError } from '../kernel/config-error.ts';
import { ACCOUNTS } from './data-keys.ts';
import type { SealedField } from './sealed-field.ts';

/**
 * How many of the oldest and of the newest rows are read. Ids sort by time, so these have the first and the last keys.
 */
const SAMPLE = 100;

/** The versions of master keys in some rows of a column. A sealed text begins with its format and that version. */
const versionsIn = (columns: readonly Pick<SealedField, 'table' | 'column' | 'key' | 'former'>[]): string => {
  const samples = columns.flatMap(({ table, column, key, former }) =>
    ['asc', 'desc'].map(
      (order) => `(select ${column} as sealed from ${table} where ${column} is not null and ${former?.where ?? 'true'}
        order by ${key} ${order} limit ${SAMPLE})`,
    ),
  );
  return `select distinct split_part(sealed, '.', 2) as version from (${samples.join(' union all ')}) as fields
    where sealed like 's1.%'`;
};

/**
 * Checks that the configured master keys open the data keys. In the database of an earlier version, it checks the
 * sealed values instead. It only reads. It must run before the first write: a service with a wrong key would write rows
 * that the right key does not open.
 *
 * @throws ConfigError that names the versions of the missing keys
 */
export async function requireMasterKeys(
  em: EntityManager,
  management: KeyManagement,
  { keyring, fields }: { keyring: Keyring; fields: readonly SealedField[] },
): Promise<void> {
  if ((await exists(em, 'data_keys')) && (await hasDataKeys(em, management, keyring))) return;
  // Only these fields: the text of one that was never sealed before may have any form.
  const former: SealedField[] = [];
  for (const field of fields) if (field.former && (await exists(em, field.table, field.column))) former.push(field);
  if (former.length === 0) return; // A database without a schema holds no values yet.
  for (const { table, column } of former.filter(({ workspace }) => workspace === undefined)) {
    const sealed = await em.execute(`select from ${table} where ${column} like 's2.%' limit 1`);
    if (sealed.length > 0)
      throw new ConfigError([
        `DATABASE_URL: ${table} holds values that are sealed with a data key, but the table data_keys does not hold that key. Nothing was written. Restore data_keys from your backup: without it, the values cannot be opened.`,
      ]);
  }
  await requireVersions(em, keyring, versionsIn(former));
}

/** Whether there is a first data key. @throws ConfigError if the configured master keys do not open it */
async function hasDataKeys(em: EntityManager, management: KeyManagement, keyring: Keyring): Promise<boolean> {
  await requireVersions(em, keyring, versionsIn([{ table: 'data_keys', column: 'wrapped', key: 'tenant' }]));
  const [first] = await em.execute<{ version: number; wrapped: string }[]>(
    'select version, wrapped from data_keys where tenant = ? and version = 1',
    [ACCOUNTS],
  );
  if (!first) return false;
  // A version is short, so two master keys may have the same one. Only the right master key opens the data key.
  await management.unwrap({ tenant: ACCOUNTS, version: first.version }, first.wrapped).catch((error) => {
    throw error instanceof SealError ? new ConfigError([wrongKey()]) : error;
  });
  return true;
}

async function requireVersions(em: EntityManager, keyring: Keyring, versions: string): Promise<void> {
  const rows = await em.execute<{ version: string }[]>(versions);
  const missing = rows.map((row) => row.version).filter((version) => !keyring.byVersion(version));
  if (missing.length === 0) return;
  const configured = keyring.all.map((key) => key.version).join(', ');
  throw new ConfigError([
    `REKEY_MASTER_KEY: the database holds values that were sealed with the master key ${missing.sort().join(' and ')}, but the configured keys are ${configured}. Nothing was written. ${WHAT_TO_DO}`,
  ]);
}

const wrongKey = () =>
  `REKEY_MASTER_KEY: the data key of the database does not open with the configured master keys. Nothing was written. ${WHAT_TO_DO}`;

const WHAT_TO_DO =
  'Restore the key of this database from your backup and set REKEY_MASTER_KEY to it. If you changed the key, list the earlier one in REKEY_RETIRED_MASTER_KEYS. Also check that DATABASE_URL or REKEY_DATA_DIR names the right database.';

async function exists(em: EntityManager, table: string, column?: string): Promise<boolean> {
  const found = await em.execute(
    `select from pg_attribute where attrelid = to_regclass(?) and attnum > 0 and not attisdropped
      ${column === undefined ? '' : 'and attname = ?'} limit 1`,
    column === undefined ? [table] : [table, column],
  );
  return found.length > 0;
}
