// Data keys and a sealer without a database.
import { randomBytes } from 'node:crypto';
import { type KeyManagement, localKeyManagement } from '../../src/crypto/key-management.ts';
import { createKeyring } from '../../src/crypto/keyring.ts';
import { COUNT, INSERT, LOAD, REPLACED } from '../../src/database/data-keys.sql.ts';
import { DataKeys, type DataKeysOptions } from '../../src/database/data-keys.ts';
import { Sealer } from '../../src/database/sealer.ts';
import type { Sql, Statement } from '../../src/database/sql.ts';

interface Stored {
  tenant: string;
  version: number;
  wrapped: string;
  encryptions: number;
  /** Whether it is visible only to the transaction that has made it. */
  uncommitted: boolean;
}

/** The table `data_keys` in memory. It counts the statements that it runs. */
export class DataKeyTable implements Sql {
  readonly rows: Stored[] = [];
  readonly statements: string[] = [];
  /** Whether new rows are part of a transaction that may roll back. */
  inTransaction = false;

  async query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    this.statements.push(statement.name);
    return this.#run(statement, values) as Row[];
  }

  #run(statement: Statement, values: readonly unknown[]): unknown[] {
    const { rows } = this;
    switch (statement) {
      case LOAD:
        return rows.filter(({ tenant }) => tenant === values[0]).toSorted((a, b) => a.version - b.version);
      case INSERT: {
        const [tenant, version, , wrapped] = values as [string, number, string | null, string];
        if (!rows.some((row) => row.tenant === tenant && row.version === version))
          rows.push({ tenant, version, wrapped, encryptions: 0, uncommitted: this.inTransaction });
        return [];
      }
      case COUNT: {
        const [tenants, versions, counts] = values as [string[], number[], number[]];
        const found = rows.filter((row) => {
          const own = counts.filter((_, at) => tenants[at] === row.tenant && versions[at] === row.version);
          row.encryptions += own.reduce((sum, count) => sum + count, 0);
          return own.length > 0;
        });
        return found.map(({ tenant, version, encryptions }) => ({ tenant, version, encryptions }));
      }
      case REPLACED:
        return [...new Set(rows.filter(({ version }) => version > 1).map(({ tenant }) => tenant))].map((tenant) => ({
          tenant,
        }));
      default:
        throw new Error(`The table does not know ${statement.name}.`);
    }
  }
}

/** A key management that shows the keys that it wraps, and is synchronous enough for `createDataKey` beside it. */
export const openManagement: KeyManagement = {
  current: 'open',
  wrap: async (_, key) => key.toString('hex'),
  unwrap: async (_, wrapped) => Buffer.from(wrapped, 'hex'),
  wrappedBy: () => 'open',
};

/** Data keys of a table in memory. */
export function dataKeysIn(table = new DataKeyTable(), options: Partial<DataKeysOptions> = {}) {
  const management = localKeyManagement(createKeyring(randomBytes(32)));
  return { table, keys: new DataKeys({ management, sql: table, monotonic: () => performance.now(), ...options }) };
}

/** A sealer whose keys are in memory. */
export function sealerInMemory(options: Partial<DataKeysOptions> = {}): Sealer {
  return new Sealer(dataKeysIn(new DataKeyTable(), options).keys);
}
