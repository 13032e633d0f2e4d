import type { EntityManager } from '@mikro-orm/sql';
import type { Keyring } from '../crypto/keyring.ts';
import { ConfigError } from '../kernel/config-error.ts';

/** A sealed text begins with its format and the version of its master key; see `seal`. */
const VERSION = `split_part(sealed, '.', 2)`;
/**
 * How many of the oldest and of the newest rows are read. Ids sort by time, so these have the first and the last keys.
 */
const SAMPLE = 100;

/** A column whose values are sealed with a master key. */
export interface SealedField {
  readonly table: string;
  readonly column: string;
  /** The primary key of the table. */
  readonly key: string;
  /** SQL condition for the rows that are still opened. Defaults to all rows. */
  readonly where?: string;
}

const versionsIn = (fields: readonly SealedField[]): string => {
  const samples = fields.flatMap(({ table, column, key, where = 'true' }) =>
    ['asc', 'desc'].map(
      (order) => `(select ${column} as sealed from ${table} where ${where} order by ${key} ${order} limit ${SAMPLE})`,
    ),
  );
  return `select distinct ${VERSION} as version from (${samples.join(' union all ')}) as fields`;
};

/**
 * Checks that the configured master keys open the values in the database. It only reads. It must run before anything is
 * written: a service with a wrong key would write rows that the right key does not open.
 *
 * @throws ConfigError that names the versions of the missing keys
 */
export async function requireMasterKeys(
  em: EntityManager,
  keyring: Keyring,
  fields: readonly SealedField[],
): Promise<void> {
  const tables = [...new Set(fields.map(({ table }) => table))];
  const there = await em.execute<{ name: string }[]>(
    `select name from unnest(string_to_array(?, ',')) as name where to_regclass(name) is not null`,
    [tables.join(',')],
  );
  const readable = fields.filter(({ table }) => there.some(({ name }) => name === table));
  if (readable.length === 0) return; // A database without a schema holds nothing yet.
  const rows = await em.execute<{ version: string }[]>(versionsIn(readable));
  const missing = rows.map((row) => row.version).filter((version) => !keyring.byVersion(version));
  if (missing.length === 0) return;
  const configured = keyring.all.map((key) => key.version).join(', ');
  throw new ConfigError([
    `REKEY_MASTER_KEY: the database holds values that were sealed with the master key ${missing.sort().join(' and ')}, but the configured keys are ${configured}. Nothing was written. Restore the key of this database from your backup and set REKEY_MASTER_KEY to it. If you changed the key, list the earlier one in REKEY_RETIRED_MASTER_KEYS. Also check that DATABASE_URL or REKEY_DATA_DIR names the right database.`,
  ]);
}
