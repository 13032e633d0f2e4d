// Stops a transaction at one point, so that another one overtakes it or waits for it.
import { EntityManager } from '@mikro-orm/sql';
import { vi } from 'vitest';
import type { TestApp } from './app.ts';
import { until } from './until.ts';

export interface Gate {
  /** Resolves when the transaction has written everything and waits before its COMMIT. */
  reached: Promise<void>;
  open(): void;
}

/** Holds the next COMMIT of this process. Restore all mocks after the test. */
export function holdNextCommit(): Gate {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const commit = EntityManager.prototype.commit;
  vi.spyOn(EntityManager.prototype, 'commit').mockImplementationOnce(async function (this: EntityManager) {
    reached.resolve();
    await opened.promise;
    return commit.call(this);
  });
  return { reached: reached.promise, open: () => opened.resolve() };
}

const WAITING = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

/** Waits until a transaction waits for a lock. The embedded database has one connection, for which a transaction waits. */
export async function untilLocked(replica: TestApp): Promise<void> {
  if (replica.app.config.databaseUrl === null) return;
  await until('a transaction waits for a lock', async () => (await replica.sql(WAITING)).length > 0);
}
