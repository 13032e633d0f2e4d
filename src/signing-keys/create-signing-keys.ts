import { Audit } from '../audit/audit.ts';
import type { CredentialRuntime } from '../credentials/credential-type.ts';
import type { RevokedByPossession } from '../credentials/possession.ts';
import type { ValuesOf } from '../kernel/variable.ts';
import type { Part, Platform } from '../platform.ts';
import { Nonces } from './nonces.ts';
import { RequestSignatures } from './request-signatures.ts';
import { addSecretHashes } from './secret-hashes.ts';
import { signingKeyEvents } from './signing-key.events.ts';
import { signingKeyPossession } from './signing-key.possession.ts';
import { SigningKeyService, type SigningKeyServiceOptions } from './signing-key.service.ts';
import type { signingKeys } from './signing-keys.feature.ts';
import { SigningSecrets } from './signing-secrets.ts';

/** Signing keys, and the check of the requests that they have signed. */
export function createSigningKeys(
  { barrier, database, databaseClock: clock, sealer, replica }: Platform,
  { signatureWindowSeconds }: ValuesOf<typeof signingKeys.variables>,
  needs: Pick<SigningKeyServiceOptions, 'lockAccess' | 'keepBounds'>,
): Part & {
  service: SigningKeyService;
  possession: RevokedByPossession;
  signatures: CredentialRuntime['signatures'];
} {
  const audit = new Audit(signingKeyEvents, clock);
  const secrets = new SigningSecrets(sealer);
  const windowMs = signatureWindowSeconds * 1000;
  const nonces = new Nonces({ sql: database.nonces, windowMs });
  return {
    service: new SigningKeyService({ audit, barrier, clock, secrets, ...needs }),
    possession: signingKeyPossession({ audit, barrier, clock }),
    signatures: new RequestSignatures({ secrets, nonces, now: () => replica.databaseNow(), windowMs }),
    start: () => addSecretHashes(database.fork(), secrets),
    jobs: { 'purging nonces': () => nonces.purge() },
  };
}
