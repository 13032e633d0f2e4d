import type { App } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { requireDataDirectory } from '../database/data-directory.ts';

/**
 * Starts a replica that serves no requests, for one command, and always closes it. Rejects if the schema is not up to
 * date: only `rekey migrate` and the service change it.
 */
export function withApp<T>(work: (app: App) => Promise<T>, config = readConfig()): Promise<T> {
  return using((app) => app.start({ migrate: false }), work, existing(config));
}

/** For a command that only reads: the replica does not join the protocol, and nothing is written. */
export function readingApp<T>(work: (app: App) => Promise<T>): Promise<T> {
  const prepare = async (app: App) => {
    await app.requireMasterKeys();
    await app.database.requireCurrentSchema();
    await app.sealer.keys.load();
  };
  return using(prepare, work, existing(readConfig()));
}

/** Before anything is opened, because opening an embedded database creates one if there is none. */
function existing(config: Config): Config {
  if (config.databaseUrl === null) requireDataDirectory(config.dataDirectory);
  return config;
}

async function using<T>(
  prepare: (app: App) => Promise<void>,
  work: (app: App) => Promise<T>,
  config: Config,
): Promise<T> {
  // Loaded here, because it takes most of a second. A command hides typed text before that.
  const { createApp } = await import('../app.ts');
  const app = await createApp(config);
  try {
    await prepare(app);
    return await work(app);
  } finally {
    await app.close();
  }
}
