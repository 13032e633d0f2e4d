import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { hkdf as nobleHkdf } from '@noble/hashes/hkdf.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyring, parseMasterKey } from '../../src/crypto/keyring.ts';

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((array) => Buffer.from(array));

describe('HKDF-SHA-256 matches the test vectors of RFC 5869', () => {
  test.each([
    {
      name: 'test case 1',
      ikm: '0b'.repeat(22),
      salt: '000102030405060708090a0b0c',
      info: 'f0f1f2f3f4f5f6f7f8f9',
      okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      name: 'test case 3, without salt and info',
      ikm: '0b'.repeat(22),
      salt: '',
      info: '',
      okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ])('$name', ({ ikm, salt, info, okm }) => {
    expect(Buffer.from(hkdfSync('sha256', bytes(ikm), bytes(salt), bytes(info), 42)).toString('hex')).toBe(okm);
  });
});

describe('a master key', () => {
  test('derives the same keys as a second implementation, for each purpose', () => {
    fc.assert(
      fc.property(key, fc.string({ unit: 'grapheme', maxLength: 50 }), (key, purpose) => {
        const expected = nobleHkdf(nobleSha256, key, undefined, Buffer.from(`rekey/v1/${purpose}`), 32);
        expect(createKeyring(key).current.derive(purpose).export().equals(expected)).toBe(true);
      }),
    );
  });

  test('derives different keys for different purposes, and never itself', () => {
    const master = randomBytes(32);
    const { derive } = createKeyring(master).current;
    const keys = ['', 'a', 'b', 'a/b', 'seal/a', 'blind-index/a'].map((purpose) =>
      derive(purpose).export().toString('hex'),
    );
    expect(new Set([...keys, master.toString('hex')]).size).toBe(7);
  });

  test('caches derived keys, up to a limit', () => {
    const { derive } = createKeyring(randomBytes(32)).current;
    const first = derive('first');
    expect(derive('first')).toBe(first);
    for (let index = 0; index < 1_000; index++) derive(`purpose ${index}`);
    expect(derive('first')).not.toBe(first);
    expect(derive('first').equals(first)).toBe(true);
  });

  test('has a version that depends on the key alone', () => {
    const [one, other] = [randomBytes(32), randomBytes(32)];
    expect(createKeyring(one).current.version).toMatch(/^[0-9a-f]{8}$/);
    expect(createKeyring(one).current.version).toBe(createKeyring(Buffer.from(one)).current.version);
    expect(createKeyring(one).current.version).not.toBe(createKeyring(other).current.version);
  });

  // Every sealed text contains the version. If its computation changes, no stored text can be opened.
  test('has the version of earlier releases', () => {
    const sample = createHash('sha256').update('a key for this test alone').digest();
    const label = Buffer.from(nobleHkdf(nobleSha256, sample, undefined, Buffer.from('rekey/key-version'), 32));
    const version = createHash('sha256').update(label).digest('hex').slice(0, 8);
    expect(createKeyring(sample).current.version).toBe(version);
    expect(version).toBe('3415c890');
  });

  test('does not show its bytes when it is printed', () => {
    const master = Buffer.from('0123456789abcdef0123456789abcdef');
    const keyring = createKeyring(master, [randomBytes(32)]);
    keyring.current.derive('x');
    const printed = inspect(keyring, { depth: 10, showHidden: true }) + JSON.stringify(keyring);
    for (const form of ['hex', 'base64', 'latin1'] as const) expect(printed).not.toContain(master.toString(form));
    expect(printed).not.toContain('30 31 32 33');
  });

  test('is an error if it does not have 32 bytes', () => {
    for (const size of [0, 16, 31, 33, 64]) {
      expect(() => createKeyring(randomBytes(size))).toThrow(RangeError);
      expect(() => createKeyring(randomBytes(32), [randomBytes(size)])).toThrow(RangeError);
    }
  });
});

describe('a keyring', () => {
  const [current, old, older] = [randomBytes(32), randomBytes(32), randomBytes(32)];

  test('finds every key by its version, the current one first', () => {
    const keyring = createKeyring(current, [old, older]);
    expect(keyring.all).toHaveLength(3);
    expect(keyring.all[0]).toBe(keyring.current);
    expect(keyring.current.version).toBe(createKeyring(current).current.version);
    for (const masterKey of keyring.all) expect(keyring.byVersion(masterKey.version)).toBe(masterKey);
  });

  test('does not find a key that it does not contain', () => {
    const keyring = createKeyring(current);
    expect(keyring.byVersion(createKeyring(old).current.version)).toBeUndefined();
    for (const version of ['', '00000000', 'constructor', '__proto__'])
      expect(keyring.byVersion(version)).toBeUndefined();
  });

  test('counts a key that is given twice once', () => {
    const keyring = createKeyring(current, [old, Buffer.from(current), old]);
    expect(keyring.all.map(({ version }) => version)).toEqual(createKeyring(current, [old]).all.map((k) => k.version));
  });
});

describe('reading a master key', () => {
  const key = bytes('9f86a1c3e45b0d7f2283b64c19fe5a70d8c7e1032b94f56a8d13bb27604e9c5f');

  test.each([
    ['base64', key.toString('base64')],
    ['base64 without padding', key.toString('base64').replace('=', '')],
    ['base64url', key.toString('base64url')],
    ['base64url with padding', `${key.toString('base64url')}=`],
  ])('accepts 32 random bytes as %s', (_, text) => {
    expect(parseMasterKey(text)).toEqual({ key });
  });

  test('accepts every key of a cryptographic generator', () => {
    for (let round = 0; round < 20_000; round++) {
      const random = randomBytes(32);
      const read = parseMasterKey(random.toString(round % 2 ? 'base64' : 'base64url'));
      if (!('key' in read) || !read.key.equals(random)) expect.fail(JSON.stringify(read));
    }
  });

  const base64 = (value: Buffer | string) => Buffer.from(value as string).toString('base64');
  const sha = (text: string) => base64(createHash('sha256').update(text).digest());
  const ascending = Buffer.from(Array.from({ length: 32 }, (_, index) => index));

  test.each([
    ['nothing', '', /is empty/],
    ['white space around it', `${key.toString('base64')}\n`, /white space/],
    ['hexadecimal', key.toString('hex'), /hexadecimal/],
    ['a passphrase', 'correct horse battery staple correct horse!!', /is not base64/],
    ['both alphabets at once', `+-${key.toString('base64').slice(2)}`, /is not base64/],
    ['quotes around it', `"${key.toString('base64')}"`, /is not base64/],
    ['16 bytes', base64(key.subarray(16)), /has 16 bytes/],
    ['31 bytes', base64(key.subarray(1)), /has 31 bytes/],
    ['33 bytes', base64(Buffer.concat([key, key.subarray(31)])), /has 33 bytes/],
    ['64 bytes', base64(Buffer.concat([key, key.toReversed() as Buffer])), /has 64 bytes/],
    ['stray bits at the end', key.toString('base64').replace('8=', '9='), /not canonical/],
    ['too much padding', `${key.toString('base64')}=`, /not canonical/],
    ['zeroes', base64(Buffer.alloc(32)), /repeats one byte/],
    ['one byte over and over', base64(Buffer.alloc(32, 0xa7)), /repeats one byte/],
    ['counting up', base64(ascending), /in equal steps/],
    [
      'counting up from elsewhere, past 255',
      base64(ascending.map((byte) => (byte + 250) & 0xff) as Buffer),
      /in equal steps/,
    ],
    ['counting down', base64(ascending.toReversed() as Buffer), /in equal steps/],
    ['counting in sevens', base64(ascending.map((byte) => byte * 7) as Buffer), /in equal steps/],
    ['two bytes in turn', base64(Buffer.alloc(32, bytes('a7f3'))), /short pattern/],
    ['a pattern that does not divide 32', base64(Buffer.alloc(32, bytes('a7f3015c9e'))), /short pattern/],
    ['half a key, twice', base64(Buffer.concat([key.subarray(16), key.subarray(16)])), /short pattern/],
    ['a typed word, repeated', 'ChangeMe'.repeat(6).slice(0, 43), /./],
    ['32 printable characters', base64('correct horse battery staple 123'), /readable text/],
    ['hexadecimal inside base64', base64(key.subarray(16).toString('hex')), /readable text/],
    ['typed lower-case letters', 'thisismyverylongsecretmasterkeyforrekeyabcg=', /the same case/],
    ['a placeholder', `Replace-This-Placeholder-${key.toString('base64url').slice(25)}`, /placeholder/],
    ['few different bytes', base64(key.map((byte) => byte % 11) as Buffer), /fewer than 16/],
    ['the hash of nothing', sha(''), /well-known/],
    ['the hash of "password"', sha('password'), /well-known/],
    ['the hash of "changeme"', sha('changeme'), /well-known/],
    ['the hash of "changeme" with its newline', sha('changeme\n'), /well-known/],
  ])('rejects %s with a reason and a command to generate a key, and does not repeat the input', (_, text, why) => {
    const read = parseMasterKey(text);
    if (!('problem' in read)) return expect.fail('It was accepted.');
    expect(read.problem).toMatch(why);
    expect(read.problem).toContain('`openssl rand -base64 32`');
    for (let start = 0; start + 8 <= text.length; start++) {
      if (!/placeholder/i.test(text)) expect(read.problem).not.toContain(text.slice(start, start + 8));
    }
  });

  test('never throws, and never accepts a key that does not have 32 bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String({ maxLength: 80 })), (text) => {
        const read = parseMasterKey(text);
        expect('problem' in read || read.key.length === 32).toBe(true);
      }),
    );
  });
});
