// AES-256-GCM and HKDF-SHA-256 against the vectors of Wycheproof. For HMAC see hmac.test.ts.
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hkdfSha256 } from '../../src/crypto/hkdf.ts';
import { decrypt, encrypt, type SealError } from '../../src/crypto/seal.ts';

type Hex = string;
interface Vector {
  tcId: number;
  comment: string;
  result: 'valid' | 'invalid' | 'acceptable';
}
interface GcmVector extends Vector {
  key: Hex;
  iv: Hex;
  aad: Hex;
  msg: Hex;
  ct: Hex;
  tag: Hex;
}
interface HkdfVector extends Vector {
  ikm: Hex;
  salt: Hex;
  info: Hex;
  size: number;
  okm: Hex;
}

function groupsOf<Test>(name: string): { ivSize: number; keySize: number; tagSize: number; tests: Test[] }[] {
  const file = join(import.meta.dirname, '..', 'vectors', 'wycheproof', name);
  return JSON.parse(readFileSync(file, 'utf8')).testGroups;
}

const bytes = (hex: Hex) => Buffer.from(hex, 'hex');

/** The opened text in hex, or the code of the error. */
function opened({ key, iv, aad, ct, tag }: GcmVector): string {
  try {
    const encrypted = Buffer.concat([bytes(ct), bytes(tag)]);
    return decrypt(createSecretKey(bytes(key)), { iv: bytes(iv), aad: bytes(aad), encrypted }).toString('hex');
  } catch (error) {
    return (error as SealError).code;
  }
}

// Rekey uses 256-bit keys, 96-bit IVs and 128-bit tags, and no others.
const gcm = groupsOf<GcmVector>('aes_gcm_test.json')
  .filter(({ keySize, ivSize, tagSize }) => keySize === 256 && ivSize === 96 && tagSize === 128)
  .flatMap(({ tests }) => tests);

test('AES-256-GCM opens every valid text, and no modified one', () => {
  expect(gcm.length).toBeGreaterThan(60);
  expect(gcm.filter(({ result }) => result === 'invalid').length).toBeGreaterThan(20);
  for (const vector of gcm) {
    const { tcId, comment, key, iv, aad, msg, ct, tag, result } = vector;
    expect(opened(vector), `${tcId}: ${comment}`).toBe(result === 'valid' ? msg : 'FORGED');
    if (result !== 'valid') continue;
    const encrypted = encrypt(createSecretKey(bytes(key)), { iv: bytes(iv), aad: bytes(aad), plaintext: bytes(msg) });
    expect(encrypted.toString('hex'), `${tcId}: ${comment}`).toBe(ct + tag);
  }
});

test('F3.25: AES-256-GCM opens nothing with a truncated tag', () => {
  const [vector] = gcm.filter(({ result, msg }) => result === 'valid' && msg === '');
  for (let length = 0; length < 16; length++) {
    expect(opened({ ...vector!, tag: vector!.tag.slice(0, 2 * length) }), `${length} bytes`).toBe('FORGED');
  }
});

test('HKDF-SHA-256 derives the expected key, and rejects a length that the standard does not allow', () => {
  const vectors = groupsOf<HkdfVector>('hkdf_sha256_test.json').flatMap(({ tests }) => tests);
  expect(vectors).toHaveLength(86);
  for (const { tcId, comment, ikm, salt, info, size, okm, result } of vectors) {
    const derive = () =>
      hkdfSha256(createSecretKey(bytes(ikm)), { salt: bytes(salt), info: bytes(info), length: size }).toString('hex');
    if (result === 'valid') expect(derive(), `${tcId}: ${comment}`).toBe(okm);
    else expect(derive, `${tcId}: ${comment}`).toThrow();
  }
});

test('HKDF-SHA-256 agrees with a second implementation', () => {
  const info = fc.uint8Array({ maxLength: 100 });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), info, info, (key, salt, info) => {
      const derived = hkdfSha256(createSecretKey(key), { salt, info, length: 32 });
      expect(derived.equals(hkdf(sha256, key, salt, info, 32))).toBe(true);
    }),
  );
});
