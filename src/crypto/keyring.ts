import { createSecretKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { sha256 } from './hash.ts';
import { hkdfSha256 } from './hkdf.ts';

/** The master keys of a service: one that seals new values, and retired ones that still open older values. */
export interface Keyring {
  current: MasterKey;
  /** The key with this version, current or retired. */
  byVersion(version: string): MasterKey | undefined;
  /** Every key once, the current one first. */
  all: readonly MasterKey[];
}

/** A master key that cannot be read. It returns its version and derived keys, never itself. */
export interface MasterKey {
  /** 8 hex characters that name the key and reveal nothing about it. */
  version: string;
  /**
   * The 256-bit key for one purpose: HKDF-SHA-256 (RFC 5869) without salt, `info` = `rekey/v1/<purpose>`.
   * Different purposes have independent keys; the same purpose always has the same one.
   */
  derive(purpose: string): KeyObject;
}

const KEY_BYTES = 32;
const RECIPE = 'Generate one with `openssl rand -base64 32`.';

// The purposes are few and fixed in the code. The bound protects memory if a later change puts an id into a purpose.
const REMEMBERED_PURPOSES = 256;

/** Phrases that an attacker tries first, hashed as `printf` and as `echo` (with its newline) write them. */
const FAMOUS_PHRASES = [
  ...['', 'password', 'changeme', 'change-me', 'secret', 'admin', 'root', 'test', 'default', 'example', 'master'],
  ...['masterkey', 'master-key', 'key', 'letmein', 'qwerty', '123456', '12345678', 'hello', 'hello world', 'rekey'],
];
const FAMOUS_KEYS = new Set(
  FAMOUS_PHRASES.flatMap((phrase) => [phrase, `${phrase}\n`]).map((phrase) => sha256(phrase).toString('hex')),
);

/**
 * Signs of a weak key, the most specific first. Each is so rare that fewer than one in a hundred
 * million random keys shows it.
 */
const WEAKNESSES: readonly { found: (key: Buffer, text: string) => boolean; what: string }[] = [
  { found: (key) => key.every((byte) => byte === key[0]), what: 'repeats one byte' },
  { found: isStaircase, what: 'increases or decreases in equal steps' },
  { found: repeats, what: 'repeats a short pattern' },
  { found: (key) => FAMOUS_KEYS.has(key.toString('hex')), what: 'is the hash of a well-known word' },
  { found: (key) => key.every((byte) => byte >= 0x20 && byte <= 0x7e), what: 'is readable text, like a passphrase' },
  { found: (_, text) => /change.?me|password|example|placeholder/i.test(text), what: 'contains a placeholder word' },
  {
    found: (_, text) => !/[a-z]/.test(text) || !/[A-Z]/.test(text),
    what: 'looks typed: all its letters have the same case',
  },
  { found: (key) => new Set(key).size < 16, what: 'has fewer than 16 different bytes' },
];

/**
 * Parses a master key: base64 or base64url of exactly 32 bytes, with nothing around it.
 *
 * @returns the 32 bytes, or the problem as text for the operator, with the command that generates a good key. The text
 *   never contains any part of the value.
 */
export function parseMasterKey(text: string): { key: Buffer } | { problem: string } {
  const problem = (what: string) => ({ problem: `The master key ${what}. ${RECIPE}` });

  if (text === '') return problem('is empty');
  if (text.trim() !== text) return problem('has leading or trailing white space');
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return problem('looks like hexadecimal; it must be base64 of 32 bytes');
  if (!/^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/.test(text)) return problem('is not base64');

  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES) return problem(`has ${key.length} bytes; it must have exactly ${KEY_BYTES}`);
  // Decoders ignore stray bits and wrong padding. A truncated key must not be accepted as another key.
  const unpadded = text.replace(/=$/, '').replaceAll('+', '-').replaceAll('/', '_');
  if (unpadded !== key.toString('base64url')) return problem('is not canonical base64');

  const weakness = WEAKNESSES.find(({ found }) => found(key, text));
  return weakness ? problem(`${weakness.what}. It can be guessed`) : { key };
}

/** Whether each byte differs from the one before it by the same step, as in 0, 1, 2 … or ff, fe, fd …. */
function isStaircase(key: Buffer): boolean {
  const step = (key[1]! - key[0]!) & 0xff;
  return key.every((byte, index) => index === 0 || ((byte - key[index - 1]!) & 0xff) === step);
}

/** Whether a pattern of at most half the length fills the whole key. */
function repeats(key: Buffer): boolean {
  for (let period = 1; period <= key.length / 2; period++) {
    if (key.subarray(period).equals(key.subarray(0, -period))) return true;
  }
  return false;
}

/**
 * Creates a keyring.
 *
 * @param current 32 bytes; it seals all new values
 * @param retired 32 bytes each; they only open values. A key that is given twice counts once
 * @throws RangeError if a key does not have 32 bytes
 * @throws Error if two different keys have the same version (one in four billion): one would silently hide the other
 */
export function createKeyring(current: Buffer, retired: Buffer[] = []): Keyring {
  const keys = [current, ...retired];
  const all = keys.filter((key, index) => keys.findIndex((other) => other.equals(key)) === index).map(createMasterKey);
  const versions = new Map(all.map((masterKey) => [masterKey.version, masterKey]));
  if (versions.size < all.length) throw new Error('Two master keys have the same version. Remove one of them.');
  return { current: all[0]!, all, byVersion: (version) => versions.get(version) };
}

function createMasterKey(key: Buffer): MasterKey {
  if (key.length !== KEY_BYTES) throw new RangeError(`A master key must have ${KEY_BYTES} bytes, not ${key.length}.`);
  // KeyObjects do not show their bytes when they are logged or inspected, and are three to four times as fast to use.
  const master = createSecretKey(key);
  const expand = (info: string) => hkdfSha256(master, { info, length: KEY_BYTES });
  const derived = new LRUCache<string, KeyObject>({
    max: REMEMBERED_PURPOSES,
    memoMethod: (purpose) => createSecretKey(expand(`rekey/v1/${purpose}`)),
  });
  return {
    // Not below `rekey/v1/`, so that no purpose can derive the bytes that the version is computed from.
    version: sha256(expand('rekey/key-version')).toString('hex', 0, 4),
    derive: (purpose) => derived.memo(purpose),
  };
}
