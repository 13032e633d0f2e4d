import { Command } from 'commander';
import { isBootstrapped } from '../accounts/setup-token.ts';
import type { App } from '../app.ts';
import { readConfig } from '../config.ts';
import { HiddenInput } from './hidden-input.ts';
import { operatorWork, problemsOf } from './operator.ts';
import { withApp } from './with-app.ts';

/** `rekey bootstrap`: creates the first administrator. An operator with access to the database needs no setup token. */
export function bootstrapCommand(): Command {
  return new Command('bootstrap')
    .description('create the first administrator; prompts twice for the password, or reads it from standard input')
    .requiredOption('--email <address>', 'email address to log in with')
    .requiredOption('--display-name <name>', 'name to show to other users, 1 to 100 characters')
    .action(async ({ email, displayName }: { email: string; displayName: string }) => {
      const input = new HiddenInput(); // First of all, because the terminal shows what is typed until then.
      try {
        // An operator with access to the database needs no setup token: one is generated for this call alone. There is
        // no address to limit, either.
        const config = { ...readConfig(), setupToken: null, registerPerMinute: 0 };
        const id = await withApp(async (app) => {
          // Before the prompt: if an administrator exists, no password should be typed.
          if (await isBootstrapped(app.database.fork())) throw new Error(ALREADY);
          return bootstrap(app, { email, displayName, password: await input.newSecret('Password') });
        }, config);
        process.stdout.write(`Created the administrator ${email} (${id}).\n`);
      } finally {
        input.close();
      }
    });
}

const ALREADY = 'An administrator already exists. No change was made.';

async function bootstrap(app: App, account: { email: string; displayName: string; password: string }): Promise<string> {
  const setupToken = await app.announceSetupToken({ replace: true });
  if (!setupToken) throw new Error(ALREADY);
  const work = operatorWork(app, 'rekey bootstrap');
  const outcome = await app.services.accounts.bootstrap(work, { ...account, setupToken });
  if (outcome.kind === 'invalidInput') throw problemsOf(outcome);
  if (outcome.kind !== 'bootstrapped') throw new Error(ALREADY);
  return outcome.user.id;
}
