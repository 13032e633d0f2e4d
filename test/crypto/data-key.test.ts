import { randomBytes } from 'node:crypto';
import { gcm } from '@noble/ciphers/aes.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDataKey, type Place, versionOf } from '../../src/crypto/data-key.ts';
import { localKeyManagement } from '../../src/crypto/key-management.ts';
import { createKeyring } from '../../src/crypto/keyring.ts';
import { SealError } from '../../src/crypto/seal.ts';

const bytes = Buffer.from(randomBytes(32));
const of = { tenant: 'wsp_one', version: 1 };
const key = createDataKey(bytes, of);
const place: Place = { table: 'sessions', column: 'ip_address', row: 'ses_one' };
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const utf8 = (value: string) => new TextEncoder().encode(value);

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof SealError ? error.code : error;
  }
}

describe('a value that is sealed with a data key', () => {
  test('opens to its plaintext, and has the form that the columns demand', () => {
    fc.assert(
      fc.property(text, (plaintext) => {
        const sealed = key.seal(place, plaintext);
        expect(key.open(place, sealed).toString()).toBe(plaintext);
        expect(sealed).toMatch(/^s2\.[1-9][0-9]{0,8}\.[A-Za-z0-9_-]{38,}$/);
        expect(versionOf(sealed)).toBe(1);
      }),
    );
  });

  test('opens with a second implementation', () => {
    fc.assert(
      fc.property(text, text, (row, plaintext) => {
        const body = Buffer.from(key.seal({ ...place, row }, plaintext).split('.')[2]!, 'base64url');
        const info = utf8(JSON.stringify(['rekey', 'seal', 'wsp_one', 1]));
        const aad = utf8(JSON.stringify(['s2', 'wsp_one', 'sessions', 'ip_address', row, 1]));
        const cipher = gcm(hkdf(sha256, bytes, undefined, info, 32), body.subarray(0, 12), aad);
        expect(Buffer.from(cipher.decrypt(body.subarray(12))).toString()).toBe(plaintext);
      }),
    );
  });

  test('F3.25: does not open in another row, column or table', () => {
    const sealed = key.seal(place, 'x');
    for (const other of [{ row: 'ses_two' }, { column: 'user_agent' }, { table: 'api_keys' }]) {
      expect(codeOf(() => key.open({ ...place, ...other }, sealed))).toBe('FORGED');
    }
  });

  test('F3.25: keeps the parts of its place separate', () => {
    fc.assert(
      fc.property(fc.tuple(text, text, text), fc.tuple(text, text, text), (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        const [a, b] = [one, other].map(([table, column, row]) => ({ table, column, row })) as [Place, Place];
        expect(codeOf(() => key.open(b, key.seal(a, 'x')))).toBe('FORGED');
      }),
    );
  });

  test('F3.21: does not open for another tenant or version, also with the same bytes', () => {
    const sealed = key.seal(place, 'x');
    expect(codeOf(() => createDataKey(bytes, { ...of, tenant: 'wsp_two' }).open(place, sealed))).toBe('FORGED');
    const second = createDataKey(bytes, { ...of, version: 2 });
    expect(codeOf(() => second.open(place, sealed))).toBe('MALFORMED');
    expect(codeOf(() => second.open(place, sealed.replace('s2.1.', 's2.2.')))).toBe('FORGED');
  });

  test('F3.24: rejects every other form, and the error names the row and no value', () => {
    const sealed = key.seal(place, 'x');
    const body = sealed.split('.')[2]!;
    const texts = ['', 'x', '203.0.113.7', 's2.1.', `s1.1.${body}`, `s2.01.${body}`, `s2.0.${body}`, `s2.1.${body}=`];
    for (const other of [...texts, `s2.1.${body.slice(0, 37)}`, `S2.1.${body}`, ` ${sealed}`, `${sealed}\n`]) {
      expect(
        codeOf(() => key.open(place, other)),
        other,
      ).toBe('MALFORMED');
    }
    expect(() => key.open(place, '203.0.113.7')).toThrow(/^sessions\.ip_address of the row ses_one cannot be opened\./);
    expect(() => key.open(place, '203.0.113.7')).not.toThrow(/203/);
  });

  test('F3.25: does not open after a change of any bit, or with a shorter tag', () => {
    const body = Buffer.from(key.seal(place, 'x').split('.')[2]!, 'base64url');
    for (let bit = 0; bit < body.length * 8; bit++) {
      const changed = Buffer.from(body);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(codeOf(() => key.open(place, `s2.1.${changed.toString('base64url')}`))).toBe('FORGED');
    }
    const long = Buffer.from(key.seal(place, 'x'.repeat(40)).split('.')[2]!, 'base64url');
    for (let cut = 1; cut <= 16; cut++) {
      expect(codeOf(() => key.open(place, `s2.1.${long.subarray(0, -cut).toString('base64url')}`))).toBe('FORGED');
    }
  });

  test('has an IV of its own', () => {
    const ivs = Array.from({ length: 1000 }, () =>
      Buffer.from(key.seal(place, '').slice(5), 'base64url').toString('hex', 0, 12),
    );
    expect(new Set(ivs).size).toBe(1000);
  });
});

describe('a blind index', () => {
  const value = { table: 'users', column: 'email_sealed', canonical: 'ann@example.com' };

  test('is the HMAC under a key of its own', () => {
    const derived = hkdf(sha256, bytes, undefined, utf8(JSON.stringify(['rekey', 'blind-index', 'wsp_one', 1])), 32);
    const expected = hmac(sha256, derived, utf8(JSON.stringify(['users', 'email_sealed', 'ann@example.com'])));
    expect(key.index(value).equals(expected)).toBe(true);
  });

  test('of the same value is the same in one column, and differs in another column, tenant or version', () => {
    const others = [
      key.index({ ...value, column: 'display_name' }),
      key.index({ ...value, table: 'people' }),
      createDataKey(bytes, { ...of, tenant: 'wsp_two' }).index(value),
      createDataKey(bytes, { ...of, version: 2 }).index(value),
    ];
    expect(key.index(value)).toEqual(key.index({ ...value }));
    for (const other of others) expect(other.equals(key.index(value))).toBe(false);
  });
});

describe('a wrapped data key', () => {
  const [current, retired] = [randomBytes(32), randomBytes(32)];
  const management = localKeyManagement(createKeyring(current, [retired]));

  test('unwraps for its own tenant and version only', async () => {
    const wrapped = await management.wrap(of, bytes);
    expect((await management.unwrap(of, wrapped)).equals(bytes)).toBe(true);
    await expect(management.unwrap({ ...of, tenant: 'accounts' }, wrapped)).rejects.toMatchObject({ code: 'FORGED' });
    await expect(management.unwrap({ ...of, version: 2 }, wrapped)).rejects.toMatchObject({ code: 'FORGED' });
  });

  test('of a retired master key unwraps, and is wrapped by the current one afterwards', async () => {
    const earlier = localKeyManagement(createKeyring(retired));
    const wrapped = await earlier.wrap(of, bytes);
    expect(management.wrappedBy(wrapped)).toBe(earlier.current);
    const again = await management.wrap(of, await management.unwrap(of, wrapped));
    expect(management.wrappedBy(again)).toBe(management.current);
    await expect(earlier.unwrap(of, again)).rejects.toMatchObject({ code: 'UNKNOWN_KEY' });
  });
});

test('F3.20: a data key of the wrong length is rejected', () => {
  for (const length of [0, 16, 31, 33]) expect(() => createDataKey(Buffer.alloc(length), of)).toThrow(RangeError);
});
