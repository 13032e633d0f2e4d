import { Command } from 'commander';
import type { App } from '../app.ts';
import { reencryptData, rewrapDataKeys } from '../database/reencrypt.ts';
import { Progress } from './progress.ts';
import { readingApp } from './with-app.ts';

/** `rekey reencrypt`: moves to the current master key, and with `--data` to new data keys. */
export function reencryptCommand(): Command {
  return new Command('reencrypt')
    .description('wrap all data keys with the current master key; the service may run meanwhile')
    .option('--data', 'also make new data keys, and seal all values again with them')
    .action(({ data }: { data?: true }) =>
      readingApp(async (app) => {
        await rewrap(app);
        if (data) await reencrypt(app);
      }),
    );
}

async function rewrap({ database, keyManagement }: App): Promise<void> {
  const count = await showing('Wrapping data keys', 'keys', (onProgress) =>
    rewrapDataKeys(database.fork(), keyManagement, onProgress),
  );
  process.stdout.write(
    `Data keys wrapped again: ${count}. All of them are wrapped with the master key ${keyManagement.current}.\n`,
  );
}

async function reencrypt({ config, database, sealer, sealedFields: fields }: App): Promise<void> {
  // No other process uses the embedded database.
  const settling = config.databaseUrl === null ? { settleMs: 0 } : {};
  const unopened = new Set<string>();
  const onUnopened = (place: string) => void unopened.add(place);
  const count = await showing('Encrypting values', 'rows', (onProgress) =>
    reencryptData(database.fork(), { fields, sealer, onProgress, onUnopened, ...settling }),
  );
  await sealer.keys.count();
  process.stdout.write(`Values encrypted again, with new data keys: ${count}.\n`);
  if (unopened.size === 0) return;
  const places = [...unopened].map((place) => `\n${place}`).join('');
  throw new Error(`${unopened.size} values do not open and stay as they are:${places}`);
}

async function showing<T>(
  what: string,
  unit: string,
  work: (onProgress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const progress = new Progress(what, process.stderr, unit);
  try {
    return await work((done, total) => progress.show(total === 0 ? 1 : done / total, done));
  } finally {
    progress.clear();
  }
}
