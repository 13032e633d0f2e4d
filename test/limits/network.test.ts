import fc from 'fast-check';
import { expect, test } from 'vitest';
import { networkOf } from '../../src/limits/network.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8::3:4:5:6:7', '2001:db8:0:3::/64'],
  ['::1', '0:0:0:0::/64'],
  ['1:2::3:4:5:192.0.2.7', '1:2:0:3::/64'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('F4.8: all texts that are no address count as one', () => {
  for (const garbage of [
    null,
    '',
    'unknown',
    'localhost',
    '1.2.3',
    '192.0.2.7:80',
    '1.2.3.4, 5.6.7.8',
    'x'.repeat(10_000),
  ]) {
    expect(networkOf(garbage)).toBe('unknown');
  }
});

test('IPv6 addresses that differ only in their lower half count as one', () => {
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(groups, groups, (prefix, host) => {
      const written = (numbers: number[]) => numbers.map((number) => number.toString(16)).join(':');
      expect(networkOf(`${written(prefix)}:${written(host)}`)).toBe(`${written(prefix)}::/64`);
    }),
  );
});
