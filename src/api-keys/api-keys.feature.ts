import { defineFeature } from '../feature.ts';
import { wholeNumber } from '../kernel/variable.ts';
import { apiKeyCredential, apiKeyEviction } from './api-key.credential.ts';
import { ApiKeySchema } from './api-key.entity.ts';
import { apiKeyEvents } from './api-key.events.ts';
import { ApiKeyCreationSchema } from './api-key-creation.entity.ts';
import { Migration20261202000300 } from './migrations/20261202000300-keys-of-deleted-users.ts';
import { Migration20261203000300 } from './migrations/20261203000300-governed-keys.ts';
import { Migration20261218000000 } from './migrations/20261218000000-key-imports.ts';

/** Long-lived secrets for programs that act for a user or for a workspace. */
export const apiKeys = defineFeature({
  name: 'api-keys',
  entities: [ApiKeySchema, ApiKeyCreationSchema],
  migrations: [
    { name: '20261202000300-keys-of-deleted-users', class: Migration20261202000300 },
    { name: '20261203000300-governed-keys', class: Migration20261203000300 },
    { name: '20261218000000-key-imports', class: Migration20261218000000 },
  ],
  tables: ['api_key_imports'],
  sealedFields: [{ table: 'api_keys', column: 'metadata_sealed', key: 'id', where: 'metadata_sealed is not null' }],
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
