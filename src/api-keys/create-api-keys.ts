import type { EntityManager } from '@mikro-orm/sql';
import { Audit } from '../audit/audit.ts';
import { Refusals } from '../audit/refusals.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { hintOf } from '../crypto/secret-text.ts';
import { NO_POLICY_END } from '../identity/credential-policy.ts';
import type { Principal } from '../identity/principal.ts';
import { randomBytes } from '../kernel/random.ts';
import { currentRequestId } from '../kernel/request-context.ts';
import type { Part, Platform } from '../platform.ts';
import { apiKeyCredential } from './api-key.credential.ts';
import { ApiKey } from './api-key.entity.ts';
import { apiKeyEvents } from './api-key.events.ts';
import { apiKeyPossession } from './api-key.possession.ts';
import { keepApiKeys } from './api-key.queries.ts';
import { ApiKeyService, type ApiKeyServiceOptions } from './api-key.service.ts';
import { ApiKeyUpdateService } from './api-key-update.service.ts';
import { IdempotentCreations, purgeCreations } from './idempotent-creations.ts';
import { ImportedKeys } from './imported-keys.ts';
import { KeyImportService, type KeyImportServiceOptions } from './key-import.service.ts';
import { MetadataVault } from './metadata.ts';

/** API keys. */
export function createApiKeys(
  { database, barrier, clock: monotonic, databaseClock: clock, feed, keyring, sealer, logger, replica }: Platform,
  { apiKeysPerUser: maxPerUser }: { apiKeysPerUser: number },
  needs: Pick<ApiKeyServiceOptions, 'lockMembership' | 'lockRole' | 'keepBounds'> &
    Pick<KeyImportServiceOptions, 'findOwners'>,
) {
  const audit = new Audit(apiKeyEvents, clock);
  const metadata = new MetadataVault(sealer);
  const creations = new IdempotentCreations({ keyring, random: randomBytes });
  const options = { reads: database.reads, audit, barrier, clock, maxPerUser, metadata, creations, ...needs };
  const imported = new ImportedKeys({ sql: database.reads, replica, feed, logger });
  const refusals = new Refusals({
    fork: database.fork,
    clock: monotonic,
    logger,
    requestId: () => currentRequestId() ?? null,
    async record(em, refused) {
      const existing = await keepApiKeys(
        em,
        refused.map(({ subjectId }) => subjectId),
      );
      for (const { subjectId, workspaceId, requestId, count, ...from } of refused) {
        // The addresses of a key are erased with its user. What is recorded later has none.
        const origin = { requestId, ipAddress: existing.has(subjectId) ? from.ipAddress : null };
        const data = { count, replica: replica.id ?? '' };
        const event = { type: 'api-key.refused', refusedBecause: 'ADDRESS_NOT_ALLOWED', data } as const;
        audit.record({ em, principal: null, origin }, { ...event, subjectId, workspaceId });
      }
    },
  });
  return {
    service: new ApiKeyService(options),
    updates: new ApiKeyUpdateService(options),
    possession: apiKeyPossession({ ...options, isWellFormed: apiKeyCredential.isWellFormed }),
    /** After all other kinds: an imported secret may have any form that no secret of ours has. */
    importedPossession: apiKeyPossession({
      ...options,
      isWellFormed: (text) => imported.mayExist() && apiKeyCredential.imported!.isPossible(text),
    }),
    imports: new KeyImportService(options),
    metadata,
    /** Whether secrets without our form may have been imported. */
    mayBeImported: () => imported.mayExist(),
    /** Records that a valid key was rejected because of the address of the client. */
    addressRefused({ credentialId: subjectId, workspaceId }: Principal, ipAddress: string): void {
      refusals.note({ subjectId, workspaceId, ipAddress });
    },
    /** Persists a key that may do nothing, e.g. a canary. */
    persistPowerless(
      em: EntityManager,
      {
        secret,
        ...key
      }: { id: string; userId: string; name: string; secret: string; createdAt: Date; expiresAt: Date },
    ): void {
      const powerless = {
        ...{ workspaceId: null, createdBy: null, createdFromIp: null, description: null, metadataSealed: null },
        ...{ scopes: [], permissions: [], allowedAddresses: [], rateLimit: null, policyEnd: NO_POLICY_END },
      };
      em.persist(ApiKey.create({ ...key, ...powerless, hint: hintOf(secret), secretHash: sha256Base64url(secret) }));
    },
    jobs: {
      'purging idempotency keys': () => purgeCreations(database.reads),
      'counting refused requests': () => refusals.summarize(),
      'looking for imported keys': () => imported.read(),
    },
    start: () => imported.read(),
    stop: () => refusals.summarize({ all: true }),
  } satisfies Part & Record<string, unknown>;
}
