import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { type FileLine, LONGEST_RECORD } from './file-line.ts';
import { JsonRecords, recordOf } from './json-records.ts';

/** How a format writes its records into a file whose name ends with `.json`. */
export type JsonLayout = 'lines' | { readonly arrays: readonly string[] };

const READERS: Record<string, (file: ImportFile, layout: JsonLayout) => AsyncIterable<FileLine>> = {
  '.csv': (file) => csvLines(file),
  '.jsonl': (file) => jsonLines(file),
  '.ndjson': (file) => jsonLines(file),
  '.json': (file, layout) => (layout === 'lines' ? jsonLines(file) : jsonRecords(file, layout.arrays)),
};

/** A file to import. It is read from the beginning to the end in parts, and may be larger than the memory. */
export class ImportFile {
  readonly path: string;
  readonly size: number;
  /** How much was read so far, in bytes. */
  bytesRead = 0;
  #hash = createHash('sha256');

  /** @throws Error if there is no such file, or its name does not say how to read it */
  constructor(path: string) {
    this.path = path;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile()) throw new Error(`There is no file ${path}.`);
    if (!(this.#extension in READERS))
      throw new Error(`The name of the file must end with ${Object.keys(READERS).join(', ')}.`);
    this.size = stat.size;
  }

  /** All lines. A second call reads the file again. */
  lines(layout: JsonLayout): AsyncIterable<FileLine> {
    this.bytesRead = 0;
    this.#hash = createHash('sha256');
    return READERS[this.#extension]!(this, layout);
  }

  /** SHA-256 of what was read, in hex. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  get #extension(): string {
    return extname(this.path).toLowerCase();
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(this.path, { highWaterMark: 256 * 1024 })) {
      this.#hash.update(chunk);
      this.bytesRead += chunk.length;
      yield chunk;
    }
  }
}

const NEWLINE = 0x0a;
const utf8 = new TextDecoder('utf-8', { fatal: true });

async function* jsonLines(file: ImportFile): AsyncGenerator<FileLine> {
  let line = 0;
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer) => {
    length += part.length;
    if (length <= LONGEST_RECORD) parts.push(part);
  };
  const finish = (): FileLine | null => {
    line++;
    const bytes = Buffer.concat(parts);
    const isTooLong = length > LONGEST_RECORD;
    [parts, length] = [[], 0];
    return isTooLong ? { line, problem: `Is longer than ${LONGEST_RECORD} bytes.` } : jsonLineOf(bytes, line);
  };
  for await (const chunk of file.chunks()) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      from = end + 1;
      const finished = finish();
      if (finished) yield finished;
    }
    add(chunk.subarray(from));
  }
  const finished = length > 0 ? finish() : null;
  if (finished) yield finished;
}

/** Null for an empty line. */
function jsonLineOf(bytes: Buffer, line: number): FileLine | null {
  let text: string;
  try {
    text = utf8.decode(bytes).trim();
  } catch {
    return { line, problem: 'Is not well-formed UTF-8.' };
  }
  return text === '' ? null : recordOf(text, line);
}

async function* jsonRecords(file: ImportFile, arrays: readonly string[]): AsyncGenerator<FileLine> {
  const records = new JsonRecords(arrays);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Buffer): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new Error(`${file.path} is not well-formed UTF-8.`);
    }
  };
  for await (const chunk of file.chunks()) yield* records.read(decode(chunk));
  decode();
  if (!records.isComplete) throw new Error(`${file.path} is no complete JSON document.`);
  if (!records.hasArray) throw new Error(`${file.path} has no array of records. Check --format.`);
}

/** The first line names the columns. An empty field counts as left out. */
async function* csvLines(file: ImportFile): AsyncGenerator<FileLine> {
  const skipped: FileLine[] = [];
  const parser = parse({
    bom: true,
    columns: (header: string[]) => header.map((name) => name.trim()),
    info: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_RECORD,
    skip_records_with_error: true,
    on_skip(error) {
      // What follows cannot be read: it may be in quotes.
      if (error?.code === 'CSV_MAX_RECORD_SIZE')
        throw new Error(
          `Line ${lineOf(error)}: Is longer than ${LONGEST_RECORD} characters. Check for a missing quote.`,
        );
      skipped.push({
        line: lineOf(error),
        problem: 'Has another number of fields than the first line, or a wrong quote.',
      });
      return undefined;
    },
  });
  const source = Readable.from(file.chunks());
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  for await (const { info, record } of parser as AsyncIterable<{
    info: { lines: number };
    record: Record<string, string>;
  }>) {
    yield* skipped.splice(0);
    yield { line: info.lines, record: Object.fromEntries(Object.entries(record).filter(([, value]) => value !== '')) };
  }
  yield* skipped.splice(0);
}

function lineOf(error: CsvError | undefined): number {
  const lines = (error as unknown as { lines?: number } | undefined)?.lines;
  return typeof lines === 'number' ? lines : 0;
}
