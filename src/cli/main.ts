import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { BAD_CONFIGURATION, ConfigError } from '../kernel/config-error.ts';
import { messageOf } from '../kernel/message.ts';
import { auditCommand } from './audit.ts';
import { bootstrapCommand } from './bootstrap.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { jwtKeysCommand } from './jwt-keys.ts';
import { migrateCommand } from './migrate.ts';
import { moveCommand } from './move.ts';
import { purgeCommand } from './purge.ts';
import { reencryptCommand } from './reencrypt.ts';
import { usersCommand } from './users.ts';

const { version, description } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const program = new Command('rekey')
  .description(`${description}\n\nIt reads the same environment variables as the service.`)
  .version(version)
  .addCommand(migrateCommand())
  .addCommand(bootstrapCommand())
  .addCommand(usersCommand())
  .addCommand(jwtKeysCommand())
  .addCommand(importCommand())
  .addCommand(exportCommand())
  .addCommand(moveCommand())
  .addCommand(auditCommand())
  .addCommand(purgeCommand())
  .addCommand(reencryptCommand());

// The reader of a pipe, `head` for instance, may close it before everything is written.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(error instanceof ConfigError ? BAD_CONFIGURATION : 1);
}
