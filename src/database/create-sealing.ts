import { localKeyManagement } from '../crypto/key-management.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { DataKeys } from './data-keys.ts';
import type { Database } from './database.ts';
import { requireMasterKeys } from './master-key-check.ts';
import { sealExisting } from './seal-existing.ts';
import type { SealedField, SealedProperty } from './sealed-field.ts';
import { Sealer } from './sealer.ts';
import { SealingSubscriber } from './sealing-subscriber.ts';
import type { Sql } from './sql.ts';

export interface SealingOptions {
  fields: readonly SealedField[];
  properties: readonly SealedProperty[];
  keyring: Keyring;
  /** Called for each statement. The database is opened after this, because it needs the subscriber. */
  reads: () => Sql;
  monotonic: () => number;
  /** Encryptions after which a data key gets a new version. */
  mostEncryptions?: number | undefined;
}

/** The parts that seal and open the sealed fields of one replica. */
export function createSealing({ fields, properties, keyring, reads, monotonic, mostEncryptions }: SealingOptions) {
  const keyManagement = localKeyManagement(keyring);
  const sql: Sql = { query: (...statement) => reads().query(...statement) };
  const limit = mostEncryptions === undefined ? {} : { mostEncryptions };
  const sealer = new Sealer(new DataKeys({ management: keyManagement, sql, monotonic, ...limit }));
  return {
    keyManagement,
    sealer,
    subscriber: new SealingSubscriber(sealer, properties),
    requireMasterKeys: (database: Database) => requireMasterKeys(database.fork(), keyManagement, { keyring, fields }),
    /** Brings the schema up to date, and seals the values that an earlier version has written. */
    migrate: (database: Database) => database.migrate((em) => sealExisting(em, { fields, sealer, keyring })),
  };
}
