import { defineFeature } from '../feature.ts';
import { wholeNumber } from '../kernel/variable.ts';
import { apiKeyCredential, apiKeyEviction } from './api-key.credential.ts';
import { API_KEY_PROPERTIES, ApiKeySchema, CREATED_FROM } from './api-key.entity.ts';
import { apiKeyEvents } from './api-key.events.ts';
import { ApiKeyCreationSchema } from './api-key-creation.entity.ts';
import { METADATA } from './metadata.ts';
import { Migration20261202000300 } from './migrations/20261202000300-keys-of-deleted-users.ts';
import { Migration20261203000300 } from './migrations/20261203000300-governed-keys.ts';
import { Migration20261211000100 } from './migrations/20261211000100-dates-of-keys.ts';
import { Migration20261214000100 } from './migrations/20261214000100-keys-among-many.ts';
import { Migration20261218000000 } from './migrations/20261218000000-key-imports.ts';
import { Migration20261220000100 } from './migrations/20261220000100-limited-keys.ts';

/** Long-lived secrets for programs that act for a user or for a workspace. */
export const apiKeys = defineFeature({
  name: 'api-keys',
  entities: [ApiKeySchema, ApiKeyCreationSchema],
  migrations: [
    { name: '20261202000300-keys-of-deleted-users', class: Migration20261202000300 },
    { name: '20261203000300-governed-keys', class: Migration20261203000300 },
    { name: '20261211000100-dates-of-keys', class: Migration20261211000100 },
    { name: '20261214000100-keys-among-many', class: Migration20261214000100 },
    { name: '20261218000000-key-imports', class: Migration20261218000000 },
    { name: '20261220000100-limited-keys', class: Migration20261220000100 },
  ],
  tables: ['api_key_imports'],
  sealedFields: [METADATA, CREATED_FROM],
  sealedProperties: API_KEY_PROPERTIES,
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
