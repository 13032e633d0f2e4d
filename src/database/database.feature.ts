import { z } from 'zod';
import { defineFeature } from '../feature.ts';
import { text } from '../kernel/variable.ts';
import { databaseUrlProblem } from './database-url.ts';
import { Migration20261122000000 } from './migrations/20261122000000-initial.ts';
import { Migration20261122000100 } from './migrations/20261122000100-invalidation-log.ts';
import { Migration20261126000000 } from './migrations/20261126000000-server-identity.ts';
import { Migration20261129000000 } from './migrations/20261129000000-function-search-path.ts';
import { Migration20261129000200 } from './migrations/20261129000200-write-check.ts';
import { Migration20261130000300 } from './migrations/20261130000300-revocation-events.ts';
import { Migration20261213000100 } from './migrations/20261213000100-reasons-for-all.ts';
import { Migration20261215000000 } from './migrations/20261215000000-idle-expiry.ts';
import { Migration20261216000000 } from './migrations/20261216000000-data-keys.ts';

export const databaseEvents = {
  /** Everything was moved here from an embedded database. The subject is the move. */
  'database.moved': z.strictObject({ tables: z.int(), rows: z.int() }),
};

/** The database, embedded or PostgreSQL, and the migrations that concern more than one feature. */
export const database = defineFeature({
  name: 'database',
  tables: ['rekey_migrations', 'auth_write_check', 'data_keys', 'reencryption'],
  migrations: [
    { name: '20261122000000-initial', class: Migration20261122000000 },
    { name: '20261122000100-invalidation-log', class: Migration20261122000100 },
    { name: '20261126000000-server-identity', class: Migration20261126000000 },
    { name: '20261129000000-function-search-path', class: Migration20261129000000 },
    { name: '20261129000200-write-check', class: Migration20261129000200 },
    { name: '20261130000300-revocation-events', class: Migration20261130000300 },
    { name: '20261213000100-reasons-for-all', class: Migration20261213000100 },
    { name: '20261215000000-idle-expiry', class: Migration20261215000000 },
    { name: '20261216000000-data-keys', class: Migration20261216000000 },
  ],
  auditEvents: databaseEvents,
  variables: {
    databaseUrl: text('DATABASE_URL', {
      fallback: null,
      shown: 'none: the embedded database',
      meaning: 'PostgreSQL 15 or newer: `postgresql://user:password@host:5432/database`.',
      read(given, problem) {
        const wrong = given === null ? null : databaseUrlProblem(given);
        if (wrong) problem(`DATABASE_URL ${wrong}`);
        return given;
      },
    }),
    dataDirectory: text('REKEY_DATA_DIR', {
      fallback: '.rekey',
      meaning: 'The embedded database and its generated key file (mode 0600).',
      read(given, problem) {
        const directory = given as string;
        if (directory.trim() !== directory)
          problem('REKEY_DATA_DIR must be a path without leading or trailing white space.');
        return directory;
      },
    }),
  },
});
