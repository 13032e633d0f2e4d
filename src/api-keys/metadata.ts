import type { Keyring } from '../crypto/keyring.ts';
import { open, SealError, seal } from '../crypto/seal.ts';
import type { Sql, Statement } from '../database/sql.ts';
import { unavailable } from '../identity/access-error.ts';
import type { InputCheck } from '../kernel/input.ts';

const FIELD = 'api_keys.metadata';
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
  text: 'select id, metadata_sealed as "metadataSealed" from api_keys where id = $1',
};

/** Seals the metadata of a key under the id of its row. */
export class MetadataVault {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** Null if there is no entry. */
  seal(apiKeyId: string, metadata: Metadata): string | null {
    if (metadata.length === 0) return null;
    const plaintext = JSON.stringify(metadata.map(({ key, value }) => [key, value]));
    return seal(this.#keyring, { purpose: FIELD, aad: apiKeyId, plaintext });
  }

  /** @throws SealError if no configured master key opens it */
  open({ id, metadataSealed }: { id: string; metadataSealed: string | null }): Metadata {
    if (metadataSealed === null) return [];
    const opened = open(this.#keyring, { purpose: FIELD, aad: id, sealed: metadataSealed }).toString('utf8');
    const entries: [key: string, value: string][] = JSON.parse(opened);
    return entries.map(([key, value]) => ({ key, value }));
  }

  /** Whether the metadata of a key is this. What cannot be opened is something else, so that it can be replaced. */
  holds(row: { id: string; metadataSealed: string | null }, metadata: Metadata): boolean {
    try {
      return isSame(this.open(row), metadata);
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
    const reading = sql.query<{ id: string; metadataSealed: string | null }>(READ, [apiKeyId]);
    const [row] = await reading.catch((error) => Promise.reject(unavailable(error)));
    return row ? Object.fromEntries(this.open(row).map(({ key, value }) => [key, value])) : null;
  }
}

function isSame(one: Metadata, other: Metadata): boolean {
  return (
    one.length === other.length &&
    one.every(({ key, value }, index) => key === other[index]?.key && value === other[index]?.value)
  );
}
