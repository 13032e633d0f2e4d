import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256, sha256Base64url } from '../../src/crypto/hash.ts';

// FIPS 180-4, the examples NIST publishes with it.
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('SHA-256 of %j matches the example of NIST', (text, hex) => {
  expect(sha256(text).toString('hex')).toBe(hex);
  expect(sha256(Buffer.from(text)).toString('hex')).toBe(hex);
  expect(sha256Base64url(text)).toBe(Buffer.from(hex, 'hex').toString('base64url'));
});

test('SHA-256 agrees with a second implementation', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(sha256(Buffer.from(bytes)).equals(nobleSha256(bytes))).toBe(true);
    }),
  );
});

test('text is hashed as UTF-8, and its base64url has 43 characters without padding', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(sha256(text)).toEqual(sha256(Buffer.from(text, 'utf8')));
      expect(sha256Base64url(text)).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(sha256Base64url(text)).toBe(sha256(text).toString('base64url'));
    }),
  );
});
