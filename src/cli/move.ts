import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { App } from '../app.ts';
import { Audit } from '../audit/audit.ts';
import { type Config, readConfig } from '../config.ts';
import { embeddedMasterKey, requireDataDirectory } from '../database/data-directory.ts';
import { databaseEvents } from '../database/database.feature.ts';
import { databaseUrlProblem } from '../database/database-url.ts';
import { copyDatabase, type MovedTable, requireEmpty } from '../database/move.ts';
import { ConfigError } from '../kernel/config-error.ts';
import { newId } from '../kernel/ids.ts';
import { removeFormerRegistrations } from '../revocation/replica.ts';
import { operatorWork } from './operator.ts';
import { Progress, showing } from './progress.ts';

/** `rekey move`: from the embedded database to PostgreSQL. The directory stays as it is. */
export function moveCommand(): Command {
  return new Command('move')
    .description('move everything from the embedded database to an empty PostgreSQL; stop the service first')
    .requiredOption('--to <url>', 'URL of the database, as in DATABASE_URL; `-` reads it from standard input')
    .action(async ({ to }: { to: string }) => {
      const config = readConfig();
      const target = targetOf(config, to === '-' ? readFileSync(process.stdin.fd, 'utf8').trim() : to);
      const { createApp } = await import('../app.ts');
      // Opening the database takes the lock on its directory: a running service keeps it.
      const source = await createApp(config);
      let moved: MovedTable[];
      try {
        await source.requireMasterKeys();
        await source.database.requireCurrentSchema();
        moved = await move(source, await createApp(target));
      } finally {
        await source.close();
      }
      for (const { name, rows } of moved) process.stdout.write(`${name.padEnd(32)} ${rows}\n`);
      process.stdout.write(`${explanation(config)}\n`);
    });
}

/** The configuration of the service afterwards. No problem repeats the URL: it may have a password. */
function targetOf(config: Config, url: string): Config {
  if (config.databaseUrl !== null)
    throw new ConfigError(['DATABASE_URL must not be set. The embedded database in REKEY_DATA_DIR is moved.']);
  const problem = databaseUrlProblem(url);
  if (problem) throw new ConfigError([`--to ${problem}`]);
  requireDataDirectory(config.dataDirectory);
  const masterKey = config.masterKey ?? embeddedMasterKey(config.dataDirectory);
  return { ...config, databaseUrl: url, masterKey };
}

async function move(source: App, target: App): Promise<MovedTable[]> {
  const url = target.config.databaseUrl as string;
  try {
    await target.database.checkConnections().catch((error) => {
      if (error instanceof ConfigError)
        throw new ConfigError(['--to must lead to PostgreSQL itself, not to a pooler.']);
      throw error;
    });
    await requireEmpty(url);
    await target.database.migrate();
    const moved = await showing(new Progress('Moving', 'rows'), (progress) =>
      copyDatabase({ source: source.database.propagation, url, progress: (rows) => progress.show(null, rows) }),
    );
    // The process that held leases by the embedded database has ended.
    await removeFormerRegistrations(target.database.sync);
    // Starts as the service does: it checks the master keys against what was moved.
    await target.start({ migrate: false });
    await record(target, moved);
    return moved;
  } finally {
    await target.close();
  }
}

async function record(target: App, moved: readonly MovedTable[]): Promise<void> {
  const work = operatorWork(target, 'rekey move');
  const audit = new Audit(databaseEvents, target.databaseClock);
  const data = { tables: moved.length, rows: moved.reduce((sum, { rows }) => sum + rows, 0) };
  await work.transaction(async () => audit.record(work, { type: 'database.moved', subjectId: newId('mov'), data }));
}

function explanation({ masterKey, dataDirectory }: Config): string {
  const key = masterKey
    ? 'Keep REKEY_MASTER_KEY as it is'
    : `Set REKEY_MASTER_KEY to the content of ${resolve(dataDirectory, 'master.key')}`;
  return `Moved. ${key}, set DATABASE_URL to the new database, and start the service. The directory ${dataDirectory} was not changed. Do not start a service on it again: its revocations would be missing in the new database.`;
}
