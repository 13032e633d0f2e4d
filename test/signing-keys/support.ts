// Requests as the service gets them, and the check of signatures without a database.
import { createHash } from 'node:crypto';
import type { RequestToProve } from '../../src/credentials/credential-type.ts';
import { createDataKey, makeDataKey } from '../../src/crypto/data-key.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { placeOf } from '../../src/database/sealer.ts';
import type { AccessError } from '../../src/identity/access-error.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { newId } from '../../src/kernel/ids.ts';
import type { NonceOutcome, NonceUse } from '../../src/signing-keys/nonces.ts';
import { readSignature } from '../../src/signing-keys/request-signature.ts';
import { RequestSignatures } from '../../src/signing-keys/request-signatures.ts';
import { SECRET, SigningSecrets } from '../../src/signing-keys/signing-secrets.ts';
import { openManagement, sealerInMemory } from '../support/sealing.ts';

export interface Sent {
  method?: string;
  target?: string;
  headers?: Record<string, string> | readonly [name: string, value: string][];
  body?: string | Uint8Array;
  forwardedHost?: string | null;
  /** Whether a gateway keeps the body. */
  isForwarded?: boolean;
}

/** A request with these headers, as Node hands it over. */
export function received({
  method = 'GET',
  target = '/v1/verify',
  headers = {},
  body = '',
  forwardedHost = null,
  isForwarded = false,
}: Sent): RequestToProve {
  const rawHeaders = (Array.isArray(headers) ? headers : Object.entries(headers)).flat();
  const digest = createHash('sha256').update(body).digest();
  return { method, target, rawHeaders, forwardedHost, bodyDigest: isForwarded ? null : async () => digest };
}

/** The signature of a request, and what it covers; null if there is none of ours. */
export function readSigned(sent: Sent) {
  const request = received(sent);
  const signature = readSignature(request.rawHeaders);
  return signature && { ...signature, ...signature.contentOf(request) };
}

/** The reason for which this is rejected; null if it is accepted. */
export async function reasonOf(work: () => unknown): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const { code, reason } = error as AccessError;
    if (code !== 'UNAUTHENTICATED') throw error;
    return reason ?? 'no reason';
  }
}

/** One signing key, and a service that knows it. Its nonces are in memory. */
export function createService({ now = () => Date.now(), windowMs = 300_000 } = {}) {
  const secrets = new SigningSecrets(sealerInMemory({ management: openManagement }));
  const key = { id: newId('sgk'), secret: makeSecret('rks') };
  const workspaceId = newId('wsp');
  const bytes = makeDataKey();
  const dataKey = createDataKey(bytes, { tenant: workspaceId, version: 1 });
  const sealed = dataKey.seal(placeOf(SECRET, key), key.secret);
  const principal: Principal = {
    kind: 'signingKey',
    credentialId: key.id,
    proof: `${sealed} ${bytes.toString('hex')}`,
    userId: null,
    workspaceId,
    scopes: [],
    permissions: [],
    expiresAt: null,
  };
  const used: NonceUse[] = [];
  const nonces = {
    async consume(use: NonceUse): Promise<NonceOutcome> {
      const isReplay = used.some(({ keyId, nonce }) => keyId === use.keyId && nonce === use.nonce);
      used.push(use);
      return isReplay ? 'replayed' : 'fresh';
    },
  };
  const signatures = new RequestSignatures({ secrets, nonces, now, windowMs });
  const verify = async (sent: Sent, as: Principal | null = principal) => {
    const request = received(sent);
    const signature = signatures.read(request.rawHeaders);
    if (!signature) throw new Error('The request has no signature of ours.');
    await signature.begin(request)(as);
  };
  return {
    key,
    principal,
    secrets,
    signatures,
    verify,
    /** The nonces that were used, and tried, in order. */
    used,
    reasonFor: (sent: Sent, as: Principal | null = principal) => reasonOf(() => verify(sent, as)),
  };
}
