import { Command } from 'commander';
import { withMigratedApp } from './with-app.ts';

/** `rekey purge`: what every replica does by itself once a minute, now. */
export function purgeCommand(): Command {
  return new Command('purge').description('remove what has nothing left to say').action(async () => {
    const { sessions, revocations } = await withMigratedApp(async ({ jobs, purgeSessions }) => {
      const purged = await purgeSessions();
      for (const work of Object.values(jobs)) await work();
      return purged;
    });
    process.stdout.write(`Purged ${sessions} sessions and ${revocations} revocations of access tokens.\n`);
  });
}
