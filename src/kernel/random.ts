import { randomBytes as nodeRandomBytes } from 'node:crypto';

/** Returns `size` unpredictable bytes. */
export type RandomBytes = (size: number) => Buffer;

/** The operating system's cryptographic generator. */
export const randomBytes: RandomBytes = (size) => nodeRandomBytes(size);

/** The 62 digits in order of value, the order GitHub's tokens use: `0-9A-Za-z`. */
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

// The largest multiple of 62 that a byte can hold. Bytes from there on would make the first digits more frequent.
const UNBIASED_BELOW = 248;

/**
 * Random base62 text in which every digit is equally likely (5.95 bits each), by rejection sampling.
 *
 * @param length how many characters
 * @param random the source of bytes; it is called again for each rejected byte
 * @throws RangeError if `length` is not a whole number from 0 up: a wrong length must not produce a short secret
 */
export function randomBase62(length: number, random: RandomBytes = randomBytes): string {
  if (!Number.isSafeInteger(length) || length < 0) throw new RangeError('length must be a whole number of at least 0');
  let text = '';
  while (text.length < length) {
    for (const byte of random(length - text.length)) {
      if (byte < UNBIASED_BELOW) text += BASE62[byte % 62];
    }
  }
  return text;
}
