import { createHmac, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { BASE62, type RandomBytes, randomBase62 } from '../kernel/random.ts';

/**
 * API key, daemon token, refresh token, signing secret, token of an invitation, token of a password reset. One is never
 * accepted in place of another.
 */
const PREFIXES = ['rka', 'rkd', 'rkr', 'rks', 'rki', 'rkp'] as const;
export type SecretPrefix = (typeof PREFIXES)[number];

const RANDOM_LENGTH = 30;
const CHECKSUM_LENGTH = 6;
const SECRET_LENGTH = 'rka_'.length + RANDOM_LENGTH + CHECKSUM_LENGTH;
const BEGINNING = new RegExp(`^(?:${PREFIXES.join('|')})_`);
const SECRET = new RegExp(`^(${PREFIXES.join('|')})_[0-9A-Za-z]{36}$`);

/**
 * A new secret: prefix, `_`, 30 random base62 characters (178 bits), and the checksum of everything before it. It has
 * 40 characters of ASCII, a double click selects all of it, and scanners for leaked secrets recognize it.
 */
export function makeSecret(prefix: SecretPrefix, random?: RandomBytes): string {
  const body = `${prefix}_${randomBase62(RANDOM_LENGTH, random)}`;
  return body + checksum(body);
}

/**
 * Derives a secret from another text: always the same one, and unpredictable without the key. Its characters come from
 * HMAC-SHA-256 in counter mode (SP 800-108) instead of a random source.
 */
export function deriveSecret(prefix: SecretPrefix, key: KeyObject, from: string): string {
  let counter = 0;
  const stream: RandomBytes = (size) => {
    const blocks: Buffer[] = [];
    for (let length = 0; length < size; length += 32) {
      blocks.push(createHmac('sha256', key).update(`${counter++}|${from}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, size);
  };
  return makeSecret(prefix, stream);
}

/**
 * Parses a presented secret without any I/O.
 *
 * @returns its prefix, or `null` if length, alphabet, prefix or checksum is wrong. A correct checksum proves that the
 *   secret was not mistyped, not that it is valid.
 */
export function parseSecret(text: string): { prefix: SecretPrefix } | null {
  // The cheapest check first: most texts that are not secrets have another length.
  if (text.length !== SECRET_LENGTH) return null;
  const prefix = SECRET.exec(text)?.[1];
  if (prefix === undefined) return null;
  if (checksum(text.slice(0, -CHECKSUM_LENGTH)) !== text.slice(-CHECKSUM_LENGTH)) return null;
  return { prefix: prefix as SecretPrefix };
}

/** Whether a text begins like a secret of this service, well-formed or not. */
export function resemblesSecret(text: string): boolean {
  return BEGINNING.test(text);
}

/**
 * What a list may show of a secret: its prefix and last four characters, `rka_…1a2B`. They are part of the checksum, so
 * about 154 of its 178 bits stay unknown. For a text that is not a secret, the hint is `…`.
 */
export function hintOf(text: string): string {
  const secret = parseSecret(text);
  return secret ? `${secret.prefix}_…${text.slice(-4)}` : '…';
}

/**
 * CRC-32 (ISO-HDLC, as in zip and PNG) of a text's UTF-8 as six base62 digits, most significant first, padded with
 * `0`: the form of GitHub's token checksums. It detects typing mistakes and every change of one character. It does
 * not authenticate the text.
 */
export function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = BASE62[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
