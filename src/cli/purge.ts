import { Command } from 'commander';
import { purge } from '../sessions/purge.ts';
import { withApp } from './with-app.ts';

/** `rekey purge`: what every replica does by itself once a minute, now. */
export function purgeCommand(): Command {
  return new Command('purge').description('remove what has nothing left to say').action(async () => {
    const { sessions, revocations } = await withApp(async (app) => {
      await app.revocations.tidy();
      await app.jwtKeys.tidy();
      return purge(app.database.reads);
    });
    process.stdout.write(`Purged ${sessions} sessions and ${revocations} revocations of access tokens.\n`);
  });
}
