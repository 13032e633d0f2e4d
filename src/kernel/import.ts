/** One line of a file to import: its value, why it is rejected, or why it is skipped. */
export type ImportLine<Value> =
  | { readonly line: number; readonly value: Value }
  | { readonly line: number; readonly problem: string }
  | { readonly line: number; readonly skipped: string };

/** A file to import, and what is reported while it is read. */
export interface Import<Value> {
  /** Reads the file from its beginning. */
  lines(): AsyncIterable<ImportLine<Value>>;
  format: string;
  /** SHA-256 of the file in hex. Asked after the last line. */
  sha256(): string;
  /** Checks everything and changes nothing. */
  dryRun: boolean;
  /** A line is rejected for this reason. */
  rejected(line: number, problem: string): void;
  /** How many lines were read. The number begins again if the transaction is repeated. */
  progress(lines: number): void;
}

/** What an import did. If a line was rejected, nothing was imported. */
export interface ImportOutcome {
  /** How many values were imported. In a dry run, or if a line was rejected: how many could be imported. */
  imported: number;
  rejected: number;
  /** How many lines were skipped, by reason. */
  skipped: ReadonlyMap<string, number>;
}

/** Counts what happens to the lines of one import. */
export class ImportCount implements ImportOutcome {
  imported = 0;
  rejected = 0;
  readonly skipped = new Map<string, number>();
  #lines = 0;
  readonly #import: Pick<Import<unknown>, 'rejected' | 'progress'>;

  constructor(source: Pick<Import<unknown>, 'rejected' | 'progress'>) {
    this.#import = source;
  }

  reject(line: number, problem: string): void {
    this.rejected++;
    this.#import.rejected(line, problem);
  }

  /** The values of a batch. Lines without one are counted. */
  valuesOf<Value>(batch: readonly ImportLine<Value>[]): { line: number; value: Value }[] {
    this.#lines += batch.length;
    this.#import.progress(this.#lines);
    return batch.filter((each): each is { line: number; value: Value } => {
      if ('problem' in each) this.reject(each.line, each.problem);
      if ('skipped' in each) this.skipped.set(each.skipped, (this.skipped.get(each.skipped) ?? 0) + 1);
      return 'value' in each;
    });
  }
}
