import { Command } from 'commander';
import { withApp } from './with-app.ts';

/** `rekey jwt-keys rotate`: let the next key of the access tokens sign from now on. */
export function jwtKeysCommand(): Command {
  const rotate = new Command('rotate')
    .description('sign access tokens with the next key; those that the current one has signed stay good')
    .action(async () => {
      const possible = await withApp((app) => app.jwtKeys.rotate());
      if (possible) {
        throw new Error(
          `The next key was published only just now, and others may not know it yet. Try again after ${possible.toISOString()}.`,
        );
      }
      process.stdout.write('The next key signs now. The one before verifies until its last token is over.\n');
    });
  return new Command('jwt-keys').description('the keys that sign access tokens').addCommand(rotate);
}
