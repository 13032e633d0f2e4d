import { SealError } from '../crypto/seal.ts';
import type { SealedField } from '../database/sealed-field.ts';
import type { SealedRow, Sealer } from '../database/sealer.ts';
import type { Sql, Statement } from '../database/sql.ts';
import { unavailable } from '../identity/access-error.ts';
import type { InputCheck } from '../kernel/input.ts';
import type { ApiKey } from './api-key.entity.ts';

/** The metadata of a key, as JSON. */
export const METADATA: SealedField = {
  table: 'api_keys',
  column: 'metadata_sealed',
  key: 'id',
  workspace: 'workspace_id',
  former: { purpose: 'api_keys.metadata', aad: (id) => id },
};

const MOST_ENTRIES = 20;
const LONGEST_KEY = 64;
const LONGEST_VALUE = 500;

/** Data of the operator that a key carries. */
export type Metadata = readonly { readonly key: string; readonly value: string }[];

/** Checks the number and the lengths of the entries, in characters, and that no key is there twice. */
export function checkMetadata(metadata: Metadata, check: InputCheck): void {
  const path = 'input.metadata';
  check.require(metadata.length <= MOST_ENTRIES, path, `Must have at most ${MOST_ENTRIES} items.`);
  for (const [index, { key, value }] of metadata.entries()) {
    check.text(key, `${path}.${index}.key`, LONGEST_KEY);
    check.require(key === key.trim(), `${path}.${index}.key`, 'Must not begin or end with white space.');
    const fits = [...value].length <= LONGEST_VALUE;
    check.require(fits, `${path}.${index}.value`, `Must have at most ${LONGEST_VALUE} characters.`);
  }
  const keys = new Set(metadata.map(({ key }) => key));
  check.require(keys.size === metadata.length, path, 'Each key must be there only once.');
}

const READ: Statement = {
  name: 'api-key-metadata',
  text: 'select id, workspace_id as "workspaceId", metadata_sealed as "metadataSealed" from api_keys where id = $1',
};

type SealedMetadata = Pick<ApiKey, 'id' | 'workspaceId' | 'metadataSealed'>;

/** Seals the metadata of a key under the id of its row, and opens it where it is needed. */
export class MetadataVault {
  readonly #sealer: Sealer;

  constructor(sealer: Sealer) {
    this.#sealer = sealer;
  }

  /** Null if there is no entry. @param sql in the transaction that writes the row; see `sqlIn` */
  async seal(row: SealedRow, metadata: Metadata, sql: Sql): Promise<string | null> {
    if (metadata.length === 0) return null;
    const plaintext = JSON.stringify(metadata.map(({ key, value }) => [key, value]));
    return this.#sealer.seal(METADATA, row, { plaintext, sql });
  }

  /** @throws SealError if it does not open */
  async open({ id, workspaceId, metadataSealed: sealed }: SealedMetadata, sql: Sql): Promise<Metadata> {
    if (sealed === null) return [];
    const row = { id, workspaceId };
    const entries: [key: string, value: string][] = JSON.parse(await this.#sealer.open(METADATA, row, { sealed, sql }));
    return entries.map(([key, value]) => ({ key, value }));
  }

  /** Whether the metadata of a key is this. What cannot be opened is something else, so that it can be replaced. */
  async holds(row: SealedMetadata, metadata: Metadata, sql: Sql): Promise<boolean> {
    try {
      return isSame(await this.open(row, sql), metadata);
    } catch (error) {
      if (error instanceof SealError) return false;
      throw error;
    }
  }

  /**
   * The metadata that a key has now, as an object; null if there is no such key.
   *
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` if the database does not answer
   */
  async read(sql: Sql, apiKeyId: string): Promise<Record<string, string> | null> {
    const reading = sql.query<SealedMetadata>(READ, [apiKeyId]);
    const [row] = await reading.catch((error) => Promise.reject(unavailable(error)));
    if (!row) return null;
    const opening = this.open(row, sql);
    const metadata = await opening.catch((error) =>
      Promise.reject(error instanceof SealError ? error : unavailable(error)),
    );
    return Object.fromEntries(metadata.map(({ key, value }) => [key, value]));
  }
}

function isSame(one: Metadata, other: Metadata): boolean {
  return (
    one.length === other.length &&
    one.every(({ key, value }, index) => key === other[index]?.key && value === other[index]?.value)
  );
}
