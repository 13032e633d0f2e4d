import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hmacSha256 } from '../../src/crypto/hmac.ts';
import { digestOf, newNonce, signedHeaders } from '../support/signing.ts';
import { readSigned, reasonOf, received, type Sent } from './support.ts';

const KEY = { id: 'sgk_01JDQ8Z3W4F5G6H7J8K9M0N1P2', secret: 'rks_a' };
const GOOD = signedHeaders(KEY);
const HEADERS = ['x-signature', 'x-timestamp', 'x-nonce'] as const;

const reason = (headers: Sent['headers']) => reasonOf(() => readSigned({ headers }));

test('a known request has this text to sign and this signature', async () => {
  // Computed with OpenSSL: printf 'POST\\n/graphql?trace=1\\n…' | openssl dgst -sha256 -hmac "$SECRET"
  const secret = 'rks_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ1oRykC';
  const hmac = 'b80ab105afe59f6e44b8e394eccb7c6fde23d98056fc9417f5b91059ba9a8649';
  const digest = 'ff3178aba9a486731f441317c11673a58e4a1a49980ba554a09271b750191e15';
  const body = '{"query":"{ viewer { scopes } }"}';
  const request = { method: 'POST', target: '/graphql?trace=1', body, timestamp: 1_764_400_000_000 };
  const headers = signedHeaders({ id: KEY.id, secret }, { ...request, nonce: 'abcdefghijklmnop' });
  expect(headers['x-signature']).toBe(`kid=${KEY.id};hmac-sha256=${hmac}`);
  const sent = { ...request, headers };
  const message = readSigned(sent)!.message(await received(sent).bodyDigest!());
  expect(message.toString()).toBe(`POST\n/graphql?trace=1\n1764400000000\nabcdefghijklmnop\n${digest}`);
  expect(hmacSha256(createSecretKey(Buffer.from(secret)), message).toString('hex')).toBe(hmac);
});

test('a request without any of the headers is not signed', () => {
  expect(
    readSigned({ headers: { authorization: 'Bearer x', 'content-digest': 'nonsense', signature: 'nonsense' } }),
  ).toBeNull();
});

describe('SIGNATURE_INCOMPLETE', () => {
  const subsets = [0b001, 0b010, 0b011, 0b100, 0b101, 0b110].map((bits) =>
    HEADERS.filter((_name, index) => bits & (1 << index)),
  );
  test.each(subsets.map((names) => [names.join(' and '), names] as const))('%s alone', async (_names, names) => {
    expect(await reason(names.map((name) => [name.toUpperCase(), GOOD[name]!]))).toBe('SIGNATURE_INCOMPLETE');
  });
});

describe('SIGNATURE_MALFORMED', () => {
  const hex = 'a'.repeat(64);
  const cases: [string, Record<string, string>][] = [
    ['an empty signature', { 'x-signature': '' }],
    ['no kid', { 'x-signature': `hmac-sha256=${hex}` }],
    ['a kid of another form', { 'x-signature': `kid=key-1;hmac-sha256=${hex}` }],
    ['the id of another kind', { 'x-signature': `kid=key_01JDQ8Z3W4F5G6H7J8K9M0N1P2;hmac-sha256=${hex}` }],
    ['an id that no key has', { 'x-signature': `kid=sgk_91JDQ8Z3W4F5G6H7J8K9M0N1P2;hmac-sha256=${hex}` }],
    ['another algorithm', { 'x-signature': `kid=${KEY.id};hmac-sha1=${hex}` }],
    ['a signature that is too short', { 'x-signature': `kid=${KEY.id};hmac-sha256=${hex.slice(1)}` }],
    ['a signature that is too long', { 'x-signature': `kid=${KEY.id};hmac-sha256=${hex}a` }],
    [
      'a signature in base64',
      { 'x-signature': `kid=${KEY.id};hmac-sha256=${Buffer.from(hex, 'hex').toString('base64')}` },
    ],
    ['another order', { 'x-signature': `hmac-sha256=${hex};kid=${KEY.id}` }],
    ['a third part', { 'x-signature': `kid=${KEY.id};hmac-sha256=${hex};alg=none` }],
    ['two keys', { 'x-signature': `kid=${KEY.id};kid=${KEY.id};hmac-sha256=${hex}` }],
    ['a time in seconds with a fraction', { 'x-timestamp': '1764400000.5' }],
    ['a time that is negative', { 'x-timestamp': '-1764400000000' }],
    ['a time in another notation', { 'x-timestamp': '1e12' }],
    ['a time as text', { 'x-timestamp': '2025-11-29T07:06:40Z' }],
    ['a time with a leading zero', { 'x-timestamp': '01764400000000' }],
    ['a time of 16 digits', { 'x-timestamp': '1764400000000000' }],
    ['no time', { 'x-timestamp': '' }],
    ['a nonce of 15 characters', { 'x-nonce': 'a'.repeat(15) }],
    ['a nonce of 129 characters', { 'x-nonce': 'a'.repeat(129) }],
    ['a nonce with another character', { 'x-nonce': 'abcdefgh+jklmnop' }],
    ['a nonce with a space', { 'x-nonce': 'abcdefgh jklmnop' }],
    ['a nonce that is not ASCII', { 'x-nonce': 'abcdefghéjklmnop' }],
    ['no nonce', { 'x-nonce': '' }],
  ];
  test.each(cases)('%s', async (_what, wrong) => {
    expect(await reason({ ...GOOD, ...wrong })).toBe('SIGNATURE_MALFORMED');
  });

  test.each(HEADERS)('%s twice, also with the same value', async (name) => {
    const twice = [...Object.entries(GOOD), [name.toUpperCase(), GOOD[name]!]] as [string, string][];
    expect(await reason(twice)).toBe('SIGNATURE_MALFORMED');
  });
});

test('white space around a value, the case of a name and of the hexadecimal digits do not matter', () => {
  const { value } = readSigned({ headers: GOOD })!;
  const spelled = Object.entries(GOOD).map(([name, text]): [string, string] => [name.toUpperCase(), ` \t${text} `]);
  expect(readSigned({ headers: spelled })!.value).toEqual(value);
  const [, hex] = GOOD['x-signature']!.split('hmac-sha256=');
  const upper = { ...GOOD, 'x-signature': `kid=${KEY.id};hmac-sha256=${hex!.toUpperCase()}` };
  expect(readSigned({ headers: upper })!.value).toEqual(value);
});

test('a nonce of 16 and of 128 characters is accepted', () => {
  for (const length of [16, 128]) {
    const nonce = newNonce().repeat(6).slice(0, length);
    expect(readSigned({ headers: signedHeaders(KEY, { nonce }) })).toMatchObject({ nonce });
  }
});

test('bytes that are not ASCII are signed as they were sent', () => {
  // Node hands over each byte as one character.
  const target = Buffer.from('/größe?q=日本').toString('latin1');
  const message = readSigned({ target, headers: GOOD })!.message(Buffer.alloc(32));
  expect(message.toString('utf8').split('\n')[1]).toBe('/größe?q=日本');
});

describe('a request whose body a gateway keeps', () => {
  const forwarded = (digest: Record<string, string>) => ({ headers: { ...GOOD, ...digest }, isForwarded: true });

  test('declares the digest of the body in Content-Digest', () => {
    const { declaredDigest } = readSigned(forwarded({ 'content-digest': digestOf('hello') }))!;
    expect(declaredDigest?.toString('hex')).toBe('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
  });

  test.each([
    ['SIGNATURE_INCOMPLETE', 'no Content-Digest', {}],
    ['SIGNATURE_INCOMPLETE', 'no SHA-256', { 'content-digest': 'sha-512=:AAAA:' }],
    ['SIGNATURE_MALFORMED', 'a digest in hexadecimal', { 'content-digest': `sha-256=${'a'.repeat(64)}` }],
    ['SIGNATURE_MALFORMED', 'a digest of another length', { 'content-digest': 'sha-256=:AAAA:' }],
    ['SIGNATURE_MALFORMED', 'no structured field', { 'content-digest': 'sha-256=:' }],
    ['SIGNATURE_MALFORMED', 'SHA-256 twice', { 'content-digest': `${digestOf('one')}, ${digestOf('two')}` }],
    ['SIGNATURE_MALFORMED', 'the same twice', { 'content-digest': `${digestOf('one')},${digestOf('one')}` }],
    [
      'SIGNATURE_MALFORMED',
      'SHA-256 twice, not side by side',
      { 'content-digest': `${digestOf('one')}, sha-512=:AAAA:, ${digestOf('two')}` },
    ],
    [
      'SIGNATURE_MALFORMED',
      'another SHA-256 in a parameter',
      { 'content-digest': `sha-512=:AAAA:;p=", ${digestOf('two')}", ${digestOf('one')}` },
    ],
    ['SIGNATURE_MALFORMED', 'an algorithm in upper case', { 'content-digest': digestOf('one').toUpperCase() }],
    ['SIGNATURE_MALFORMED', 'too much text', { 'content-digest': `${digestOf('one')}, a=:${'A'.repeat(4096)}:` }],
  ])('%s: %s', async (expected, _what, digest) => {
    expect(await reasonOf(() => readSigned(forwarded(digest as Record<string, string>)))).toBe(expected);
  });

  test('declares one digest, although the header is sent twice', async () => {
    const lines = [...Object.entries(GOOD), ['Content-Digest', digestOf('one')], ['content-digest', digestOf('two')]];
    const headers = lines as [string, string][];
    expect(await reasonOf(() => readSigned({ headers, isForwarded: true }))).toBe('SIGNATURE_MALFORMED');
  });

  test('may declare digests by other algorithms', () => {
    const sent = forwarded({ 'content-digest': `sha-512=:AAAA:,\t${digestOf('hello')} ,  md5=:AAAA:` });
    expect(readSigned(sent)?.declaredDigest).toEqual(
      readSigned(forwarded({ 'content-digest': digestOf('hello') }))?.declaredDigest,
    );
  });

  test('and beside a body of its own, Content-Digest is not read', () => {
    expect(readSigned({ headers: { ...GOOD, 'content-digest': 'nonsense' } })).toMatchObject({ declaredDigest: null });
  });
});
