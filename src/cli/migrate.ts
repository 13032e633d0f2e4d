import { Command } from 'commander';
import { readConfig } from '../config.ts';

/** `rekey migrate`: runs the migrations that every replica otherwise runs at its start. */
export function migrateCommand(): Command {
  return new Command('migrate').description('migrate the database schema to this version').action(async () => {
    const { createApp } = await import('../app.ts');
    const app = await createApp(readConfig());
    try {
      await app.requireMasterKeys();
      await app.migrate();
      process.stdout.write('The database schema is up to date.\n');
    } finally {
      await app.close();
    }
  });
}
