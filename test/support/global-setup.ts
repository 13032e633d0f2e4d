// One PostgreSQL and one Redis for the whole run, started here and nowhere else: a server that happens to listen on a
// standard port is never touched. Test files take `inject('postgresUrl')` and `inject('redisUrl')`.
import type { TestProject } from 'vitest/node';
import { findGateway, GATEWAYS } from './gateways.ts';
import { findPostgres, startPostgres } from './postgres.ts';
import { findRedis, startRedis } from './redis.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The shared server's database `postgres`, or null where PostgreSQL is not installed. See `databasesAt`. */
    postgresUrl: string | null;
    /** The shared Redis, or null where it is not installed. */
    redisUrl: string | null;
  }
}

const MISSING = {
  PostgreSQL: 'PostgreSQL 15 or newer (apt-get install postgresql, or brew install postgresql@17, or set PG_BINDIR)',
  Redis: 'Redis 7 or newer (apt-get install redis-server, or brew install redis, or set REDIS_BINDIR)',
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('postgresUrl', null);
  project.provide('redisUrl', null);
  if (process.env.REKEY_TEST_SERVERS === 'none') return async () => undefined; // whoever asked knows what is skipped

  const missing = new Map<string, string>();
  if (findPostgres() === null) missing.set('PostgreSQL', MISSING.PostgreSQL);
  if (findRedis() === null) missing.set('Redis', MISSING.Redis);
  for (const gateway of GATEWAYS) {
    const { name, packages } = gateway;
    if (findGateway(gateway) === null) missing.set(name, `${name} (Debian: apt-get install ${packages})`);
  }
  if (missing.size > 0 && process.env.CI) {
    throw new Error(`Nothing is skipped in CI, and this machine lacks ${[...missing.values()].join(' and ')}.`);
  }
  for (const [name, what] of missing) {
    process.stderr.write(
      `SKIPPED: every suite that needs ${name}, which is not on this machine. To run them: ${what}\n`,
    );
  }

  const [postgres, redis] = await Promise.allSettled([
    missing.has('PostgreSQL') ? null : startPostgres(),
    missing.has('Redis') ? null : startRedis(),
  ]);
  const teardown = async () => {
    for (const started of [postgres, redis]) if (started.status === 'fulfilled') await started.value?.destroy();
  };
  for (const started of [postgres, redis]) {
    if (started.status === 'rejected') {
      await teardown();
      throw started.reason;
    }
  }
  if (postgres.status === 'fulfilled') project.provide('postgresUrl', postgres.value?.url() ?? null);
  if (redis.status === 'fulfilled') project.provide('redisUrl', redis.value?.url ?? null);
  return teardown;
}
