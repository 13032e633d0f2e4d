import { fileURLToPath } from 'node:url';
import type { EntitySchema, EventSubscriber, Options } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import type { Feature, NamedMigration } from '../feature.ts';

/** The table of the applied migrations. */
export const MIGRATION_TABLE = 'rekey_migrations';

/** The entities and migrations of all features. */
export interface Model {
  readonly entities: readonly EntitySchema[];
  /** In the order in which they are applied. */
  readonly migrations: readonly NamedMigration[];
}

/** What these features add to the database. The timestamps in the names determine the order of the migrations. */
export function modelOf(features: readonly Feature[]): Model {
  const migrations = features.flatMap((feature) => feature.migrations ?? []);
  return {
    entities: features.flatMap((feature) => feature.entities ?? []),
    migrations: migrations.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** The options that both drivers share. */
export function ormOptions(
  { entities, migrations }: Model,
  options: { subscribers?: EventSubscriber[]; log?: (message: string) => void } = {},
) {
  return {
    entities: [...entities],
    subscribers: options.subscribers ?? [],
    extensions: [Migrator],
    forceUtcTimezone: true,
    // The log line of a query could hold hashes and addresses. Errors reach the log through our own logger.
    debug: false,
    colors: false,
    logger: options.log ?? (() => undefined),
    // Migrations are written by hand: the ORM does not support triggers, and `schema:update` would drop them.
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
