// The hash of an event: the published vector, and the canonical JSON that is hashed.
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/audit/canonical-json.ts';
import { detailsOf, type HashedEvent, hashOf, NO_HASH } from '../../src/audit/event-hash.ts';
import { digestOf, openPersonal, PERSONAL_FIELDS, salted } from '../../src/audit/personal-field.ts';
import { Sealer } from '../../src/database/sealer.ts';
import { DataKeyTable, dataKeysIn } from '../support/sealing.ts';

const ADDRESS = '3e7d57d305cec1a83108ab38248b369f3fcfbce99e179689b0e7cbd7b9f1af16';
const EVENT: HashedEvent = {
  id: 'evt_01JDQ8Z3W4F5G6H7J8K9M0N1P4',
  type: 'api-key.revoked',
  occurredAt: '2026-11-28T12:00:00.000Z',
  actorId: 'usr_01JDQ8Z3W4F5G6H7J8K9M0N1P3',
  actorCredentialId: 'ses_01JDQ8Z3W4F5G6H7J8K9M0N1P2',
  subjectId: 'key_01JDQ8Z3W4F5G6H7J8K9M0N1P5',
  workspaceId: null,
  requestId: 'example',
  outcome: 'SUCCEEDED',
  reason: null,
  details: { reason: 'COMPROMISED' },
  personal: { ipAddress: ADDRESS, userAgent: null },
};
const FIRST = { sequence: 1, previousHash: NO_HASH };

describe('the published vector', () => {
  test('the digest of an address', () => {
    const salt = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
    expect(digestOf({ salt, value: '203.0.113.7' })).toBe(ADDRESS);
  });

  test('the hash of an event', () => {
    expect(hashOf(EVENT, FIRST)).toBe('e5eb4797cafd8ebd2c85f081eec46c2448f7bed946a6740743bb77184207e554');
  });
});

test.each<[string, Partial<HashedEvent>]>([
  ['a text', { reason: '' }],
  ['a detail', { details: { reason: 'COMPROMISED', more: '' } }],
  ['a personal field', { personal: { ipAddress: null, userAgent: null } }],
  ['the user agent', { personal: { ipAddress: ADDRESS, userAgent: ADDRESS } }],
  ['the time', { occurredAt: '2026-11-28T12:00:00.001Z' }],
  ['the workspace', { workspaceId: '' }],
])('the hash changes with %s', (_name, change) => {
  expect(hashOf({ ...EVENT, ...change }, FIRST)).not.toBe(hashOf(EVENT, FIRST));
});

test('the hash changes with the place in the chain', () => {
  expect(hashOf(EVENT, { ...FIRST, sequence: 2 })).not.toBe(hashOf(EVENT, FIRST));
  expect(hashOf(EVENT, { ...FIRST, previousHash: ADDRESS })).not.toBe(hashOf(EVENT, FIRST));
});

describe('canonical JSON', () => {
  test('orders names by UTF-16 code units, and escapes as RFC 8785 says', () => {
    // The examples of RFC 8785, sections 3.2.2.2 and 3.2.3, as far as these values occur.
    const names = {
      '\u20ac': '1',
      '\r': '2',
      '\ufb33': '3',
      '1': '4',
      '\ud83d\ude00': '5',
      '\u0080': '6',
      '\u00f6': '7',
    };
    expect(canonicalJson(names)).toBe(
      '{"\\r":"2","1":"4","\u0080":"6","\u00f6":"7","\u20ac":"1","\ud83d\ude00":"5","\ufb33":"3"}',
    );
    expect(canonicalJson('\u20ac$\u000f\nA\'B"\\\\"/')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
    expect(canonicalJson({ b: null, a: { d: 0, c: -0 } })).toBe('{"a":{"c":0,"d":0},"b":null}');
  });

  test.each([
    ['half of a surrogate pair', '\ud800'],
    ['a fraction', 0.5],
    ['a number beyond 2^53', 2 ** 53],
  ])('refuses %s', (_name, value) => {
    expect(() => canonicalJson({ value })).toThrow(TypeError);
  });
});

test('the details are texts: numbers and lists become JSON, and null is left out', () => {
  const data = { text: 'a', none: null, count: 3, isNarrowed: true, scopes: ['ADMIN', 'a "b"'], empty: [] };
  expect(detailsOf(data)).toEqual({
    ...{ text: 'a', count: '3', isNarrowed: 'true', scopes: '["ADMIN","a \\"b\\""]', empty: '[]' },
  });
});

describe('a personal field', () => {
  const sql = new DataKeyTable();
  const sealer = new Sealer(dataKeysIn(sql).keys);
  const place = { eventId: 'evt_1', field: 'ip_address' } as const;
  const seal = (plaintext: string) => sealer.seal(PERSONAL_FIELDS.ip_address, { id: 'evt_1' }, { plaintext, sql });

  test('opens to what its digest covers, and has another salt each time', async () => {
    const [one, other] = [salted('203.0.113.7'), salted('203.0.113.7')];
    const opened = await openPersonal(sealer, { ...place, sealed: await seal(one.text) }, sql);
    expect(opened).toMatchObject({ value: '203.0.113.7' });
    expect(opened.salt).toHaveLength(16);
    expect(digestOf(opened)).toBe(one.digest);
    expect(one.digest).not.toBe(other.digest);
  });

  test('does not open at another event or in another field', async () => {
    const sealed = await seal(salted('203.0.113.7').text);
    await expect(openPersonal(sealer, { ...place, eventId: 'evt_2', sealed }, sql)).rejects.toThrow();
    await expect(openPersonal(sealer, { ...place, field: 'user_agent', sealed }, sql)).rejects.toThrow();
  });
});
