import { type App, createApp } from '../app.ts';
import { readConfig } from '../config.ts';

/** Starts a replica that answers nobody, for one command, and ends it whatever happens. */
export async function withApp<T>(work: (app: App) => Promise<T>, config = readConfig()): Promise<T> {
  const app = await createApp(config);
  try {
    await app.start();
    return await work(app);
  } finally {
    await app.close();
  }
}
