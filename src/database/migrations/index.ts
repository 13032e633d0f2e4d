import { Migration20261129000100 } from '../../accounts/migrations/20261129000100-disabled-users.ts';
import { Migration20261130000000 } from '../../audit/migrations/20261130000000-audit-data.ts';
import { Migration20261122000200 } from '../../canary/migrations/20261122000200-canary.ts';
import { Migration20261126000200 } from '../../limits/migrations/20261126000200-limits.ts';
import { Migration20261126000100 } from '../../sessions/migrations/20261126000100-jwt-key-halves.ts';
import { Migration20261122000000 } from './20261122000000-initial.ts';
import { Migration20261122000100 } from './20261122000100-invalidation-log.ts';
import { Migration20261126000000 } from './20261126000000-server-identity.ts';
import { Migration20261129000000 } from './20261129000000-function-search-path.ts';
import { Migration20261129000200 } from './20261129000200-write-check.ts';

/** In order. Listed by hand, so that what runs does not depend on what lies in a folder. */
export const migrations = [
  { name: '20261122000000-initial', class: Migration20261122000000 },
  { name: '20261122000100-invalidation-log', class: Migration20261122000100 },
  { name: '20261122000200-canary', class: Migration20261122000200 },
  { name: '20261126000000-server-identity', class: Migration20261126000000 },
  { name: '20261126000100-jwt-key-halves', class: Migration20261126000100 },
  { name: '20261126000200-limits', class: Migration20261126000200 },
  { name: '20261129000000-function-search-path', class: Migration20261129000000 },
  { name: '20261129000100-disabled-users', class: Migration20261129000100 },
  { name: '20261129000200-write-check', class: Migration20261129000200 },
  { name: '20261130000000-audit-data', class: Migration20261130000000 },
];
