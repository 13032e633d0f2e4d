import { type DataKey, dataKeyMissing, notSealed, type Place, versionOf } from '../crypto/data-key.ts';
import { ACCOUNTS, type DataKeys } from './data-keys.ts';
import type { SealedField } from './sealed-field.ts';
import type { Sql } from './sql.ts';

/** The row of a sealed value. */
export interface SealedRow {
  readonly id: string;
  /** For a field of workspaces; null: the row belongs to no workspace. */
  readonly workspaceId?: string | null;
}

/** Seals and opens the values of sealed fields. */
export class Sealer {
  readonly keys: DataKeys;

  constructor(keys: DataKeys) {
    this.keys = keys;
  }

  /** @param sql in the transaction that writes the value; see `sqlIn` */
  async seal(field: SealedField, row: SealedRow, { plaintext, sql }: { plaintext: string; sql: Sql }): Promise<string> {
    const key = await this.keys.newest(tenantOf(field, row), sql);
    return this.keys.seal(key, placeOf(field, row), plaintext);
  }

  /** @throws SealError that names table, column and row */
  async open(field: SealedField, row: SealedRow, { sealed, sql }: { sealed: string; sql: Sql }): Promise<string> {
    const { tenant, version, place } = this.#reference(field, row, sealed);
    const key = await this.keys.find(tenant, version, sql);
    if (!key) throw dataKeyMissing(place, { tenant, version });
    return key.open(place, sealed).toString('utf8');
  }

  /** Opens a value with a key that is in memory. */
  openNow(field: SealedField, row: SealedRow, sealed: string): string {
    const { tenant, version, place } = this.#reference(field, row, sealed);
    const key = this.keys.inMemory(tenant, version);
    if (!key) throw dataKeyMissing(place, { tenant, version });
    return key.open(place, sealed).toString('utf8');
  }

  /** Reads the key of this value, so that `openNow` can open it. If the key is in memory, it makes no query. */
  async prepare(field: SealedField, row: SealedRow, { sealed, sql }: { sealed: string; sql: Sql }): Promise<void> {
    const version = versionOf(sealed);
    if (version !== null) await this.keys.find(tenantOf(field, row), version, sql);
  }

  /** Opens a value with the wrapped key that was read with it. It makes no query. */
  async openWith(field: SealedField, row: SealedRow, { sealed, wrapped }: { sealed: string; wrapped: string }) {
    const { tenant, version, place } = this.#reference(field, row, sealed);
    const key: DataKey = await this.keys.unwrap(tenant, version, wrapped);
    return key.open(place, sealed);
  }

  /** The blind index of a value of the accounts, in its one searchable spelling. */
  index({ table, column }: Pick<SealedField, 'table' | 'column'>, canonical: string): Buffer {
    return this.keys.accountsIndex.index({ table, column, canonical });
  }

  #reference(field: SealedField, row: SealedRow, sealed: string) {
    const place = placeOf(field, row);
    const version = versionOf(sealed);
    if (version === null) throw notSealed(place);
    return { tenant: tenantOf(field, row), version, place };
  }
}

/** The tenant whose data key seals this row. */
export function tenantOf(field: SealedField, { workspaceId }: SealedRow): string {
  return field.workspace === undefined ? ACCOUNTS : (workspaceId ?? ACCOUNTS);
}

export function placeOf({ table, column }: SealedField, { id }: SealedRow): Place {
  return { table, column, row: id };
}
