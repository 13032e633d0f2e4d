import { Command } from 'commander';
import { jwtKeyTag } from '../revocation/tags.ts';
import { readingApp, withApp } from './with-app.ts';

/** `rekey jwt-keys`: the keys that sign access tokens. */
export function jwtKeysCommand(): Command {
  return new Command('jwt-keys')
    .description('the keys that sign access tokens')
    .addCommand(list())
    .addCommand(rotate())
    .addCommand(revoke());
}

function list(): Command {
  return new Command('list').description('which keys there are, and what each is for').action(async () => {
    const keys = await readingApp((app) => app.jwtKeys.list());
    for (const { kid, state, createdAt } of keys) {
      process.stdout.write(`${kid}  ${state.padEnd(7)}  made ${createdAt.toISOString()}\n`);
    }
  });
}

function rotate(): Command {
  return new Command('rotate')
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
}

function revoke(): Command {
  return new Command('revoke')
    .description('a key that leaked: refuse at once, on every replica, whatever it has signed')
    .argument('<kid>')
    .action(async (kid: string) => {
      const receipt = await withApp(async (app) => {
        const revokedAt = await app.jwtKeys.revoke(kid);
        return revokedAt && app.barrier.waitUntilPropagated(jwtKeyTag(kid), revokedAt);
      });
      if (!receipt) throw new Error(`There is no key ${kid}.`);
      process.stdout.write(
        `Gone. No replica accepts what it has signed: ${receipt.propagation} by ${receipt.acknowledged} of ${receipt.replicas} replicas, ${receipt.left} left.\n`,
      );
    });
}
