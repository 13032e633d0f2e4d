import { describe, expect, test } from 'vitest';
import { type IdPrefix, isId, newId } from '../../src/kernel/ids.ts';

const PREFIXES: IdPrefix[] = ['key', 'dmn', 'ses', 'sgk', 'usr', 'wsp', 'rev', 'evt', 'rft'];
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Decodes the 26 characters digit by digit, as a second implementation. */
function uuidOf(id: string): string {
  const number = Array.from(id.slice(4)).reduce((sum, digit) => sum * 32n + BigInt(CROCKFORD.indexOf(digit)), 0n);
  return number.toString(16).padStart(32, '0');
}

describe('a new id', () => {
  test.each(PREFIXES)('%s_ is followed by 26 characters of Crockford base32', (prefix) => {
    expect(newId(prefix)).toMatch(new RegExp(`^${prefix}_[${CROCKFORD}]{26}$`));
  });

  test('contains a version 7 UUID of the current time', () => {
    const before = Date.now();
    const uuid = uuidOf(newId('key'));
    const madeAt = Number.parseInt(uuid.slice(0, 12), 16);
    expect(madeAt).toBeGreaterThanOrEqual(before);
    expect(madeAt).toBeLessThanOrEqual(Date.now());
    expect(uuid[12]).toBe('7');
    expect(uuid[16]).toMatch(/[89ab]/);
  });

  test('sorts as text by the millisecond of its creation', () => {
    const ids = Array.from({ length: 5_000 }, () => newId('evt'));
    const milliseconds = ids.toSorted().map((id) => uuidOf(id).slice(0, 12));
    expect(milliseconds).toEqual(ids.map((id) => uuidOf(id).slice(0, 12)));
  });

  test('is unique', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newId('usr'))).size).toBe(10_000);
  });

  test('is recognised by isId by its prefix', () => {
    for (const prefix of PREFIXES) {
      const id = newId(prefix);
      expect(isId(id, prefix)).toBe(true);
      expect(PREFIXES.filter((other) => isId(id, other))).toEqual([prefix]);
    }
  });
});

const BODY = '01JC8Q4W7ZK3M5N6P8R9S0TVWX';

test.each([
  ['nothing', ''],
  ['a prefix alone', 'key_'],
  ['another prefix', `abc_${BODY}`],
  ['a prefix in upper case', `KEY_${BODY}`],
  ['lower-case characters', `key_${BODY.toLowerCase()}`],
  ['a character too few', `key_${BODY.slice(1)}`],
  ['a character too many', `key_${BODY}0`],
  ['a letter Crockford leaves out', `key_${BODY.slice(0, -1)}U`],
  ['more than 128 bits', `key_8${BODY.slice(1)}`],
  ['a line break at the end', `key_${BODY}\n`],
  ['a space in front', ` key_${BODY}`],
  ['a second line', `key_${BODY}\nkey_${BODY}`],
  ['a prefix of a prototype', `constructor_${BODY}`],
])('isId rejects %s', (_, value) => {
  expect(isId(`key_${BODY}`, 'key')).toBe(true);
  expect(isId(value, 'key')).toBe(false);
});
