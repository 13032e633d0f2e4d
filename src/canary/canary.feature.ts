import { defineFeature } from '../feature.ts';
import { flag } from '../kernel/variable.ts';
import { Migration20261122000200 } from './migrations/20261122000200-canary.ts';

/** Tests the promise on the operator's own deployment: a key is issued, used on every replica, and revoked. */
export const canary = defineFeature({
  name: 'canary',
  tables: ['canary', 'canary_witnesses'],
  migrations: [{ name: '20261122000200-canary', class: Migration20261122000200 }],
  variables: {
    canary: flag('REKEY_CANARY', {
      fallback: false,
      meaning: '`on` lets this replica take part in a canary every 30 s; meant for all of them.',
    }),
  },
});
