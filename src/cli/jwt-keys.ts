import { Command } from 'commander';
import { jwtKeyTag } from '../revocation/tags.ts';
import { readingApp, withApp } from './with-app.ts';

/** `rekey jwt-keys`: manages the keys that sign access tokens. */
export function jwtKeysCommand(): Command {
  return new Command('jwt-keys')
    .description('list, rotate and revoke the keys that sign access tokens')
    .addCommand(list())
    .addCommand(rotate())
    .addCommand(revoke());
}

function list(): Command {
  return new Command('list').description('list all keys: id, state, creation time').action(async () => {
    const keys = await readingApp((app) => app.jwtKeys.list());
    for (const { kid, state, createdAt } of keys) {
      process.stdout.write(`${kid}  ${state.padEnd(7)}  created ${createdAt.toISOString()}\n`);
    }
  });
}

function rotate(): Command {
  return new Command('rotate')
    .description('sign access tokens with the next key; tokens of the current key stay valid until they expire')
    .action(async () => {
      const possible = await withApp((app) => app.jwtKeys.rotate());
      if (possible) {
        throw new Error(
          `The next key was published recently, and verifiers may not have loaded it yet. Try again after ${possible.toISOString()}.`,
        );
      }
      process.stdout.write('Key rotated. The previous key verifies until its last token expires.\n');
    });
}

function revoke(): Command {
  return new Command('revoke')
    .description('revoke a leaked key: every replica rejects all tokens that it signed')
    .argument('<kid>', 'id of the key, as `rekey jwt-keys list` prints it')
    .action(async (kid: string) => {
      const receipt = await withApp(async (app) => {
        const revokedAt = await app.jwtKeys.revoke(kid);
        return revokedAt && app.barrier.waitUntilPropagated(jwtKeyTag(kid), revokedAt);
      });
      if (!receipt) throw new Error(`Unknown key ${kid}. Run \`rekey jwt-keys list\` to list all keys.`);
      process.stdout.write(
        `Key revoked; ${receipt.acknowledged} of ${receipt.replicas} replicas confirmed, ${receipt.left} left (${receipt.propagation}).\n`,
      );
    });
}
