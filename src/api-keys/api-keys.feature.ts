import { defineFeature } from '../feature.ts';
import { wholeNumber } from '../kernel/variable.ts';
import { apiKeyCredential, apiKeyEviction } from './api-key.credential.ts';
import { ApiKeySchema } from './api-key.entity.ts';
import { apiKeyEvents } from './api-key.events.ts';
import { Migration20261202000300 } from './migrations/20261202000300-keys-of-deleted-users.ts';

/** Long-lived secrets for programs that act for a user. */
export const apiKeys = defineFeature({
  name: 'api-keys',
  entities: [ApiKeySchema],
  migrations: [{ name: '20261202000300-keys-of-deleted-users', class: Migration20261202000300 }],
  variables: {
    apiKeysPerUser: wholeNumber('REKEY_API_KEYS_PER_USER', {
      fallback: 100,
      min: 0,
      max: 1_000_000,
      meaning: 'Active keys that one user may have; 0 means no limit.',
    }),
  },
  credentials: [apiKeyCredential],
  evictions: [apiKeyEviction],
  auditEvents: apiKeyEvents,
});
