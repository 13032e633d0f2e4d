import { expect, test } from 'vitest';
import type { AcceptedCredential } from '../../src/credentials/cached-credential.ts';
import { signedBy } from '../../src/credentials/signed-credential.ts';
import { endOf, type Principal } from '../../src/identity/principal.ts';

/** A credential with these ends. */
function accepted(ends: Pick<Principal, 'expiresAt' | 'idleExpiresAt'>): AcceptedCredential {
  const principal: Principal = {
    kind: 'apiKey',
    credentialId: 'key_one',
    proof: 'hash',
    userId: null,
    workspaceId: 'wsp_one',
    scopes: [],
    permissions: [],
    ...ends,
  };
  return { principal, asOf: 1, tags: [], until: Number.POSITIVE_INFINITY };
}

test.each([
  ['the expiry of the credential', { expiresAt: 1 }, { expiresAt: 2, idleExpiresAt: 3 }],
  ['the expiry of the signing key', { expiresAt: 2, idleExpiresAt: 3 }, { expiresAt: 1 }],
  ['the idle end of the credential', { expiresAt: 2, idleExpiresAt: 1 }, { expiresAt: null, idleExpiresAt: 3 }],
  ['the idle end of the signing key', { expiresAt: null, idleExpiresAt: 3 }, { expiresAt: 2, idleExpiresAt: 1 }],
  ['the only idle end', { expiresAt: 2 }, { expiresAt: null, idleExpiresAt: 1 }],
])('a signed credential ends with the first of all ends: %s', (_what, secret, signer) => {
  expect(endOf(signedBy(accepted(secret), accepted(signer)).principal)).toBe(1);
});

test('a signed credential without an idle end has none', () => {
  const ends = { expiresAt: null };
  expect(signedBy(accepted(ends), accepted(ends)).principal).not.toHaveProperty('idleExpiresAt');
});
