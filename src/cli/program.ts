import { readFileSync } from 'node:fs';
import { Command } from 'commander';
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

/** `rekey` with all of its commands. */
export const program = new Command('rekey')
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
