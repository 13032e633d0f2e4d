import { Command } from 'commander';
import type { App } from '../app.ts';
import { reencryptData, rewrapDataKeys } from '../database/reencrypt.ts';
import { Progress, showing } from './progress.ts';
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
  const count = await showing(new Progress('Wrapping data keys', 'keys'), (progress) =>
    rewrapDataKeys(database.fork(), keyManagement, (done, total) => progress.show(partOf(done, total), done)),
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
  const count = await showing(new Progress('Encrypting values', 'rows'), (progress) => {
    const onProgress = (done: number, total: number) => progress.show(partOf(done, total), done);
    return reencryptData(database.fork(), { fields, sealer, onProgress, onUnopened, ...settling });
  });
  await sealer.keys.count();
  process.stdout.write(`Values encrypted again, with new data keys: ${count}.\n`);
  if (unopened.size === 0) return;
  const places = [...unopened].map((place) => `\n${place}`).join('');
  throw new Error(`${unopened.size} values do not open and stay as they are:${places}`);
}

const partOf = (done: number, total: number) => (total === 0 ? 1 : done / total);
