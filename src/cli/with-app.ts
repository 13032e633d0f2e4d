import type { App } from '../app.ts';
import { readConfig } from '../config.ts';

/** Starts a replica that answers nobody, for one command, and ends it whatever happens. */
export async function withApp<T>(work: (app: App) => Promise<T>, config = readConfig()): Promise<T> {
  // Loaded here, for it takes most of a second: a command has hidden what is typed by then.
  const { createApp } = await import('../app.ts');
  const app = await createApp(config);
  try {
    await app.start();
    return await work(app);
  } finally {
    await app.close();
  }
}
