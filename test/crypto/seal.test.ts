import { createSecretKey, randomBytes } from 'node:crypto';
import { gcm } from '@noble/ciphers/aes.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyring, type Keyring } from '../../src/crypto/keyring.ts';
import { blindIndex, blindIndexes, decrypt, encrypt, open, SealError, seal } from '../../src/crypto/seal.ts';

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const anyBytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

const master = randomBytes(32);
const keyring = createKeyring(master);

/** The code of the error that `open` throws, or the bytes that it returns instead. */
function refusal(keys: Keyring, purpose: string, aad: string, sealed: string): unknown {
  try {
    return open(keys, { purpose, aad, sealed });
  } catch (error) {
    return error instanceof SealError ? error.code : error;
  }
}

/** A sealed text whose body is decoded, changed and encoded again. */
function rebuilt(sealed: string, change: (body: Buffer) => Buffer): string {
  const [format, version, body] = sealed.split('.') as [string, string, string];
  return `${format}.${version}.${change(Buffer.from(body, 'base64url')).toString('base64url')}`;
}

// The AES-256 cases of the GCM specification submitted to NIST (McGrew and Viega), the basis of SP 800-38D.
describe('AES-256-GCM matches the known answers', () => {
  const KEY = 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308';
  const PLAINTEXT =
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
  const CIPHERTEXT =
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad';

  test.each([
    ['13', '00'.repeat(32), '00'.repeat(12), '', '', '', '530f8afbc74536b9a963b4f1c4cb738b'],
    [
      ...(['14', '00'.repeat(32), '00'.repeat(12), '', '00'.repeat(16)] as const),
      ...(['cea7403d4d606b6e074ec5d3baf39d18', 'd0d1c8a799996bf0265b98b5d48ab919'] as const),
    ],
    ['15', KEY, 'cafebabefacedbaddecaf888', '', PLAINTEXT, CIPHERTEXT, 'b094dac5d93471bdec1a502270e3cc6c'],
    [
      ...(['16', KEY, 'cafebabefacedbaddecaf888', 'feedfacedeadbeeffeedfacedeadbeefabaddad2'] as const),
      ...([PLAINTEXT.slice(0, 120), CIPHERTEXT.slice(0, 120), '76fc6ece0f4e1768cddf8853bb2d551b'] as const),
    ],
  ])('test case %s', (_, key, iv, aad, plaintext, ciphertext, tag) => {
    const keyObject = createSecretKey(bytes(key));
    const encrypted = encrypt(keyObject, { iv: bytes(iv), aad: bytes(aad), plaintext: bytes(plaintext) });
    expect(encrypted.toString('hex')).toBe(ciphertext + tag);
    expect(decrypt(keyObject, { iv: bytes(iv), aad: bytes(aad), encrypted }).toString('hex')).toBe(plaintext);
  });
});

describe('a sealed text', () => {
  test('opens to its plaintext', () => {
    fc.assert(
      fc.property(text, text, anyBytes, (purpose, aad, plaintext) => {
        expect(
          open(keyring, { purpose, aad, sealed: seal(keyring, { purpose, aad, plaintext }) }).equals(plaintext),
        ).toBe(true);
      }),
    );
    fc.assert(
      fc.property(text, text, text, (purpose, aad, plaintext) => {
        expect(open(keyring, { purpose, aad, sealed: seal(keyring, { purpose, aad, plaintext }) }).toString()).toBe(
          plaintext,
        );
      }),
    );
  });

  test('opens with a second implementation', () => {
    fc.assert(
      fc.property(text, text, anyBytes, (purpose, aad, plaintext) => {
        const sealed = seal(keyring, { purpose, aad, plaintext });
        const [format, version, body] = sealed.split('.') as [string, string, string];
        const box = Buffer.from(body, 'base64url');
        const key = hkdf(sha256, master, undefined, Buffer.from(`rekey/v1/seal/${purpose}`), 32);
        const cipher = gcm(key, box.subarray(0, 12), Buffer.from(`${format}.${version}.${aad}`));
        expect(Buffer.from(cipher.decrypt(box.subarray(12))).equals(plaintext)).toBe(true);
      }),
    );
  });

  test('opens when a second implementation has sealed it', () => {
    fc.assert(
      fc.property(text, text, anyBytes, (purpose, aad, plaintext) => {
        const header = `s1.${keyring.current.version}.`;
        const key = hkdf(sha256, master, undefined, Buffer.from(`rekey/v1/seal/${purpose}`), 32);
        const iv = randomBytes(12);
        const box = Buffer.concat([iv, gcm(key, iv, Buffer.from(header + aad)).encrypt(plaintext)]);
        expect(open(keyring, { purpose, aad, sealed: header + box.toString('base64url') }).equals(plaintext)).toBe(
          true,
        );
      }),
    );
  });

  test('is different each time, and reveals only its length and the key version', () => {
    const sealed = Array.from({ length: 1_000 }, () =>
      seal(keyring, { purpose: 'purpose', aad: 'aad', plaintext: 'plaintext' }),
    );
    const ivs = sealed.map((one) => Buffer.from(one.split('.')[2]!, 'base64url').toString('hex', 0, 12));
    expect(new Set(ivs).size).toBe(1_000);
    expect(sealed[0]).toMatch(new RegExp(`^s1\\.${keyring.current.version}\\.[A-Za-z0-9_-]{50}$`));
  });

  test('does not open after any flipped bit', () => {
    const sealed = seal(keyring, { purpose: 'purpose', aad: 'aad', plaintext: 'a secret of some length' });
    const { length } = Buffer.from(sealed.split('.')[2]!, 'base64url');
    for (let bit = 0; bit < length * 8; bit++) {
      const forged = rebuilt(sealed, (body) => {
        body[bit >> 3]! ^= 1 << (bit & 7);
        return body;
      });
      expect(refusal(keyring, 'purpose', 'aad', forged)).toBe('FORGED');
    }
  });

  test('does not open after any change of one character', () => {
    fc.assert(
      fc.property(
        anyBytes,
        fc.nat(),
        fc.constantFrom(...'ABCwxyz0123456789abcdef-_.=+/ \n'),
        (plaintext, at, other) => {
          const sealed = seal(keyring, { purpose: 'purpose', aad: 'aad', plaintext });
          const index = at % sealed.length;
          fc.pre(sealed[index] !== other);
          const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
          expect(refusal(keyring, 'purpose', 'aad', changed)).toMatch(/^(MALFORMED|UNKNOWN_KEY|FORGED)$/);
        },
      ),
    );
  });

  test('does not open for another purpose or with other additional data', () => {
    fc.assert(
      fc.property(text, text, text, anyBytes, (purpose, aad, other, plaintext) => {
        const sealed = seal(keyring, { purpose, aad, plaintext });
        if (other !== purpose) expect(refusal(keyring, other, aad, sealed)).toBe('FORGED');
        if (other !== aad) expect(refusal(keyring, purpose, other, sealed)).toBe('FORGED');
      }),
    );
  });

  test('does not open with a key derived for a blind index of the same name', () => {
    const key = keyring.current.derive('blind-index/email');
    const [, version, body] = seal(keyring, { purpose: 'email', aad: '', plaintext: 'x' }).split('.') as [
      string,
      string,
      string,
    ];
    const box = Buffer.from(body, 'base64url');
    expect(() =>
      decrypt(key, { iv: box.subarray(0, 12), aad: Buffer.from(`s1.${version}.`), encrypted: box.subarray(12) }),
    ).toThrow(SealError);
  });

  test('does not open with a shortened tag', () => {
    const sealed = seal(keyring, { purpose: 'purpose', aad: 'aad', plaintext: 'a secret of some length' });
    for (const missing of [1, 4, 8, 12, 16])
      expect(
        refusal(
          keyring,
          'purpose',
          'aad',
          rebuilt(sealed, (body) => body.subarray(0, -missing)),
        ),
      ).toBe('FORGED');
  });

  // Node alone would accept the first four bytes of the tag as a tag.
  test('with nothing but the first four bytes of its tag is refused', () => {
    const sealed = seal(keyring, { purpose: 'purpose', aad: 'aad', plaintext: '' });
    const short = rebuilt(sealed, (body) => body.subarray(0, 12 + 4));
    expect(refusal(keyring, 'purpose', 'aad', short)).toBe('MALFORMED');
    const key = createSecretKey(Buffer.alloc(32));
    const tag = bytes('530f8afbc74536b9a963b4f1c4cb738b');
    expect(decrypt(key, { iv: Buffer.alloc(12), aad: Buffer.alloc(0), encrypted: tag })).toHaveLength(0);
    for (const size of [0, 4, 8, 12, 15])
      expect(() =>
        decrypt(key, { iv: Buffer.alloc(12), aad: Buffer.alloc(0), encrypted: tag.subarray(0, size) }),
      ).toThrow(SealError);
  });
});

describe('rotating the master key', () => {
  const next = randomBytes(32);
  const rotated = createKeyring(next, [master]);
  const sealed = seal(keyring, { purpose: 'purpose', aad: 'aad', plaintext: 'written before' });

  test('what was sealed before still opens, and what is sealed now names the new key', () => {
    expect(open(rotated, { purpose: 'purpose', aad: 'aad', sealed }).toString()).toBe('written before');
    expect(seal(rotated, { purpose: 'purpose', aad: 'aad', plaintext: 'x' })).toMatch(
      new RegExp(`^s1\\.${rotated.current.version}\\.`),
    );
  });

  test('texts of the old key are an error after the old key is removed', () => {
    expect(refusal(createKeyring(next), 'purpose', 'aad', sealed)).toBe('UNKNOWN_KEY');
  });

  test('a sealed text cannot be relabelled with another key version', () => {
    const relabelled = sealed.replace(keyring.current.version, rotated.current.version);
    expect(refusal(rotated, 'purpose', 'aad', relabelled)).toBe('FORGED');
  });
});

describe('a text that is not sealed', () => {
  const { version } = keyring.current;
  const body = Buffer.alloc(40, 7).toString('base64url');

  test.each([
    ['nothing', ''],
    ['plaintext', 'hunter2'],
    ['a header alone', `s1.${version}.`],
    ['another format', `s2.${version}.${body}`],
    ['no version', `s1..${body}`],
    ['a version in upper case', `s1.ABCDEF01.${body}`],
    ['a name from the prototype', `s1.__proto__.${body}`],
    ['a fourth part', `s1.${version}.${body}.`],
    ['padding', `s1.${version}.${body}==`],
    ['base64 instead of base64url', `s1.${version}.${body.slice(0, -1)}+`],
    ['less than an IV and a tag', `s1.${version}.${Buffer.alloc(27, 7).toString('base64url')}`],
    ['stray bits at the end', `s1.${version}.${Buffer.alloc(40, 7).toString('base64url').replace(/.$/, 'x')}`],
    ['a line break at the end', `s1.${version}.${body}\n`],
    ['white space in front', ` s1.${version}.${body}`],
  ])('is rejected and never returned: %s', (_, sealed) => {
    expect(refusal(keyring, 'purpose', 'aad', sealed)).toBe('MALFORMED');
  });

  test('is rejected with a reason, whatever it contains', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (sealed) => {
        expect(refusal(keyring, 'purpose', 'aad', sealed)).toBe('MALFORMED');
      }),
    );
  });

  test('the error repeats neither the text nor what it was sealed for', () => {
    const sealed = seal(keyring, { purpose: 'purpose', aad: 'aad-of-row', plaintext: 'hunter2' });
    for (const [keys, aad, given] of [
      [keyring, 'aad-of-other-row', sealed],
      [keyring, 'aad-of-row', 'hunter2'],
      [createKeyring(randomBytes(32)), 'aad-of-row', sealed],
    ] as const) {
      const error = (() => {
        try {
          return open(keys, { purpose: 'purpose', aad, sealed: given });
        } catch (error) {
          return error as SealError;
        }
      })();
      if (!(error instanceof SealError)) return expect.fail('It was opened.');
      expect(error.name).toBe('SealError');
      expect(error.message + JSON.stringify(error)).not.toMatch(/hunter2|aad-of/);
      expect(error.message).not.toContain(sealed.split('.')[2]);
    }
  });
});

describe('a blind index', () => {
  const keyOf = (hex: string): Keyring => {
    const masterKey = { version: '00000000', derive: () => createSecretKey(bytes(hex)) };
    return { current: masterKey, all: [masterKey], byVersion: () => masterKey };
  };

  // RFC 4231, the cases whose data is text.
  test.each([
    ['1', '0b'.repeat(20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      ...(['2', Buffer.from('Jefe').toString('hex'), 'what do ya want for nothing?'] as const),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      ...(['6', 'aa'.repeat(131), 'Test Using Larger Than Block-Size Key - Hash Key First'] as const),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      ...(['7', 'aa'.repeat(131)] as const),
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  ])('is HMAC-SHA-256: RFC 4231 test case %s', (_, key, data, answer) => {
    expect(blindIndex(keyOf(key), { field: 'any', canonical: data }).toString('hex')).toBe(answer);
  });

  test('matches a second implementation', () => {
    fc.assert(
      fc.property(text, text, (field, canonical) => {
        const key = hkdf(sha256, master, undefined, Buffer.from(`rekey/v1/blind-index/${field}`), 32);
        expect(blindIndex(keyring, { field, canonical }).equals(hmac(sha256, key, Buffer.from(canonical)))).toBe(true);
      }),
    );
  });

  test('is equal for equal values of one field, and for nothing else', () => {
    const index = blindIndex(keyring, { field: 'email', canonical: 'a@b' });
    expect(blindIndex(keyring, { field: 'email', canonical: 'a@b' })).toEqual(index);
    expect(blindIndex(keyring, { field: 'email', canonical: 'a@c' })).not.toEqual(index);
    expect(blindIndex(keyring, { field: 'phone', canonical: 'a@b' })).not.toEqual(index);
    const another = createKeyring(randomBytes(32));
    expect(blindIndex(another, { field: 'email', canonical: 'a@b' })).not.toEqual(index);
    expect(index).toHaveLength(32);
  });

  test('of a retired key is among the candidates after a rotation', () => {
    const rotated = createKeyring(randomBytes(32), [master, randomBytes(32)]);
    const candidates = blindIndexes(rotated, { field: 'email', canonical: 'a@b' });
    expect(candidates).toHaveLength(3);
    expect(candidates[0]).toEqual(blindIndex(rotated, { field: 'email', canonical: 'a@b' }));
    expect(candidates[1]).toEqual(blindIndex(keyring, { field: 'email', canonical: 'a@b' }));
  });
});
