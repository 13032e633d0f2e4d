import { defineFeature } from '../feature.ts';
import { AccessTokenRevocationSchema } from './access-token-revocation.entity.ts';
import { JwtKeySchema, PRIVATE_JWT_KEY } from './jwt-key.entity.ts';
import { Migration20261126000100 } from './migrations/20261126000100-jwt-key-halves.ts';
import { Migration20261130000400 } from './migrations/20261130000400-ledger-events.ts';
import { Migration20261202000200 } from './migrations/20261202000200-deleted-users.ts';
import { RefreshTokenSchema } from './refresh-token.entity.ts';
import { sessionCredential, sessionEviction } from './session.credential.ts';
import { SESSION_PROPERTIES, SessionSchema } from './session.entity.ts';
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
  sealedFields: [PRIVATE_JWT_KEY, ...SESSION_PROPERTIES.map(({ field }) => field)],
  sealedProperties: SESSION_PROPERTIES,
  variables: sessionVariables,
  credentials: [sessionCredential],
  evictions: [sessionEviction],
  auditEvents: sessionEvents,
});
