import { z } from 'zod';
import { defineFeature } from '../feature.ts';
import { text, type Variable, wholeNumber } from '../kernel/variable.ts';
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

function url(name: string, { shown, meaning }: { shown: string; meaning: string }): Variable<string | null> {
  return text(name, {
    fallback: null,
    shown,
    meaning,
    inFile: true,
    read(given, problem) {
      const wrong = given === null ? null : databaseUrlProblem(given);
      if (wrong) problem(`${name} ${wrong}`);
      return given;
    },
  });
}

/** The size of one pool. A transaction and the reads beside it use different connections, so no pool may have only one. */
const connections = (name: string, fallback: number, purpose: string): Variable<number> =>
  wholeNumber(name, { fallback, min: 2, max: 200, meaning: `The most connections of a replica ${purpose}` });

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
    databaseUrl: url('DATABASE_URL', {
      shown: 'none: the embedded database',
      meaning: 'PostgreSQL 15 or newer: `postgresql://user:password@host:5432/database`.',
    }),
    databaseDirectUrl: url('DATABASE_DIRECT_URL', {
      shown: 'none: `DATABASE_URL` is no pooler',
      meaning: 'The same database without a pooler, if `DATABASE_URL` is a pooler in transaction mode.',
    }),
    changeConnections: connections('REKEY_CHANGE_CONNECTIONS', 10, 'for queries and changes.'),
    revocationConnections: connections('REKEY_REVOCATION_CONNECTIONS', 4, 'that only revocations use.'),
    readConnections: connections(
      'REKEY_READ_CONNECTIONS',
      8,
      'for reads of credentials and for counts of rate limits.',
    ),
    nonceConnections: connections('REKEY_NONCE_CONNECTIONS', 4, 'for the nonces of signed requests.'),
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
