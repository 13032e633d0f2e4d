import type { App } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { requireDataDirectory } from '../database/data-directory.ts';

/** Starts a replica that answers no requests, for one command, and ends it in every case. */
export function withApp<T>(work: (app: App) => Promise<T>, config = readConfig()): Promise<T> {
  return using((app) => app.start(), work, config);
}

/** The same for a command that must not change the schema. */
export function withMigratedApp<T>(work: (app: App) => Promise<T>): Promise<T> {
  return using((app) => app.start({ migrate: false }), work, existing(readConfig()));
}

/** For a command that only reads: no replica takes part in the protocol, and nothing is written. */
export function readingApp<T>(work: (app: App) => Promise<T>): Promise<T> {
  return using((app) => app.database.requireCurrentSchema(), work, existing(readConfig()));
}

/** Before anything is opened: to open an embedded database makes one where there is none. */
function existing(config: Config): Config {
  if (config.databaseUrl === null) requireDataDirectory(config.dataDirectory);
  return config;
}

async function using<T>(
  prepare: (app: App) => Promise<void>,
  work: (app: App) => Promise<T>,
  config: Config,
): Promise<T> {
  // Loaded here, for it takes most of a second: a command has hidden what is typed by then.
  const { createApp } = await import('../app.ts');
  const app = await createApp(config);
  try {
    await prepare(app);
    return await work(app);
  } finally {
    await app.close();
  }
}
