import type { ImportLine } from '../../kernel/import.ts';
import { LineProblem } from './fields.ts';
import type { FileLine } from './file-line.ts';

/**
 * Reads the records of a file.
 *
 * @param read returns the value of a record, or why it is left out; a `LineProblem` rejects the line
 */
export async function* readRecords<Value extends object>(
  lines: AsyncIterable<FileLine>,
  read: (record: Readonly<Record<string, unknown>>) => Value | string,
): AsyncGenerator<ImportLine<Value>> {
  for await (const each of lines) {
    if ('problem' in each) {
      yield each;
      continue;
    }
    const { line, record } = each;
    try {
      const value = read(record);
      yield typeof value === 'string' ? { line, skipped: value } : { line, value };
    } catch (error) {
      if (!(error instanceof LineProblem)) throw error;
      yield { line, problem: error.message };
    }
  }
}
