import type { Logger } from '../kernel/logger.ts';
import { MIGRATION_TABLE, type Model } from './orm.ts';
import type { Sql } from './sql.ts';

/** @throws Error that names the missing migrations, if there are any */
export async function requireCurrentSchema(sql: Sql, { migrations }: Model): Promise<void> {
  const [table] = await sql.query<{ exists: boolean }>({
    name: 'schema-exists',
    text: `select to_regclass('${MIGRATION_TABLE}') is not null as exists`,
  });
  const done = table?.exists ? await migrationsIn(sql) : [];
  const missing = migrations.filter(({ name }) => !done.includes(name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new Error(
    `The database schema is not up to date. Missing migrations: ${names}. Run \`rekey migrate\`, or start the service.`,
  );
}

/**
 * Warns if a later version has migrated the schema. Each version runs on the schema of the next one, so this is expected
 * during an upgrade, and after one that was taken back. Whether it runs on a schema that is later still, is not known.
 */
export async function warnOfLaterSchema(sql: Sql, { migrations }: Model, logger: Logger): Promise<void> {
  const unknown = (await migrationsIn(sql)).filter((name) => !migrations.some((each) => each.name === name));
  if (unknown.length === 0) return;
  logger.warn(
    { migrations: unknown },
    'a later version has migrated the schema; only the version directly before that one may run on it',
  );
}

async function migrationsIn(sql: Sql): Promise<string[]> {
  const text = `select name from ${MIGRATION_TABLE} order by name`;
  const rows = await sql.query<{ name: string }>({ name: 'schema-migrations', text });
  return rows.map(({ name }) => name);
}
