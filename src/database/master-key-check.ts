import type { EntityManager } from '@mikro-orm/sql';
import type { Keyring } from '../crypto/keyring.ts';
import { ConfigError } from '../kernel/config-error.ts';

/** A sealed text begins with its format and the version of its master key; see `seal`. */
const VERSION = `split_part(sealed, '.', 2)`;
/** Of the oldest and of the newest accounts, how many are looked at: ids sort by time, and keys change in time. */
const SAMPLE = 100;

const VERSIONS_IN_USE = `select distinct ${VERSION} as version from (
    select private_sealed as sealed from jwt_keys where state <> 'RETIRED'
    union all (select email_sealed from users order by id limit ${SAMPLE})
    union all (select email_sealed from users order by id desc limit ${SAMPLE})
  ) as fields`;

/**
 * Checks that the configured master keys open what the database holds. It reads alone, and has to run before anything
 * is written: a service with a wrong key would write rows that the right one does not open.
 *
 * @throws ConfigError naming the versions of the keys that are missing
 */
export async function requireMasterKeys(em: EntityManager, keyring: Keyring): Promise<void> {
  const [schema] = await em.execute<{ exists: boolean }[]>(
    `select to_regclass('jwt_keys') is not null and to_regclass('users') is not null as exists`,
  );
  if (!schema?.exists) return; // A database without a schema holds nothing yet.
  const rows = await em.execute<{ version: string }[]>(VERSIONS_IN_USE);
  const missing = rows.map((row) => row.version).filter((version) => !keyring.byVersion(version));
  if (missing.length === 0) return;
  const configured = keyring.all.map((key) => key.version).join(', ');
  throw new ConfigError([
    `REKEY_MASTER_KEY: the database holds values that were sealed with the master key ${missing.sort().join(' and ')}, but the configured keys are ${configured}. Nothing was written. Restore the key of this database from your backup and set REKEY_MASTER_KEY to it. If you changed the key, list the earlier one in REKEY_RETIRED_MASTER_KEYS. Also check that DATABASE_URL or REKEY_DATA_DIR names the right database.`,
  ]);
}
