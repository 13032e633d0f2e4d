import { Argument, Command, Option } from 'commander';
import type { App } from '../app.ts';
import { sqlStateOf } from '../database/sql-errors.ts';
import type { Import, ImportLine, ImportOutcome } from '../kernel/import.ts';
import { ImportFile } from './import/import-file.ts';
import { KEY_FORMATS, type KeyFormatName, layoutOfKeys, readKeys } from './import/key-formats.ts';
import { layoutOfUsers, readUsers, USER_FORMATS, type UserFormatName } from './import/user-formats.ts';
import { operatorWork } from './operator.ts';
import { Progress, showing } from './progress.ts';
import { withApp } from './with-app.ts';

/** The exit code if a line was rejected: EX_DATAERR of sysexits. */
const BAD_DATA = 65;

/** `rekey import`: imports API keys and users of other systems. */
export function importCommand(): Command {
  return new Command('import')
    .description('import API keys or users of another system')
    .addCommand(keys())
    .addCommand(users());
}

function keys(): Command {
  return new Command('keys')
    .description('import API keys: all of a file, or none if a line is rejected')
    .addArgument(fileArgument())
    .addOption(new Option('--format <format>', 'the system that wrote the file').choices(KEY_FORMATS))
    .option('--owner <email>', 'email address of the owner of keys that name neither an owner nor a workspace')
    .option('--workspace <id>', 'id of the workspace of these keys')
    .option('--dry-run', 'check the file and change nothing')
    .action(async (path: string, options: KeyOptions) => {
      const file = new ImportFile(path);
      const format = options.format ?? 'rekey';
      const { owner = null, workspace = null } = options;
      await run(file, { ...options, what: 'keys', format }, (app, source) => {
        const lines = () =>
          withOwner(readKeys(file.lines(layoutOfKeys(format)), { format, now: app.databaseClock.now() }), {
            owner,
            workspace,
          });
        return app.imports.keys.run(operatorWork(app, 'rekey import keys'), { ...source, lines });
      });
    });
}

interface KeyOptions {
  format?: KeyFormatName;
  owner?: string;
  workspace?: string;
  dryRun?: boolean;
}

async function* withOwner(
  lines: ReturnType<typeof readKeys>,
  { owner, workspace }: { owner: string | null; workspace: string | null },
): ReturnType<typeof readKeys> {
  for await (const each of lines) {
    const isNamed = !('value' in each) || each.value.owner !== null || each.value.workspaceId !== null;
    yield isNamed ? each : { ...each, value: { ...each.value, owner, workspaceId: workspace } };
  }
}

function users(): Command {
  return new Command('users')
    .description('import users with the hashes of their passwords: all of a file, or none if a line is rejected')
    .addArgument(fileArgument())
    .addOption(new Option('--format <format>', 'the system that wrote the file').choices(USER_FORMATS))
    .option('--dry-run', 'check the file and change nothing')
    .action(async (path: string, options: { format?: UserFormatName; dryRun?: boolean }) => {
      const file = new ImportFile(path);
      const format = options.format ?? 'rekey';
      await run(file, { ...options, what: 'users', format }, (app, source) => {
        const lines = () => readUsers(file.lines(layoutOfUsers(format)), { format, now: app.databaseClock.now() });
        return app.imports.users.run(operatorWork(app, 'rekey import users'), { ...source, lines });
      });
    });
}

const fileArgument = () => new Argument('<file>', 'file whose name ends with .jsonl, .csv or .json');

type Source = Omit<Import<never>, 'lines'> & { lines?: () => AsyncIterable<ImportLine<never>> };

/** Runs one import, and reports every rejected line on standard error. */
async function run(
  file: ImportFile,
  { what, format, dryRun = false }: { what: string; format: string; dryRun?: boolean | undefined },
  work: (app: App, source: Source) => Promise<ImportOutcome>,
): Promise<void> {
  const progress = new Progress(`Reading ${what}`, 'lines');
  const source: Source = {
    format,
    dryRun,
    sha256: () => file.sha256,
    rejected(line, problem) {
      progress.clear();
      process.stderr.write(`${line}: ${problem}\n`);
    },
    progress: (lines) => progress.show(file.bytesRead / Math.max(1, file.size), lines),
  };
  const outcome = await showing(progress, () => withApp((app) => work(app, source)).catch(explain));
  for (const [reason, count] of outcome.skipped)
    process.stdout.write(`Left out: ${count} ${what} that are ${reason}.\n`);
  if (outcome.rejected > 0) {
    process.stderr.write(`${outcome.rejected} lines were rejected. Nothing was imported.\n`);
    process.exitCode = BAD_DATA;
    return;
  }
  const done = dryRun
    ? `Checked ${outcome.imported} ${what}. Nothing was imported.`
    : `Imported ${outcome.imported} ${what}.`;
  process.stdout.write(`${done}\n`);
}

/** SQLSTATE of a server without room for more locks: the policies of each workspace are locked until the commit. */
const OUT_OF_LOCKS = '53200';

/** The message of an error of the database may repeat a statement with its values. */
function explain(error: unknown): never {
  const state = sqlStateOf(error);
  if (state === undefined) throw error;
  const advice = state === OUT_OF_LOCKS ? ' If the file names thousands of workspaces, split it.' : '';
  throw new Error(`The database rejected the import (SQLSTATE ${state}). Nothing was imported.${advice}`, {
    cause: error,
  });
}
