import { readFileSync } from 'node:fs';
import { messageOf } from '../kernel/message.ts';
import { sha256 } from './hash.ts';

/** The name of a text: `sha256:` and the SHA-256 of its UTF-8 in lower-case hex. The prefix may be left out. */
const HASH = /^(?:sha256:)?([0-9a-f]{64})$/;

/** The most problems that are reported. A file of another kind has one for each of its entries. */
const MOST_PROBLEMS = 5;

/** The hexadecimal SHA-256 that a name of a text contains; null if it is no such name. */
export function hashIn(name: string): string | null {
  return HASH.exec(name)?.[1] ?? null;
}

/**
 * Reads a JSON file that names texts by their hash: `{ "sha256:<64 hex digits>": "the text" }`.
 *
 * @param problem gets each problem of the file, without its content
 * @returns the texts by their hash, without the prefix
 */
export function readHashedTexts(path: string, problem: (message: string) => void): ReadonlyMap<string, string> {
  const found = contentOf(path);
  if (typeof found === 'string') {
    problem(found);
    return new Map();
  }
  const texts = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, text] of Object.entries(found)) {
    const hash = hashIn(name);
    const shown = `the entry "${name.slice(0, 80)}"`;
    if (hash === null) problems.push(`${shown} must be named sha256: and 64 lower-case hex digits.`);
    else if (typeof text !== 'string') problems.push(`${shown} must be a text.`);
    else if (sha256(text).toString('hex') !== hash) problems.push(`${shown} is not the hash of its text.`);
    else texts.set(hash, text);
  }
  for (const each of problems.slice(0, MOST_PROBLEMS)) problem(each);
  if (problems.length > MOST_PROBLEMS) problem(`${problems.length - MOST_PROBLEMS} more entries are wrong.`);
  if (problems.length === 0 && texts.size === 0) problem('the file lists nothing.');
  return texts;
}

/** The object in a JSON file, or why there is none. */
function contentOf(path: string): Record<string, unknown> | string {
  let json: string;
  try {
    json = readFileSync(path, 'utf8');
  } catch (error) {
    return `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? messageOf(error)}).`;
  }
  try {
    const content: unknown = JSON.parse(json);
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return { ...content };
  } catch {
    // The parser's own message quotes the text.
  }
  return 'the file must be a JSON object of texts by their hash.';
}
