import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BASE62, randomBase62, randomBytes } from '../../src/kernel/random.ts';

test('random bytes have the requested size and differ each time', () => {
  expect(randomBytes(0)).toHaveLength(0);
  expect(randomBytes(32)).toHaveLength(32);
  expect(randomBytes(32)).not.toEqual(randomBytes(32));
});

describe('random base62', () => {
  test('has the requested length and no other characters', () => {
    fc.assert(
      fc.property(fc.nat(200), (length) => {
        expect(randomBase62(length)).toMatch(new RegExp(`^[0-9A-Za-z]{${length}}$`));
      }),
    );
  });

  test('maps the same number of bytes to every digit', () => {
    // All 256 bytes once: 248 make four of each digit, 8 are rejected and requested again.
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const zeroes = (size: number) => Buffer.alloc(size);
    let asked = 0;
    const text = randomBase62(256, (size) => (asked++ === 0 ? everyByte : zeroes(size)));
    expect(text).toBe(BASE62.repeat(4) + '0'.repeat(8));
  });

  test('requests only as many bytes again as were rejected', () => {
    const sizes: number[] = [];
    randomBase62(3, (size) => {
      sizes.push(size);
      return Buffer.alloc(size, sizes.length === 1 ? 255 : 61);
    });
    expect(sizes).toEqual([3, 3]);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('throws for a length of %s', (length) => {
    expect(() => randomBase62(length)).toThrow(RangeError);
  });
});
