import { createSecretKey, type KeyObject } from 'node:crypto';
import { randomBytes } from '../kernel/random.ts';
import { hkdfSha256 } from './hkdf.ts';
import { hmacSha256 } from './hmac.ts';
import { decrypt, encrypt, IV_BYTES, readBody, SealError } from './seal.ts';

const FORMAT = 's2';
const KEY_BYTES = 32;
/** The constraints of sealed columns demand the same form. */
const SEALED = /^s2\.([1-9]\d{0,8})\.[A-Za-z0-9_-]{38,}$/;

/** Where a sealed value is stored. It opens nowhere else. */
export interface Place {
  readonly table: string;
  readonly column: string;
  /** The primary key of the row. */
  readonly row: string;
}

/** A value to search by equality, in its one searchable spelling. */
export interface IndexedColumn {
  readonly table: string;
  readonly column: string;
  readonly canonical: string;
}

/** A key that seals the values of one tenant. Its bytes cannot be read. */
export interface DataKey {
  /** The id of a workspace, or `accounts`. */
  readonly tenant: string;
  readonly version: number;
  /** AES-256-GCM with a random IV: `s2.<version>.<base64url of IV, ciphertext and tag>`. */
  seal(place: Place, plaintext: string | Buffer): string;
  /**
   * The plaintext, after all of it was authenticated.
   *
   * @throws SealError that names the place; it contains no value
   */
  open(place: Place, sealed: string): Buffer;
  /**
   * A blind index: HMAC-SHA-256 of a value, with a key of its own for each column. It reveals which rows of the column
   * have equal values, and nothing else. Use it only for columns with many possible values.
   */
  index(value: IndexedColumn): Buffer;
}

/** The bytes of a new data key. */
export function makeDataKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/**
 * The data key with these bytes. HKDF-SHA-256 (RFC 5869) without a salt derives one key for sealing and one for
 * indexes. The `info` names the purpose, the tenant and the version.
 *
 * @throws RangeError if the key does not have 32 bytes
 */
export function createDataKey(bytes: Buffer, { tenant, version }: { tenant: string; version: number }): DataKey {
  if (bytes.length !== KEY_BYTES) throw new RangeError(`A data key must have ${KEY_BYTES} bytes, not ${bytes.length}.`);
  const root = createSecretKey(bytes);
  const derive = (...info: readonly (string | number)[]): KeyObject =>
    createSecretKey(hkdfSha256(root, { info: JSON.stringify(info), length: KEY_BYTES }));
  const sealing = derive('rekey', 'seal', tenant, version);
  const indexing = derive('rekey', 'blind-index', tenant, version);
  // JSON separates the parts: no two lists of texts have the same JSON.
  const boundTo = ({ table, column, row }: Place) =>
    Buffer.from(JSON.stringify([FORMAT, tenant, table, column, row, version]));
  const beginning = `${FORMAT}.${version}.`;
  return {
    tenant,
    version,
    seal(place, plaintext) {
      const iv = randomBytes(IV_BYTES);
      const encrypted = encrypt(sealing, { iv, aad: boundTo(place), plaintext });
      return beginning + Buffer.concat([iv, encrypted]).toString('base64url');
    },
    open(place, sealed) {
      const body = sealed.startsWith(beginning) ? readBody(sealed.slice(beginning.length)) : null;
      if (!body) throw notSealed(place);
      try {
        return decrypt(sealing, { ...body, aad: boundTo(place) });
      } catch (error) {
        throw error instanceof SealError ? cannotOpen(place, error.code, error.message) : error;
      }
    },
    index: ({ table, column, canonical }) => hmacSha256(indexing, JSON.stringify([table, column, canonical])),
  };
}

/** The version of the data key that sealed this text; null if it does not have the form of a sealed text. */
export function versionOf(sealed: string): number | null {
  const version = SEALED.exec(sealed)?.[1];
  return version === undefined ? null : Number(version);
}

/** The error of a value at this place that does not have the form of a sealed text. */
export function notSealed(place: Place): SealError {
  return cannotOpen(place, 'MALFORMED', 'This is not a sealed value.');
}

/** The error of a value at this place whose data key does not exist. */
export function dataKeyMissing(place: Place, { tenant, version }: { tenant: string; version: number }): SealError {
  return cannotOpen(place, 'UNKNOWN_DATA_KEY', `There is no data key ${version} of ${tenant}.`);
}

function cannotOpen({ table, column, row }: Place, code: SealError['code'], why: string): SealError {
  return new SealError(code, `${table}.${column} of the row ${row} cannot be opened. ${why}`);
}
