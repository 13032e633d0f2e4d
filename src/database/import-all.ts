import { type Import, ImportCount, type ImportOutcome } from '../kernel/import.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** Everything is rolled back. */
class NothingImported extends Error {}

/**
 * Imports all lines of a file in one transaction, or none of them if a line is rejected. A dry run imports none.
 *
 * @param work imports the lines. If the transaction is repeated, it runs again
 */
export async function importAll<Value>(
  unitOfWork: UnitOfWork,
  source: Import<Value>,
  work: (count: ImportCount) => Promise<void>,
): Promise<ImportOutcome> {
  let count = new ImportCount(source);
  try {
    await unitOfWork.transaction(async () => {
      count = new ImportCount(source);
      await work(count);
      if (count.rejected > 0 || source.dryRun) throw new NothingImported();
    });
  } catch (error) {
    if (!(error instanceof NothingImported)) throw error;
  }
  const { imported, rejected, skipped } = count;
  return { imported, rejected, skipped };
}
