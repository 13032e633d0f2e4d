import { defineFeature } from '../feature.ts';
import { AccessTokenRevocationSchema } from './access-token-revocation.entity.ts';
import { JwtKeySchema } from './jwt-key.entity.ts';
import { Migration20261126000100 } from './migrations/20261126000100-jwt-key-halves.ts';
import { Migration20261130000400 } from './migrations/20261130000400-ledger-events.ts';
import { Migration20261202000200 } from './migrations/20261202000200-deleted-users.ts';
import { RefreshTokenSchema } from './refresh-token.entity.ts';
import { sessionCredential, sessionEviction } from './session.credential.ts';
import { SessionSchema } from './session.entity.ts';
import { sessionEvents } from './session.events.ts';
import { sessionVariables } from './session.variables.ts';

/** Logins: families of refresh tokens, the access tokens that they are exchanged for, and the keys that sign those. */
export const sessions = defineFeature({
  name: 'sessions',
  entities: [SessionSchema, RefreshTokenSchema, AccessTokenRevocationSchema, JwtKeySchema],
  migrations: [
    { name: '20261126000100-jwt-key-halves', class: Migration20261126000100 },
    { name: '20261130000400-ledger-events', class: Migration20261130000400 },
    { name: '20261202000200-deleted-users', class: Migration20261202000200 },
  ],
  // The private half of a retired key is no longer opened.
  sealedFields: [{ table: 'jwt_keys', column: 'private_sealed', key: 'kid', where: `state <> 'RETIRED'` }],
  variables: sessionVariables,
  credentials: [sessionCredential],
  evictions: [sessionEviction],
  auditEvents: sessionEvents,
});
