import type { EntityManager } from '@mikro-orm/sql';
import { Audit } from '../audit/audit.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { hintOf } from '../crypto/secret-text.ts';
import type { Platform } from '../platform.ts';
import { ApiKey } from './api-key.entity.ts';
import { apiKeyEvents } from './api-key.events.ts';
import { ApiKeyService, type ApiKeyServiceOptions } from './api-key.service.ts';

/** API keys. */
export function createApiKeys(
  { database, barrier, databaseClock: clock }: Platform,
  { apiKeysPerUser: maxPerUser }: { apiKeysPerUser: number },
  { lockMembership }: Pick<ApiKeyServiceOptions, 'lockMembership'>,
) {
  return {
    service: new ApiKeyService({
      reads: database.reads,
      audit: new Audit(apiKeyEvents, clock),
      barrier,
      clock,
      maxPerUser,
      lockMembership,
    }),
    /** Persists a key that may do nothing, e.g. a canary. */
    persistPowerless(
      em: EntityManager,
      {
        secret,
        ...key
      }: { id: string; userId: string; name: string; secret: string; createdAt: Date; expiresAt: Date },
    ): void {
      const powerless = { workspaceId: null, scopes: [], permissions: [], createdFromIp: null };
      em.persist(ApiKey.create({ ...key, ...powerless, hint: hintOf(secret), secretHash: sha256Base64url(secret) }));
    },
  };
}
