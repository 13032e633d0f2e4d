import { createCipheriv, createDecipheriv, createHmac, type KeyObject } from 'node:crypto';
import { randomBytes } from '../kernel/random.ts';
import type { Keyring, MasterKey } from './keyring.ts';

const FORMAT = 's1';
export const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Why a sealed text cannot be opened.
 * - `MALFORMED`: the text does not have the format of a sealed text
 * - `UNKNOWN_KEY`: it was sealed with a master key that is not in the keyring
 * - `UNKNOWN_DATA_KEY`: it names a data key that does not exist
 * - `FORGED`: text, purpose or additional data differ from what was sealed; it is not known which of them
 */
export type SealErrorCode = 'MALFORMED' | 'UNKNOWN_KEY' | 'UNKNOWN_DATA_KEY' | 'FORGED';

/** A sealed text that cannot be opened. The error contains neither the text nor its purpose; it may name its row. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly code: SealErrorCode;

  constructor(code: SealErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a text is sealed for. `open` needs the same. */
export interface SealBinding {
  /** The kind of value, e.g. `signing-key`. Each kind has its own key. */
  purpose: string;
  /**
   * Identifies the value, e.g. by table, column and row id, so a sealed text that was moved to another row cannot be
   * opened. Its parts must be separated (`a|b`, not `ab`).
   */
  aad: string;
}

/** A value to search by equality, in its one searchable spelling (for text: NFC, trimmed, lower case). */
export interface IndexedValue {
  /** The field, e.g. `user.email`. The same value has unrelated indexes in two fields. */
  field: string;
  canonical: string;
}

/**
 * Encrypts with AES-256-GCM (NIST SP 800-38D), with the key that the current master key derives for this purpose.
 *
 * The IV is random: one purpose of one master key may seal up to 2^32 texts, which is a century at one per second.
 *
 * @returns `s1.<key version>.<base64url of IV, ciphertext and tag>`
 */
export function seal(
  keyring: Keyring,
  { purpose, aad, plaintext }: SealBinding & { plaintext: string | Buffer },
): string {
  const { version } = keyring.current;
  const iv = randomBytes(IV_BYTES);
  const encrypted = encrypt(sealKey(keyring.current, purpose), { iv, aad: boundTo(version, aad), plaintext });
  return `${FORMAT}.${version}.${Buffer.concat([iv, encrypted]).toString('base64url')}`;
}

/**
 * Decrypts the output of `seal` with the key of the keyring that sealed it.
 *
 * @returns the plaintext, after all of it was authenticated
 * @throws SealError if it cannot be opened; text that is not sealed is never returned as plaintext
 */
export function open(keyring: Keyring, { purpose, aad, sealed }: SealBinding & { sealed: string }): Buffer {
  const parts = parse(sealed);
  if (!parts) throw new SealError('MALFORMED', 'This is not a sealed value.');
  const masterKey = keyring.byVersion(parts.version);
  if (!masterKey) throw new SealError('UNKNOWN_KEY', `The master key ${parts.version} is not configured.`);
  const { iv, encrypted, version } = parts;
  return decrypt(sealKey(masterKey, purpose), { iv, aad: boundTo(version, aad), encrypted });
}

/**
 * The index to store next to a sealed field so that rows can be found by equality: HMAC-SHA-256 (RFC 2104) with the key
 * that the current master key derives for this field, 32 bytes.
 *
 * It reveals which rows have equal values, and how many. Use it only for fields with many possible values.
 */
export function blindIndex(keyring: Keyring, value: IndexedValue): Buffer {
  return indexUnder(keyring.current, value);
}

/** The blind index with every key of the keyring, the current key first. During a re-encryption, search for any of them. */
export function blindIndexes(keyring: Keyring, value: IndexedValue): Buffer[] {
  return keyring.all.map((masterKey) => indexUnder(masterKey, value));
}

/** AES-256-GCM: the ciphertext, then the 16-byte tag. For `seal` and for tests with known answers. */
export function encrypt(
  key: KeyObject,
  { iv, aad, plaintext }: { iv: Buffer; aad: Buffer; plaintext: string | Buffer },
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(aad);
  const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext) : plaintext;
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/**
 * The reverse of `encrypt`.
 *
 * @throws SealError `FORGED` if key, IV, additional data, ciphertext or tag differ from those of the encryption
 */
export function decrypt(
  key: KeyObject,
  { iv, aad, encrypted }: { iv: Buffer; aad: Buffer; encrypted: Buffer },
): Buffer {
  // Without this length, Node accepts tags of four bytes, which can be guessed.
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(aad);
  try {
    decipher.setAuthTag(encrypted.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(encrypted.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    // The error of OpenSSL does not say which part differs. No plaintext is returned before `final` has succeeded.
    throw new SealError('FORGED', 'This sealed value was modified, or was sealed for another place.');
  }
}

function sealKey(masterKey: MasterKey, purpose: string): KeyObject {
  return masterKey.derive(`seal/${purpose}`);
}

function indexUnder(masterKey: MasterKey, { field, canonical }: IndexedValue): Buffer {
  return createHmac('sha256', masterKey.derive(`blind-index/${field}`))
    .update(canonical)
    .digest();
}

/**
 * The header is authenticated, too. It has a fixed length, so header and additional data cannot run into each other.
 */
function boundTo(version: string, aad: string): Buffer {
  return Buffer.from(`${FORMAT}.${version}.${aad}`);
}

function parse(sealed: string): { version: string; iv: Buffer; encrypted: Buffer } | null {
  const [, version, body] = /^s1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/.exec(sealed) ?? [];
  if (version === undefined || body === undefined) return null;
  const parts = readBody(body);
  return parts && { version, ...parts };
}

/** The parts of the last part of a sealed text; null if it is too short or not the one spelling of its bytes. */
export function readBody(body: string): { iv: Buffer; encrypted: Buffer } | null {
  const bytes = Buffer.from(body, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) return null;
  // The last character of base64url has unused bits. Only one spelling of the same bytes is accepted.
  if (bytes.toString('base64url') !== body) return null;
  return { iv: bytes.subarray(0, IV_BYTES), encrypted: bytes.subarray(IV_BYTES) };
}
