import fc from 'fast-check';
import { expect, test } from 'vitest';
import { constantTimeEqual } from '../../src/crypto/compare.ts';

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));

test('accepts equal bytes', () => {
  fc.assert(fc.property(bytes, (value) => constantTimeEqual(value, Buffer.from(value))));
});

test('gives the result of plain equality, also for different lengths', () => {
  fc.assert(fc.property(bytes, bytes, (a, b) => constantTimeEqual(a, b) === a.equals(b)));
});

test('rejects bytes that differ in one bit', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (array, position) => {
      const changed = Buffer.from(array);
      const bit = position % (array.length * 8);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(constantTimeEqual(Buffer.from(array), changed)).toBe(false);
    }),
  );
});

test('rejects a prefix and does not ignore padding', () => {
  expect(constantTimeEqual('secret', 'secre')).toBe(false);
  expect(constantTimeEqual('secret', 'secret\0')).toBe(false);
  expect(constantTimeEqual('', '\0')).toBe(false);
  expect(constantTimeEqual('', '')).toBe(true);
});

test('compares text as UTF-8', () => {
  expect(constantTimeEqual('clé', Buffer.from('clé'))).toBe(true);
  expect(constantTimeEqual('clé', 'cle\u0301')).toBe(false);
});
