import { Command } from 'commander';
import { withApp } from './with-app.ts';

/** `rekey purge`: runs the housekeeping that every replica runs once a minute. */
export function purgeCommand(): Command {
  return new Command('purge')
    .description('delete expired sessions, refresh tokens and revocation entries')
    .action(async () => {
      const { sessions, revocations } = await withApp(async ({ jobs, purgeSessions }) => {
        const purged = await purgeSessions();
        for (const work of Object.values(jobs)) await work();
        return purged;
      });
      process.stdout.write(`Deleted ${sessions} sessions and ${revocations} revocations of access tokens.\n`);
    });
}
