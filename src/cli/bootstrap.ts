import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { UnitOfWork } from '../access/unit-of-work.ts';
import type { App } from '../app.ts';
import { readConfig } from '../config.ts';
import { withApp } from './with-app.ts';

/** `rekey bootstrap`: the first administrator, for an operator who can reach the database and needs no setup token. */
export function bootstrapCommand(): Command {
  return new Command('bootstrap')
    .description('make the first administrator; the password is asked for, or read from standard input')
    .requiredOption('--email <address>')
    .requiredOption('--display-name <name>')
    .action(async ({ email, displayName }: { email: string; displayName: string }) => {
      const input = { email, displayName, password: await readPassword() };
      // Whoever holds the database needs no token: one is made for this call alone.
      const id = await withApp((app) => bootstrap(app, input), { ...readConfig(), setupToken: null });
      process.stdout.write(`${email} is the administrator (${id}).\n`);
    });
}

async function bootstrap(app: App, account: { email: string; displayName: string; password: string }): Promise<string> {
  const setupToken = await app.announceSetupToken({ replace: true });
  if (!setupToken) throw new Error('There is an administrator already.');
  const origin = { ipAddress: null, userAgent: 'rekey bootstrap', requestId: 'cli' };
  const unitOfWork = new UnitOfWork(app.database.fork(), null, origin, async () => false);
  const outcome = await app.services.accounts.bootstrap(unitOfWork, { ...account, setupToken });
  if (outcome.kind === 'invalidInput') {
    throw new Error(outcome.fields.map((field) => `${field.path.replace('input.', '')}: ${field.message}`).join('\n'));
  }
  if (outcome.kind !== 'bootstrapped') throw new Error('There is an administrator already.');
  return outcome.user.id;
}

/** One line, without showing it where somebody types it. */
async function readPassword(): Promise<string> {
  const { isTTY } = process.stdin;
  if (isTTY) process.stderr.write('Password: ');
  const lines = createInterface({ input: process.stdin, terminal: isTTY });
  for await (const line of lines) {
    if (isTTY) process.stderr.write('\n');
    lines.close();
    return line;
  }
  throw new Error('No password was given.');
}
