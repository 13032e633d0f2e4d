import { defineFeature } from '../feature.ts';
import { wholeNumber } from '../kernel/variable.ts';
import { LAST_USED_FROM } from './last-used.ts';
import { Migration20261203000100 } from './migrations/20261203000100-last-used-from.ts';
import { Migration20261214000000 } from './migrations/20261214000000-unused-credentials.ts';

/** Authentication: credential types, their caches, and when each credential was last used. */
export const credentials = defineFeature({
  name: 'credentials',
  tables: ['credential_usage'],
  sealedFields: [LAST_USED_FROM],
  migrations: [
    { name: '20261203000100-last-used-from', class: Migration20261203000100 },
    { name: '20261214000000-unused-credentials', class: Migration20261214000000 },
  ],
  variables: {
    cacheSeconds: wholeNumber('REKEY_CACHE_SECONDS', {
      fallback: 600,
      min: 1,
      max: 3600,
      meaning: 'Longest lifetime of a cached credential.',
    }),
    cacheEntries: wholeNumber('REKEY_CACHE_ENTRIES', {
      fallback: 100_000,
      min: 1,
      max: 10_000_000,
      meaning: 'Credentials that one replica keeps in memory.',
    }),
    lastUsedSeconds: wholeNumber('REKEY_LAST_USED_SECONDS', {
      fallback: 60,
      min: 1,
      max: 86_400,
      meaning: 'By how much a recorded `lastUsedAt` may lag behind, and two seconds.',
    }),
  },
});
