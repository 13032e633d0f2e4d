import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { constantTimeEqual } from '../../src/crypto/compare.ts';
import { hmacSha256 } from '../../src/crypto/hmac.ts';

interface Wycheproof {
  testGroups: {
    tagSize: number;
    tests: { tcId: number; comment: string; key: string; msg: string; tag: string; result: 'valid' | 'invalid' }[];
  }[];
}

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const hmac = (key: Buffer, message: Buffer) => hmacSha256(createSecretKey(key), message);

// RFC 4231 §4. The fifth one has a truncated output, which is not used here.
const repeated = (byte: string, count: number) => bytes(byte.repeat(count));
test.each([
  [1, repeated('0b', 20), Buffer.from('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    2,
    Buffer.from('Jefe'),
    Buffer.from('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [3, repeated('aa', 20), repeated('dd', 50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    4,
    bytes('0102030405060708090a0b0c0d0e0f10111213141516171819'),
    repeated('cd', 50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [
    6,
    repeated('aa', 131),
    Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    7,
    repeated('aa', 131),
    Buffer.from(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
])('test case %i of RFC 4231', (_case, key, message, expected) => {
  expect(hmac(key, message).toString('hex')).toBe(expected);
});

describe('the vectors of Wycheproof', () => {
  const file = join(import.meta.dirname, '..', 'vectors', 'wycheproof', 'hmac_sha256_test.json');
  const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as Wycheproof;

  test('are read', () => {
    expect(testGroups.flatMap(({ tests }) => tests)).toHaveLength(174);
  });

  test.each(testGroups.map((group) => [group.tagSize, group.tests] as const))(
    'with tags of %i bits: a tag is accepted only if it is valid and complete',
    (tagSize, tests) => {
      for (const { tcId, comment, key, msg, tag, result } of tests) {
        const accepted = constantTimeEqual(hmac(bytes(key), bytes(msg)), bytes(tag));
        // A truncated tag is easier to guess, so it is never accepted.
        expect(accepted, `${tcId}: ${comment}`).toBe(result === 'valid' && tagSize === 256);
      }
    },
  );
});

test('agrees with a second implementation, for text as UTF-8, too', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'grapheme' }),
      (key, message, text) => {
        const secret = createSecretKey(key);
        expect(hmacSha256(secret, message).equals(nobleHmac(nobleSha256, key, message))).toBe(true);
        const ofText = nobleHmac(nobleSha256, key, new TextEncoder().encode(text));
        expect(hmacSha256(secret, text).equals(ofText)).toBe(true);
      },
    ),
  );
});
