import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containsNetwork, networkText, parseCidr, parseNetwork } from '../../src/kernel/cidr.ts';

const textOf = (text: string) => {
  const network = parseNetwork(text);
  return network && networkText(network);
};
const contains = (outer: string, inner: string) => containsNetwork(parseNetwork(outer)!, parseNetwork(inner)!);

describe('parseNetwork and networkText', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7/32', '192.0.2.7'],
    ['192.0.2.7/24', '192.0.2.0/24'],
    ['255.255.255.255/1', '128.0.0.0/1'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0:0:0:0:0:1/128', '2001:db8::1'],
    ['2001:db8:1:2:3:4:5:6/48', '2001:db8:1::/48'],
    ['::', '::'],
    ['::/0', '::/0'],
    ['::1', '::1'],
    ['fe80::1:2', 'fe80::1:2'],
    // An IPv4 address in the form of IPv6 counts as IPv4.
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['::FFFF:10.1.2.3/104', '10.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    // A network that is wider than all IPv4 addresses is one of IPv6.
    ['::ffff:0:0/95', '::fffe:0:0/95'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is %s', (text, expected) => expect(textOf(text)).toBe(expected));

  test.each([
    '',
    'x',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.7/33',
    '192.0.2.7/-1',
    '192.0.2.7/',
    '192.0.2.7/8/8',
    '::1/129',
  ])('%j is no network', (text) => expect(parseNetwork(text)).toBeNull());

  test.each(['fe80::1%eth0', '192.0.2.07', ' 192.0.2.7', '192.0.2.7 ', '[::1]', '10.0.0.0/08x', '1.2.3.4,5.6.7.8'])(
    '%j has another spelling than an address',
    (text) => expect(parseNetwork(text)).toBeNull(),
  );

  test('the text of every network is parsed as the same network, and so is each of its spellings', () => {
    const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }));
    const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }));
    fc.assert(
      fc.property(fc.oneof(v4, v6), ([address, bits]) => {
        const network = parseNetwork(`${address}/${bits}`)!;
        expect(parseNetwork(networkText(network))).toEqual(network);
        expect(textOf(networkText(network))).toBe(networkText(network));
        expect(parseCidr(networkText(network))).not.toBeNull();
      }),
    );
  });
});

describe('containsNetwork', () => {
  test.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.70', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['::/0', '203.0.113.9', false],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:0DB8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
  ])('%s contains %s: %s', (outer, inner, expected) => expect(contains(outer, inner)).toBe(expected));
});
