// The time of a rejection must not tell which signing keys exist. So each step of the check runs for an unknown key, too.
import { beforeEach, expect, test, vi } from 'vitest';
import { constantTimeEqual } from '../../src/crypto/compare.ts';
import { hmacSha256 } from '../../src/crypto/hmac.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { httpSignedHeaders, signedHeaders } from '../support/signing.ts';
import { createService } from './support.ts';

vi.mock('../../src/crypto/hmac.ts', { spy: true });
vi.mock('../../src/crypto/compare.ts', { spy: true });

const REQUEST = { method: 'POST', target: '/orders?x=1', body: '{"n":1}' };
const AUTHORITY = 'api.example';
const service = createService();
const open = vi.spyOn(service.secrets, 'open');
beforeEach(() => vi.clearAllMocks());

test.each([
  ['rekey', signedHeaders],
  ['rfc9421', (by: typeof service.key) => httpSignedHeaders(by, { ...REQUEST, authority: AUTHORITY })],
])(
  'in the profile %s, a key that does not exist costs the same work as a wrong signature: one secret, one HMAC of the same length, one comparison',
  async (_profile, headersOf) => {
    const forged = { id: service.key.id, secret: makeSecret('rks') };
    const sent = { ...REQUEST, headers: { host: AUTHORITY, ...headersOf(forged, REQUEST) } };
    const work = [];
    for (const principal of [service.principal, null]) {
      expect(await service.reasonFor(sent, principal)).toBe('SIGNATURE_INVALID');
      const calls = { open: open.mock.calls.length, compared: vi.mocked(constantTimeEqual).mock.calls.length };
      work.push({ ...calls, messages: vi.mocked(hmacSha256).mock.calls.map(([, message]) => message) });
      vi.clearAllMocks();
    }
    expect(work[0]).toMatchObject({ open: 1, compared: 1, messages: [expect.any(Buffer)] });
    expect(work[1]).toEqual(work[0]);
  },
);
