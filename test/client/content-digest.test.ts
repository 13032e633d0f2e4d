import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { assertContentDigest } from '../../src/client/content-digest.ts';
import { RekeyError } from '../../src/client/error.ts';

const digestOf = (body: string, algorithm = 'sha256') => createHash(algorithm).update(body).digest('base64');
const requestWith = (header: string | null, body = 'a body') =>
  new Request('https://api.example.com/', {
    method: 'POST',
    body,
    headers: header === null ? {} : { 'content-digest': header },
  });

test.each([
  ['alone', `sha-256=:${digestOf('a body')}:`],
  ['beside another algorithm', `sha-512=:${digestOf('a body', 'sha512')}:, sha-256=:${digestOf('a body')}:`],
  ['with white space', ` sha-256=:${digestOf('a body')}:\t,  md5=:AAAA: `],
])('accepts the digest of the body %s, and the body stays readable', async (_what, header) => {
  const request = requestWith(header);
  await assertContentDigest(request);
  await assertContentDigest(request);
  expect(await request.text()).toBe('a body');
});

test('accepts the digest of an empty body (RFC 9530 §B.1)', async () => {
  const header = 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:';
  await assertContentDigest(new Request('https://api.example.com/', { headers: { 'content-digest': header } }));
});

test('accepts the raw bytes of a body that was read before', async () => {
  const request = requestWith(`sha-256=:${digestOf('a body')}:`);
  const body = new Uint8Array(await request.arrayBuffer());
  await assertContentDigest(request, body);
  await expect(assertContentDigest(request, body.subarray(1))).rejects.toThrow(RekeyError);
});

test.each([
  ['is missing', null],
  ['is empty', ''],
  ['belongs to another body', `sha-256=:${digestOf('another body')}:`],
  ['belongs to another spelling of the body', `sha-256=:${digestOf('a body\n')}:`],
  ['has another algorithm', `sha-512=:${digestOf('a body', 'sha512')}:`],
  ['has `sha-256` twice', `sha-256=:${digestOf('a body')}:, sha-256=:${digestOf('a body')}:`],
  ['has a parameter', `sha-256=:${digestOf('a body')}:;a=1`],
  ['is no byte sequence', `sha-256=${digestOf('a body')}`],
  ['is base64url', `sha-256=:${digestOf('a body').replaceAll('+', '-').replaceAll('/', '_')}-:`],
  ['has no padding', `sha-256=:${digestOf('a body').replace('=', '')}:`],
  ['has another member that is malformed', `sha-256=:${digestOf('a body')}:, x`],
  ['is shorter than a digest', 'sha-256=:AAAA:'],
])('rejects a request whose `Content-Digest` %s', async (_what, header) => {
  const failure = await assertContentDigest(requestWith(header)).catch((error) => error);
  expect(failure).toBeInstanceOf(RekeyError);
  expect(failure).toMatchObject({ name: 'RekeyError', code: 'CONTENT_DIGEST_MISMATCH' });
});
