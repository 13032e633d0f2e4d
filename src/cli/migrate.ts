import { Command } from 'commander';
import { readConfig } from '../config.ts';

/** `rekey migrate`: what every replica does at its start, as a step of its own. */
export function migrateCommand(): Command {
  return new Command('migrate').description('bring the database schema up to date').action(async () => {
    const { createApp } = await import('../app.ts');
    const app = await createApp(readConfig());
    try {
      await app.requireMasterKeys();
      await app.database.migrate();
      process.stdout.write('The schema is up to date.\n');
    } finally {
      await app.close();
    }
  });
}
