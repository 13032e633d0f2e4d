import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksum, hintOf, makeSecret, parseSecret, type SecretPrefix } from '../../src/crypto/secret-text.ts';

const PREFIXES: SecretPrefix[] = ['rka', 'rkd', 'rkr', 'rks', 'rki', 'rkp'];
const prefix = fc.constantFrom(...PREFIXES);
// `makeSecret` is random by itself: the property asks for a new one each time.
const secret = prefix.map(makeSecret);

describe('the checksum', () => {
  test("agrees with GitHub's published sample, leading zero included", () => {
    expect(checksum('zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ')).toBe('0mLq17');
  });

  // The check value of CRC-32/ISO-HDLC: cbf43926, which is 3421780262, which is 3*62^5 + 45*62^4 + … in base62.
  test('agrees with the check value of the CRC catalogue', () => {
    const value = Array.from(checksum('123456789')).reduce(
      (sum, digit) => sum * 62 + '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.indexOf(digit),
      0,
    );
    expect(value).toBe(0xcbf43926);
  });

  test('always has six characters', () => {
    expect(checksum('')).toBe('000000');
    fc.assert(fc.property(fc.string(), (text) => /^[0-9A-Za-z]{6}$/.test(checksum(text))));
  });
});

describe('a secret', () => {
  test('has its prefix, 30 random characters and the checksum of both', () => {
    fc.assert(
      fc.property(prefix, (prefix) => {
        const text = makeSecret(prefix);
        expect(text).toMatch(new RegExp(`^${prefix}_[0-9A-Za-z]{36}$`));
        expect(text.slice(-6)).toBe(checksum(text.slice(0, -6)));
      }),
    );
  });

  test('is unique', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => makeSecret('rka'))).size).toBe(10_000);
  });

  test('is accepted by the parser as its own kind', () => {
    fc.assert(
      fc.property(prefix, (prefix) => {
        expect(parseSecret(makeSecret(prefix))).toEqual({ prefix });
      }),
    );
  });

  test('is rejected after any change of one character', () => {
    const text = makeSecret('rka');
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-. \n';
    for (let index = 0; index < text.length; index++) {
      for (const character of alphabet) {
        if (character === text[index]) continue;
        expect(parseSecret(text.slice(0, index) + character + text.slice(index + 1))).toBeNull();
      }
    }
    fc.assert(
      fc.property(
        secret,
        fc.nat(39),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        (text, index, other) => {
          fc.pre(other !== text[index]);
          expect(parseSecret(text.slice(0, index) + other + text.slice(index + 1))).toBeNull();
        },
      ),
    );
  });

  test('is rejected after two adjacent characters are swapped', () => {
    fc.assert(
      fc.property(secret, fc.nat(38), (text, index) => {
        fc.pre(text[index] !== text[index + 1]);
        const swapped = text.slice(0, index) + text[index + 1] + text[index] + text.slice(index + 2);
        expect(parseSecret(swapped)).toBeNull();
      }),
    );
  });

  test('does not become another kind with another prefix', () => {
    const text = makeSecret('rka');
    for (const other of ['rkd', 'rkr', 'rks']) expect(parseSecret(other + text.slice(3))).toBeNull();
  });

  test('is rejected with missing or additional characters', () => {
    const text = makeSecret('rkd');
    for (const wrong of ['', text.slice(1), text.slice(0, -1), `${text}0`, ` ${text}`, `${text}\n`, text.repeat(2)])
      expect(parseSecret(wrong)).toBeNull();
    expect(parseSecret(text.toUpperCase())).toBeNull();
    expect(parseSecret(text.toLowerCase())).toBeNull();
  });

  test('is rejected with an unknown prefix, even if the checksum is right', () => {
    for (const prefix of ['rkx', 'RKA', 'ghp', 'key', '___']) {
      const body = `${prefix}_${'a'.repeat(30)}`;
      expect(parseSecret(body + checksum(body))).toBeNull();
    }
    const withoutUnderscore = `rka-${'a'.repeat(30)}`;
    expect(parseSecret(withoutUnderscore + checksum(withoutUnderscore))).toBeNull();
  });

  test('is never an id', () => {
    expect(parseSecret('key_01JC8Q4W7ZK3M5N6P8R9S0TVWX')).toBeNull();
  });
});

describe('a hint', () => {
  test('shows the prefix and the last four characters, and nothing more', () => {
    fc.assert(
      fc.property(secret, (text) => {
        expect(hintOf(text)).toBe(`${text.slice(0, 4)}…${text.slice(-4)}`);
        expect(hintOf(text)).toHaveLength(9);
      }),
    );
  });

  test('shows nothing of a text that is not a secret', () => {
    for (const text of ['', 'abcd', 'hunter2', `${makeSecret('rka')}x`]) expect(hintOf(text)).toBe('…');
  });

  test('is not accepted as a secret', () => {
    expect(parseSecret(hintOf(makeSecret('rka')))).toBeNull();
  });
});
