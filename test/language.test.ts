// Readers of the schema and of messages come from all over the world. Words that are hard to translate or have a plain
// equivalent are refused here: in every text of schema/, and in every string of src/, which may become an error, a log
// line, help or output. Comments and names are not checked.
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAst } from 'vitest/node';

const REFUSED: { words: string[]; say: string }[] = [
  {
    words: ['whoever', 'nobody', 'somebody', 'anybody', 'everybody'],
    say: 'the caller, the user, the client, another request, every replica',
  },
  { words: ['he', 'his', 'him'], say: 'they, their, them, or the noun' },
  { words: ['anew'], say: 'again' },
  { words: ['is told'], say: 'gets, receives' },
  { words: ['what is not yours'], say: 'an object of another user' },
  // Metaphors. Each has a term of the field.
  { words: ['door', 'doors'], say: 'endpoint' },
  { words: ['bell', 'bells'], say: 'notification' },
  { words: ['house', 'houses'], say: 'service, process' },
  { words: ['jar', 'jars'], say: 'cookies' },
  { words: ['keeper', 'keepers'], say: 'coordinator' },
  { words: ['witness', 'witnesses'], say: 'participant' },
];

/** Strings of src that are not shown as messages. */
const ALLOWED: { file: string; text: RegExp; reason: string }[] = [
  { file: 'accounts/famous-phrases.ts', text: /./, reason: 'phrases that are too well known for a password' },
];

interface Text {
  /** For example `src/app.ts:12`. */
  place: string;
  text: string;
}

type Node = { type?: string; start?: number } & Record<string, unknown>;

/** The refused words in these texts, each with its place and a replacement. */
function offencesIn(texts: Text[]): string[] {
  return texts.flatMap(({ place, text }) =>
    REFUSED.flatMap(({ words, say }) =>
      words
        .filter((word) => wordPattern(word).test(text))
        .map((word) => `${place} says "${word}". Say instead: ${say}.`),
    ),
  );
}

/** Whole words, in any case. A line break counts as a space. */
function wordPattern(word: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${word.replaceAll(' ', '\\s+')}(?![\\p{L}\\p{N}_])`, 'iu');
}

/** The strings of a module that may become messages. */
function stringsOf(file: string, source: string): Text[] {
  return stringsIn(source)
    .filter(({ text }) => !ALLOWED.some((allowed) => allowed.file === file && allowed.text.test(text)))
    .map(({ line, text }) => ({ place: `src/${file}:${line}`, text }));
}

/** All strings, and the parts of templates. The path of an import is no text. */
function stringsIn(source: string): { line: number; text: string }[] {
  const texts: { line: number; text: string }[] = [];
  const note = ({ start = 0 }: Node, text: string) =>
    texts.push({ line: source.slice(0, start).split('\n').length, text });
  const walk = (node: Node): void => {
    if (node.type === 'Literal' && typeof node.value === 'string') note(node, node.value);
    if (node.type === 'TemplateLiteral') {
      const parts = (node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked);
      note(node, parts.join('…'));
    }
    for (const [key, value] of Object.entries(node)) {
      if (key === 'source' && /^(Import|Export)/.test(node.type ?? '')) continue;
      for (const child of Array.isArray(value) ? value : [value]) {
        if (child !== null && typeof child === 'object') walk(child as Node);
      }
    }
  };
  walk(parseAst(source, { lang: 'ts' }) as unknown as Node);
  return texts;
}

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const filesIn = (folder: string, pattern: string) =>
  globSync(pattern, { cwd: join(root, folder) }).map((file) => file.replaceAll(sep, '/'));

// Generated code repeats schema/. A migration is SQL, and one that has run does not change.
const sources = filesIn('src', '**/*.{ts,mjs}').filter((file) => !/(^|\/)(generated|migrations)\//.test(file));

describe('refused words do not occur in', () => {
  test('schema/', () => {
    const files = filesIn('schema', '*.graphql');
    expect(files.length).toBeGreaterThan(3);
    expect(offencesIn(files.map((file) => ({ place: `schema/${file}`, text: read(`schema/${file}`) })))).toEqual([]);
  });

  test('the strings of src/', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap((file) => offencesIn(stringsOf(file, read(`src/${file}`))))).toEqual([]);
  });

  test('the description of the package, which the help of the command line shows', () => {
    const { description } = JSON.parse(read('package.json'));
    expect(offencesIn([{ place: 'package.json', text: description }])).toEqual([]);
  });
});

describe.each(REFUSED.flatMap(({ words }) => words))('"%s" is reported', (word) => {
  const found = [expect.stringContaining(`"${word}"`)];
  const capital = word.charAt(0).toUpperCase() + word.slice(1);

  test.each([
    ['in a description', `"The key of ${word}."`],
    ['at the beginning of a sentence', `"""\nA key.\n${capital}\n"""`],
    ['across two lines', `"""\nA key, ${word.replaceAll(' ', '\n')}, and more\n"""`],
  ])('%s', (_where, text) => {
    expect(offencesIn([{ place: 'schema/root.graphql', text }])).toEqual(found);
  });

  test.each([
    ['in an error', `throw new Error('The key, ${word}, is wrong.');`],
    ['in a template', `const message = \`\${name}: ${capital} and \${other}\`;`],
    ['in an object', `const MESSAGES = { UNKNOWN: 'Known to ${word}' };`],
    ['in a log line', `logger.warn({ err }, '${word}; retrying');`],
    ['in output', `process.stdout.write('${word}\\n');`],
    ['as the name of a job', `const jobs = { 'purging ${word}': () => purge() };`],
  ])('%s', (_where, source) => {
    expect(offencesIn(stringsOf('app.ts', source))).toEqual(found);
  });
});

test('other words, comments, names and imports are not reported', () => {
  const source = `import { jar } from './door/jar.ts'; // whoever
    const message = 'The history of housekeeping: this hears the doorbell_id, theirs or hello'; /* nobody */
    const he = { his: message }; export * from '../bell/house.ts';`;
  expect(offencesIn(stringsOf('app.ts', source))).toEqual([]);
});

test('a string that is allowed in one file is reported in others', () => {
  const source = "const PHRASES = ['a password that nobody has'];";
  expect(offencesIn(stringsOf('accounts/famous-phrases.ts', source))).toEqual([]);
  expect(offencesIn(stringsOf('accounts/password.ts', source))).toHaveLength(1);
});

test('each entry of the list of allowed strings is still needed and has a reason', () => {
  for (const { file, text, reason } of ALLOWED) {
    const texts = stringsIn(read(`src/${file}`)).filter((string) => text.test(string.text));
    expect(offencesIn(texts.map((string) => ({ place: file, text: string.text }))), file).not.toEqual([]);
    expect(reason).not.toBe('');
  }
});
