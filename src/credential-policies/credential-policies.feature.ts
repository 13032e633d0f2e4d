import { defineEviction } from '../credentials/cache/eviction-subscriber.ts';
import { defineFeature } from '../feature.ts';
import { CredentialPolicy, CredentialPolicySchema } from './credential-policy.entity.ts';
import { credentialPolicyEvents } from './credential-policy.events.ts';
import { Migration20261203000200 } from './migrations/20261203000200-credential-policies.ts';
import { Migration20261213000000 } from './migrations/20261213000000-largest-bounds.ts';
import { Migration20261213000200 } from './migrations/20261213000200-idle-tolerance.ts';

/** Bounds on the lifetime of credentials, of the installation and of each workspace. */
export const credentialPolicies = defineFeature({
  name: 'credential-policies',
  entities: [CredentialPolicySchema],
  tables: ['former_credential_policies'],
  migrations: [
    { name: '20261203000200-credential-policies', class: Migration20261203000200 },
    { name: '20261213000000-largest-bounds', class: Migration20261213000000 },
    { name: '20261213000200-idle-tolerance', class: Migration20261213000200 },
  ],
  // The log covers every credential that a policy narrows.
  evictions: [defineEviction(CredentialPolicy, () => [])],
  auditEvents: credentialPolicyEvents,
});
