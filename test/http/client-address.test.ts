import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClientAddress } from '../../src/http/client-address.ts';

/** The client address of a request that arrives through these proxies. */
function addressBehind(trusted: readonly string[]) {
  const addressOf = createClientAddress(trusted);
  return (remoteAddress: string | undefined, forwardedFor: string | string[] | undefined) =>
    addressOf({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwardedFor } });
}

const addressOf = addressBehind(['10.0.0.0/8', '192.0.2.1', '2001:db8:ffff::/48']);

describe('F4.7: a client cannot choose the address that its requests are counted for', () => {
  test('without trusted proxies, X-Forwarded-For is ignored', () => {
    expect(addressBehind([])('203.0.113.9', '198.51.100.1')).toBe('203.0.113.9');
  });

  test('X-Forwarded-For from an untrusted address is ignored', () => {
    expect(addressOf('203.0.113.9', '198.51.100.1')).toBe('203.0.113.9');
  });

  test('behind a proxy, the client is the last entry, which the proxy has added', () => {
    expect(addressOf('10.1.1.1', '198.51.100.1')).toBe('198.51.100.1');
    expect(addressOf('10.1.1.1', '1.1.1.1, 10.0.0.1, 198.51.100.1')).toBe('198.51.100.1');
  });

  test('behind several proxies, all trusted entries are skipped', () => {
    expect(addressOf('10.1.1.1', '1.1.1.1, 198.51.100.1, 192.0.2.1, 2001:db8:ffff::5, 10.2.2.2')).toBe('198.51.100.1');
  });

  test('several X-Forwarded-For headers are read as one list', () => {
    expect(addressOf('10.1.1.1', ['1.1.1.1', '198.51.100.1, 10.2.2.2'])).toBe('198.51.100.1');
  });

  test('if every entry is a trusted proxy, the client is the first entry', () => {
    expect(addressOf('10.1.1.1', '10.3.3.3, 10.2.2.2')).toBe('10.3.3.3');
    expect(addressOf('10.1.1.1', undefined)).toBe('10.1.1.1');
  });

  test.each([
    'unknown',
    '',
    '_hidden',
    '198.51.100',
    '198.51.100.999',
    '010.1.1.1',
    '[::1',
    '1.1.1.1:x',
    'a'.repeat(5000),
  ])('an entry that is not an address ends the search: %s', (garbage) => {
    expect(addressOf('10.1.1.1', `198.51.100.1, ${garbage}`)).toBe('10.1.1.1');
    expect(addressOf('10.1.1.1', `198.51.100.1, ${garbage}, 10.2.2.2`)).toBe('10.2.2.2');
  });

  test('the port is not part of the address', () => {
    expect(addressOf('10.1.1.1', '198.51.100.1:1234')).toBe('198.51.100.1');
    expect(addressOf('10.1.1.1', '[2001:db8::1]:1234')).toBe('2001:db8::1');
    expect(addressOf('10.1.1.1', '[2001:db8::1]')).toBe('2001:db8::1');
  });

  test.each([
    ['::ffff:198.51.100.1', '198.51.100.1'],
    ['::FFFF:c633:6401', '198.51.100.1'],
    ['0:0:0:0:0:ffff:198.51.100.1', '198.51.100.1'],
    ['2001:DB8:0:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('addresses are normalized: %s becomes %s', (spelling, address) => {
    expect(addressOf(spelling, undefined)).toBe(address);
    expect(addressOf('10.1.1.1', spelling)).toBe(address);
  });

  test('a trusted proxy is recognised in every notation', () => {
    expect(addressOf('::ffff:10.1.1.1', '198.51.100.1, ::ffff:192.0.2.1')).toBe('198.51.100.1');
  });

  test('a socket without an address is "unknown", with or without the header', () => {
    expect(addressOf(undefined, '198.51.100.1')).toBe('unknown');
    expect(addressOf('/run/rekey.sock', '198.51.100.1')).toBe('unknown');
  });

  test('any header gives a short address and throws no error', () => {
    const entry = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom('10.0.0.1', '[::1]:1', '::1%a'),
    );
    const header = fc.oneof(
      entry,
      fc.array(entry),
      fc.array(entry).map((entries) => entries.join(',')),
    );
    fc.assert(
      fc.property(fc.option(entry, { nil: undefined }), header, (remoteAddress, forwardedFor) => {
        expect(addressOf(remoteAddress, forwardedFor).length).toBeLessThanOrEqual(45);
        expect(addressOf('10.1.1.1', forwardedFor).length).toBeLessThanOrEqual(45);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['10.0.0.0/', '10.0.0.0/33', '10.0.0.0/8/8', '999.0.0.1', 'proxy.example'])(
    'an invalid entry in the list of proxies is an error: %s',
    (proxy) => {
      expect(() => createClientAddress([proxy])).toThrow(`"${proxy}" is not the address or CIDR of a proxy.`);
    },
  );
});
