import { type FileLine, LONGEST_RECORD } from './file-line.ts';

/** How many containers may be open. */
const DEEPEST = 100;

/** What the scanner knows of one open object or array. */
interface Container {
  kind: '{' | '[';
  /** The name under which it is in its object; null in an array and at the top. */
  name: string | null;
  /** In an object: the name before the last colon. */
  key: string | null;
}

/**
 * Reads the objects of a JSON document one by one, so that the document may be larger than the memory: those of an array
 * at the top, and those of arrays with one of these names. Everything else of the document is skipped.
 *
 * @param names such as `users` for `{ "users": [ … ] }`, and `hits` for `{ "hits": { "hits": [ … ] } }`
 */
export class JsonRecords {
  readonly #names: readonly string[];
  readonly #open: Container[] = [];
  /** The text of the record that is being read; null outside of records. */
  #record: { text: string; depth: number } | null = null;
  #string: { text: string; escaped: boolean } | null = null;
  /** The last string: the name of a field, if a colon follows. */
  #last = '';
  #hasArray = false;
  /** A document may have only one line. So its records are counted instead. */
  #count = 0;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** The records that end in this part of the document. */
  *read(chunk: string): Generator<FileLine> {
    // The part of the chunk that belongs to the record begins here.
    let from = 0;
    for (let index = 0; index < chunk.length; index++) {
      const character = chunk[index]!;
      if (this.#string) {
        this.#inString(character);
        continue;
      }
      switch (character) {
        case '"':
          this.#string = { text: '', escaped: false };
          break;
        case ':':
          if (this.#open.length > 0) this.#open.at(-1)!.key = this.#last;
          break;
        case '{':
        case '[':
          if (this.#record === null && character === '{' && this.#isInArray()) {
            this.#record = { text: '', depth: this.#open.length };
            from = index;
          }
          if (this.#open.length === DEEPEST) throw new Error(`The document has more than ${DEEPEST} levels.`);
          this.#open.push({ kind: character, name: this.#nameOfChild(), key: null });
          this.#hasArray ||= this.#isInArray();
          break;
        case '}':
        case ']':
          this.#open.pop();
          if (this.#record && this.#open.length === this.#record.depth) {
            this.#append(chunk.slice(from, index + 1));
            yield this.#finish();
          }
      }
    }
    if (this.#record) this.#append(chunk.slice(from));
  }

  /** Whether the document has an array of records, which may be empty. */
  get hasArray(): boolean {
    return this.#hasArray;
  }

  /** Whether the document is complete. */
  get isComplete(): boolean {
    return this.#open.length === 0 && this.#string === null;
  }

  #inString(character: string): void {
    const string = this.#string!;
    if (string.escaped) string.escaped = false;
    else if (character === '\\') string.escaped = true;
    else if (character === '"') {
      this.#last = string.text;
      this.#string = null;
    } else if (string.text.length < 64) string.text += character; // A name that is looked for is shorter.
  }

  /** Whether the innermost container is an array of records. */
  #isInArray(): boolean {
    const parent = this.#open.at(-1);
    if (parent?.kind !== '[') return false;
    return this.#open.length === 1 || (parent.name !== null && this.#names.includes(parent.name));
  }

  #nameOfChild(): string | null {
    const parent = this.#open.at(-1);
    return parent?.kind === '{' ? parent.key : null;
  }

  #append(text: string): void {
    const record = this.#record!;
    // One character more than allowed marks a record that is too long.
    record.text += text.slice(0, Math.max(0, LONGEST_RECORD + 1 - record.text.length));
  }

  #finish(): FileLine {
    const { text } = this.#record!;
    const line = ++this.#count;
    this.#record = null;
    if (text.length > LONGEST_RECORD) return { line, problem: `Is longer than ${LONGEST_RECORD} characters.` };
    return recordOf(text, line);
  }
}

/** The JSON object in this text. The error of the parser is not used, because it quotes the text. */
export function recordOf(text: string, line: number): FileLine {
  try {
    const record: unknown = JSON.parse(text);
    if (typeof record === 'object' && record !== null && !Array.isArray(record))
      return { line, record: record as Record<string, unknown> };
  } catch {
    // The same as for a text, a number or a list.
  }
  return { line, problem: 'Is not a JSON object.' };
}
