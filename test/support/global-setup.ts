// Creates once what all test files of the projects `service` and `stories` share: one PostgreSQL, one Redis, and a
// migrated database of each kind to copy. A server on a standard port is never used.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject, Vitest } from 'vitest/node';
import { writeEmbeddedTemplate } from './embedded-template.ts';
import { findGateway, GATEWAYS } from './gateways.ts';
import { INTROSPECTING_APACHE } from './introspecting-apache.ts';
import { findPgBouncer } from './pgbouncer.ts';
import { findPostgres, type PostgresServer, startPostgres } from './postgres.ts';
import { createPostgresTemplate } from './postgres-template.ts';
import { findRedis, startRedis } from './redis.ts';
import { findSlowHttpTest, SLOW_HTTP_TEST } from './slow-http.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The database `postgres` of the shared server, or null if PostgreSQL is not installed. See `migratedDatabase`. */
    postgresUrl: string | null;
    /** The shared Redis, or null if it is not installed. */
    redisUrl: string | null;
    /** The directory of `writeEmbeddedTemplate`. */
    embeddedTemplate: string;
  }
}

interface Shared {
  postgresUrl: string | null;
  redisUrl: string | null;
  embeddedTemplate: string;
  destroy(): Promise<void>;
}

const MISSING = {
  PostgreSQL: 'PostgreSQL 15 or newer (apt-get install postgresql, or brew install postgresql@17, or set PG_BINDIR)',
  PgBouncer: 'PgBouncer (apt-get install pgbouncer, or brew install pgbouncer)',
  Redis: 'Redis 7 or newer (apt-get install redis-server, or brew install redis, or set REDIS_BINDIR)',
};

/** One entry per run, because vitest calls the function below once per project. */
const shared = new WeakMap<Vitest, Promise<Shared>>();

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const starting = shared.get(project.vitest) ?? start();
  shared.set(project.vitest, starting);
  const { postgresUrl, redisUrl, embeddedTemplate, destroy } = await starting;
  project.provide('postgresUrl', postgresUrl);
  project.provide('redisUrl', redisUrl);
  project.provide('embeddedTemplate', embeddedTemplate);
  return destroy;
}

async function start(): Promise<Shared> {
  const missing = missingPrograms();
  const embeddedTemplate = await mkdtemp(join(tmpdir(), 'rekey-template-'));
  const starting = [
    missing.has('PostgreSQL') ? null : startMigratedPostgres(),
    missing.has('Redis') ? null : startRedis(),
    writeEmbeddedTemplate(embeddedTemplate),
  ] as const;
  const destroy = async () => {
    for (const started of await Promise.allSettled(starting)) {
      if (started.status === 'fulfilled') await started.value?.destroy();
    }
    await rm(embeddedTemplate, { recursive: true, force: true });
  };
  try {
    const [postgres, redis] = await Promise.all(starting);
    return { postgresUrl: postgres?.url() ?? null, redisUrl: redis?.url ?? null, embeddedTemplate, destroy };
  } catch (error) {
    await destroy();
    throw error;
  }
}

async function startMigratedPostgres(): Promise<PostgresServer> {
  const postgres = await startPostgres();
  try {
    await createPostgresTemplate(postgres);
  } catch (error) {
    await postgres.destroy();
    throw error;
  }
  return postgres;
}

/** Reports what is skipped because it is not installed on this machine. In CI nothing is skipped. */
function missingPrograms(): Set<string> {
  // This setting skips these servers on purpose, so nothing is reported.
  if (process.env.REKEY_TEST_SERVERS === 'none') return new Set(['PostgreSQL', 'Redis']);
  const missing = new Map<string, string>();
  if (findPostgres() === null) missing.set('PostgreSQL', MISSING.PostgreSQL);
  if (findRedis() === null) missing.set('Redis', MISSING.Redis);
  if (findPgBouncer() === null) missing.set('PgBouncer', MISSING.PgBouncer);
  for (const gateway of [...GATEWAYS, INTROSPECTING_APACHE]) {
    const { name, packages } = gateway;
    if (findGateway(gateway) === null) missing.set(name, `${name} (Debian: apt-get install ${packages})`);
  }
  if (findSlowHttpTest() === null) missing.set(SLOW_HTTP_TEST, `slowhttptest (Debian: apt-get install slowhttptest)`);
  if (missing.size > 0 && process.env.CI) {
    throw new Error(`Nothing is skipped in CI, and this machine lacks ${[...missing.values()].join(' and ')}.`);
  }
  for (const [name, what] of missing) {
    process.stderr.write(
      `SKIPPED: every suite that needs ${name}, which is not on this machine. To run them: ${what}\n`,
    );
  }
  return new Set(missing.keys());
}
