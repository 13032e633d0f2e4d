import { fileURLToPath } from 'node:url';
import type { EntitySchema, EventSubscriber, Options } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import type { Feature, NamedMigration } from '../feature.ts';

/** Which migrations were carried out. */
export const MIGRATION_TABLE = 'rekey_migrations';

/** The entities and migrations of all features. */
export interface Model {
  readonly entities: readonly EntitySchema[];
  /** In the order in which they are carried out. */
  readonly migrations: readonly NamedMigration[];
}

/** What these features add to the database. The timestamps of the names say in which order migrations are carried out. */
export function modelOf(features: readonly Feature[]): Model {
  const migrations = features.flatMap((feature) => feature.migrations ?? []);
  return {
    entities: features.flatMap((feature) => feature.entities ?? []),
    migrations: migrations.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** What both drivers share. */
export function ormOptions(
  { entities, migrations }: Model,
  options: { subscribers?: EventSubscriber[]; log?: (message: string) => void } = {},
) {
  return {
    entities: [...entities],
    subscribers: options.subscribers ?? [],
    extensions: [Migrator],
    forceUtcTimezone: true,
    // Values in a query's log line could be hashes and addresses; errors reach the log through our own logger.
    debug: false,
    colors: false,
    logger: options.log ?? (() => undefined),
    // Migrations are written by hand: the ORM knows nothing of triggers, and `schema:update` would drop them.
    schemaGenerator: { ignoreSchema: ['public'] },
    migrations: {
      migrationsList: [...migrations],
      path: fileURLToPath(new URL('migrations', import.meta.url)),
      tableName: MIGRATION_TABLE,
      // Without a fixed name each database name would write a snapshot of its own.
      snapshot: false,
      snapshotName: 'snapshot',
      emit: 'ts',
    },
  } satisfies Partial<Options>;
}
