import { defineFeature } from '../feature.ts';
import { wholeNumber } from '../kernel/variable.ts';
import { Migration20261201000000 } from './migrations/20261201000000-signing-keys.ts';
import { Migration20261203000400 } from './migrations/20261203000400-lifetimes.ts';
import { Migration20261211000000 } from './migrations/20261211000000-rotations.ts';
import { Migration20261214000300 } from './migrations/20261214000300-unused-keys.ts';
import { Migration20261219000000 } from './migrations/20261219000000-secret-hashes.ts';
import { signingKeyCredential, signingKeyEviction } from './signing-key.credential.ts';
import { SigningKeySchema } from './signing-key.entity.ts';
import { signingKeyEvents } from './signing-key.events.ts';
import { SECRET } from './signing-secrets.ts';

/** Secrets of workspaces that sign requests. */
export const signingKeys = defineFeature({
  name: 'signing-keys',
  entities: [SigningKeySchema],
  tables: ['request_nonces', 'request_nonce_horizon'],
  migrations: [
    { name: '20261201000000-signing-keys', class: Migration20261201000000 },
    { name: '20261203000400-lifetimes', class: Migration20261203000400 },
    { name: '20261211000000-rotations', class: Migration20261211000000 },
    { name: '20261214000300-unused-keys', class: Migration20261214000300 },
    { name: '20261219000000-secret-hashes', class: Migration20261219000000 },
  ],
  variables: {
    signatureWindowSeconds: wholeNumber('REKEY_SIGNATURE_WINDOW_SECONDS', {
      fallback: 300,
      min: 1,
      max: 3600,
      meaning: 'How far the time of a signed request may be from the time of the database; the same on every replica.',
    }),
  },
  credentials: [signingKeyCredential],
  evictions: [signingKeyEviction],
  sealedFields: [SECRET],
  auditEvents: signingKeyEvents,
});
