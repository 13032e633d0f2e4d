import { defineEviction } from '../credentials/cache/eviction-subscriber.ts';
import { defineFeature } from '../feature.ts';
import { accountEvents } from './account.events.ts';
import { accountVariables } from './account.variables.ts';
import { AccountTokenSchema } from './account-token.entity.ts';
import { Migration20261129000100 } from './migrations/20261129000100-disabled-users.ts';
import { Migration20261130000500 } from './migrations/20261130000500-user-events.ts';
import { Migration20261202000000 } from './migrations/20261202000000-people.ts';
import { Migration20261218000100 } from './migrations/20261218000100-imported-passwords.ts';
import { USER_PROPERTIES, User, UserSchema } from './user.entity.ts';

/** Users: how they are invited, register, log in with a password, are changed, disabled and deleted. */
export const accounts = defineFeature({
  name: 'accounts',
  entities: [UserSchema, AccountTokenSchema],
  tables: ['bootstrapped', 'setup_token'],
  sealedFields: USER_PROPERTIES.map(({ field }) => field),
  sealedProperties: USER_PROPERTIES,
  migrations: [
    { name: '20261129000100-disabled-users', class: Migration20261129000100 },
    { name: '20261130000500-user-events', class: Migration20261130000500 },
    { name: '20261202000000-people', class: Migration20261202000000 },
    { name: '20261218000100-imported-passwords', class: Migration20261218000100 },
  ],
  variables: accountVariables,
  // Everything that depends on a user carries the tag of the user. A user is no credential and has no fingerprint.
  evictions: [defineEviction(User, () => [])],
  auditEvents: accountEvents,
});
