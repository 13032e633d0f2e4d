import { databaseDidNotAnswer } from './database/sql-errors.ts';
import type { Part, Platform } from './platform.ts';

const HOUSEKEEPING_MS = 60_000;

/**
 * Starts, repeats and stops the background work of the parts of a replica.
 *
 * @param parts in the order of their start; they stop in reverse order
 * @param housekeepingMs milliseconds between two rounds of housekeeping
 */
export function runParts(
  parts: readonly Part[],
  { database, logger, outage, requireMasterKeys, migrate: migrateDatabase }: Platform,
  housekeepingMs = HOUSEKEEPING_MS,
) {
  const jobs: Readonly<Record<string, () => Promise<unknown>>> = Object.assign({}, ...parts.map((part) => part.jobs));
  const running: NodeJS.Timeout[] = [];
  const every = (milliseconds: number, name: string, work: () => Promise<unknown>) => {
    const failed = (err: unknown) =>
      databaseDidNotAnswer(err) ? outage.failed(err, `${name} failed`) : logger.warn({ err }, `${name} failed`);
    const run = () => void work().catch(failed);
    running.push(setInterval(run, milliseconds).unref());
  };
  return {
    /** The housekeeping of every replica, once a minute. */
    jobs,

    /**
     * Migrates, joins the protocol between replicas, and loads what the first request needs. Without `migrate`, it
     * rejects if the schema is not up to date.
     */
    async start({ migrate = true } = {}): Promise<void> {
      await requireMasterKeys();
      await (migrate ? migrateDatabase() : database.requireCurrentSchema());
      for (const part of parts) await part.start?.();
      for (const [name, work] of Object.entries(jobs)) every(housekeepingMs, name, work);
      for (const { name, everyMs, work } of parts.flatMap((part) => part.timers ?? [])) every(everyMs, name, work);
    },

    /** Ends streams and WebSockets. Call it when no further connections are accepted. */
    drain(): void {
      for (const part of parts) part.drain?.();
    },

    /** Leaves the protocol between replicas and writes what is only in memory. Call it after the last response. */
    async close(): Promise<void> {
      for (const timer of running) clearInterval(timer);
      for (const part of parts.toReversed()) await part.stop?.();
    },
  };
}
