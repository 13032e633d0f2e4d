import { defineFeature } from '../feature.ts';
import { wholeNumber } from '../kernel/variable.ts';
import { LONGEST_LEASE_MS } from './propagation-barrier.ts';

/** The protocol behind the promise: the invalidation log, leases, and the wait for all replicas. */
export const revocation = defineFeature({
  name: 'revocation',
  tables: ['auth_bulk', 'auth_epoch', 'auth_inval', 'auth_primary', 'auth_replica'],
  variables: {
    leaseMs: wholeNumber('REKEY_LEASE_MS', {
      fallback: 2000,
      min: 100,
      max: LONGEST_LEASE_MS,
      meaning: 'How long a replica may trust its cache without proof that it has missed no revocation.',
    }),
  },
});
