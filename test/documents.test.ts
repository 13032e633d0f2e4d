// Compares the documents with the repository: links, files, functions, commands, tables and words.
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { variables } from '../src/config.ts';
import { modelOf } from '../src/database/orm.ts';
import { features } from '../src/features.ts';
import { createSchema } from '../src/graphql/yoga.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const DOCUMENTS = globSync(['*.md', '.github/*.md', 'schema/*.md', 'src/**/*.md', 'test/**/*.md'], {
  cwd: root,
}).toSorted();
const source = globSync('src/**/*.ts', { cwd: root })
  .map((file) => read(file))
  .join('\n');

/** A document without its code blocks. */
const proseOf = (path: string) => read(path).replace(/^```[\s\S]*?^```$/gm, '');
const blocksOf = (path: string, language: string) =>
  [...read(path).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, of]) => of === language)
    .map(([, , text]) => text!);
/** The text under this heading, at any level. */
function sectionOf(path: string, heading: string): string {
  const [, level, rest] = new RegExp(`^(#+) ${RegExp.escape(heading)}\\n([\\s\\S]*)`, 'm').exec(read(path))!;
  return rest!.split(new RegExp(`^#{1,${level!.length}} `, 'm'))[0]!;
}
/** The first cell of each row of the tables in a text, without the heads. */
const firstCellsOf = (text: string) =>
  [...text.matchAll(/^\| (.+?) \|.*$/gm)].map(([, cell]) => cell!).filter((cell) => cell.includes('`'));
const codeIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

test('the main documents exist, and README.md has fewer than 230 lines', () => {
  expect(DOCUMENTS).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', '.github/SECURITY.md']));
  expect(read('README.md').split('\n').length).toBeLessThan(230);
});

describe.each(DOCUMENTS)('%s', (path) => {
  test('links to files and headings that exist', () => {
    const broken = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !target.startsWith('https://') && !isReachable(path, target));
    expect(broken).toEqual([]);
  });

  test('names commands and variables that exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const commands = [...read(path).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!);
    expect(commands.filter((name) => !(name in scripts))).toEqual([]);
    const known = [
      'REKEY_TEST_SERVERS',
      ...Object.values(variables).flatMap(({ name, inFile }) => [name, ...(inFile ? [`${name}_FILE`] : [])]),
    ];
    const named = [...read(path).matchAll(/REKEY_[A-Z_]+\b/g)].map(([name]) => name);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('uses plain words', () => {
    const found = [
      ...proseOf(path)
        .replace(/`[^`]*`/g, '')
        .matchAll(REFUSED_WORDS),
    ].map(([word]) => word);
    expect(found).toEqual([]);
  });

  test('has no comments in shell scripts, because an interactive shell may read them as arguments', () => {
    for (const script of blocksOf(path, 'sh')) expect(script).not.toMatch(/(^|\s)#/m);
  });

  test('has diagrams with closed blocks and declared participants', () => {
    for (const drawing of blocksOf(path, 'mermaid')) expect(problemsWithDrawing(drawing)).toEqual([]);
  });
});

/** Words that hide who acts, and metaphors that the glossary does not list (see the language rules in CONTRIBUTING). */
const REFUSED_WORDS =
  /(?<![-\w])(whoever|whomever|nobody|somebody|anybody|everybody|anew|he|him|his|she|her|keeper|doorbell|witness(es)?|testif(y|ies))(?![-\w])/gi;

function isReachable(from: string, target: string): boolean {
  const [file, anchor] = target.split('#') as [string, string?];
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(join(root, path))) return false;
  return anchor === undefined || headingsOf(path).includes(anchor);
}

/** The anchors of a document, as hosts of repositories make them. */
function headingsOf(path: string): string[] {
  return [...proseOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

function problemsWithDrawing(text: string): string[] {
  const lines = text.trim().split('\n');
  const kind = lines[0]!.split(' ')[0]!;
  if (kind === 'flowchart') {
    const unbalanced = lines.filter((line) => /[[({]/.test(line) && !isBalanced(line));
    return unbalanced;
  }
  if (kind !== 'sequenceDiagram') return [`${kind} is not a kind of drawing that is used here`];
  const declared = [...text.matchAll(/^\s*participant (\w+)/gm)].map(([, name]) => name!);
  const used = [...text.matchAll(/^\s*(?:Note over )?(\w+)(?:-\S+?(\w+))?:/gm)].flatMap(([, from, to]) =>
    to === undefined ? [from!] : [from!, to],
  );
  const open = [...text.matchAll(/^\s*(loop|alt|opt|par)\b/gm)].length - [...text.matchAll(/^\s*end$/gm)].length;
  return [...used.filter((name) => !declared.includes(name)), ...(open === 0 ? [] : [`${open} blocks are open`])];
}

function isBalanced(line: string): boolean {
  const count = (characters: string) =>
    [...line.replace(/-->/g, '')].filter((each) => characters.includes(each)).length;
  return count('[({') === count('])}') && count('"') % 2 === 0;
}

describe('src/README.md', () => {
  const HEADINGS = [
    ...['A bearer request to `/graphql`', 'A bearer request to `/v1/verify`'],
    ...['`rotateApiKey`', 'A signed request to `/graphql`'],
  ];
  const hops = HEADINGS.flatMap((heading) =>
    [...sectionOf('src/README.md', heading).matchAll(/^\d+\. `([^`]+)` `([^`]+)`: /gm)].map(
      ([, file, name]) => [heading, file!, name!] as const,
    ),
  );

  test('lists the steps of four requests, each with its file and function', () => {
    for (const heading of HEADINGS) {
      const section = sectionOf('src/README.md', heading);
      expect(hops.filter(([of]) => of === heading)).toHaveLength([...section.matchAll(/^\d+\. /gm)].length);
      expect(hops.filter(([of]) => of === heading).length, heading).toBeGreaterThan(9);
    }
  });

  test.each(hops)('%s goes through %s, which defines %s', (_heading, file, name) => {
    expect(existsSync(join(root, 'src', file)), file).toBe(true);
    expect(read(`src/${file}`)).toMatch(definitionOf(name));
  });

  test('a call or a mention of a function is not its definition', () => {
    for (const text of [
      '  rotate(row);',
      '  await this.rotate(row, {',
      '// rotate(row) {',
      'rotated(row) {',
      'x.rotate = 1',
    ]) {
      expect(text).not.toMatch(definitionOf('rotate'));
    }
    for (const text of [
      '  async rotate(',
      '  rotate<T>(row) {',
      'const rotate = ',
      'function rotate(',
      '  rotate: (',
    ]) {
      expect(text).toMatch(definitionOf('rotate'));
    }
  });

  test('the tree lists exactly the folders and files of src', () => {
    const tree = blocksOf('src/README.md', '').find((block) => block.includes('kernel/'))!;
    const named = [...tree.matchAll(/^(\S+) {2,}/gm)].map(([, name]) => name!.replace(/\/$/, ''));
    const there = readdirSync(join(root, 'src')).filter((name) => !name.endsWith('.md'));
    expect(named.toSorted()).toEqual(there.toSorted());
  });
});

/** Matches the definition of a function, a method or a constant, but not a call. */
function definitionOf(name: string): RegExp {
  const escaped = RegExp.escape(name);
  const declared = String.raw`\b(?:function\*?|const|class|get) ${escaped}\b`;
  const method = String.raw`^ +(?:static |async )*${escaped}(?:<[^\n]*>)?\((?![^\n]*\);$)`;
  const property = String.raw`^ +${escaped}: (?:async )?\(`;
  return new RegExp(`${declared}|${method}|${property}`, 'm');
}

test('the documents list exactly the endpoints of the service', () => {
  const routes = read('src/http/routes.ts');
  const there = new Set([...routes.matchAll(/^ {4}\['(\/[^']+)'/gm)].map(([, path]) => path!));
  expect(there.size).toBeGreaterThan(5);
  for (const table of [sectionOf('README.md', 'Endpoints'), read('src/http/README.md').split('\n## ')[0]!]) {
    const named = firstCellsOf(table)
      .flatMap(codeIn)
      .flatMap((code) => /\/\S+/.exec(code)?.[0] ?? []);
    expect(new Set(named)).toEqual(there);
  }
});

test('the documents list exactly the metrics of the service', () => {
  const there = [...source.matchAll(/^ +name: '(rekey_\w+)'/gm)].map(([, name]) => name!);
  expect(there.length).toBeGreaterThan(9);
  expect(firstCellsOf(sectionOf('src/cli/README.md', 'Metrics')).flatMap(codeIn).toSorted()).toEqual(there.toSorted());
});

test('each documented log message exists at its level', () => {
  const rows = [...sectionOf('src/cli/README.md', 'Logs').matchAll(/^\| `([^`]+)` \| (\w+) \|/gm)];
  expect(rows.length).toBeGreaterThan(9);
  for (const [, message, level] of rows) {
    const escaped = RegExp.escape(message!);
    const ofOutage = { warn: 'began', info: 'over' }[level!]; // See `kernel/outage.ts`.
    const written = new RegExp(String.raw`\.${level}\((?:(?!;\n)[\s\S])*?${escaped}'|\b${ofOutage}: '${escaped}'`);
    expect(source, message).toMatch(written);
  }
});

test('the documents list exactly the commands of the program', () => {
  const there = globSync('src/cli/*.ts', { cwd: root }).flatMap((file) =>
    [...read(file).matchAll(/new Command\('([\w-]+)'\)/g)].map(([, name]) => name!),
  );
  const named = firstCellsOf(sectionOf('src/cli/README.md', 'Commands'))
    .flatMap(codeIn)
    .flatMap((code) => code.replace('npm run rekey -- ', '').split(' --')[0]!.split(' '))
    .filter((word) => /^[\w-]+$/.test(word));
  expect(new Set(named)).toEqual(new Set(there.filter((name) => name !== 'rekey')));
});

test('the changelog has an upgrade note for every migration, in order', () => {
  const noted = firstCellsOf(sectionOf('CHANGELOG.md', 'Upgrade notes')).flatMap(codeIn);
  expect(noted).toEqual(modelOf(features).migrations.map(({ name }) => name));
});

test('the glossary has at most 25 terms, in order', () => {
  const section = sectionOf('src/revocation/README.md', 'Glossary');
  const terms = [...section.matchAll(/^\| ([a-z][\w ]+) \|/gm)]
    .map(([, term]) => term!)
    .filter((term) => term !== 'term');
  expect(terms.length).toBeGreaterThan(15);
  expect(terms.length).toBeLessThanOrEqual(25);
  expect(terms).toEqual(terms.toSorted((a, b) => a.toLowerCase().localeCompare(b.toLowerCase())));
});

describe('schema/README.md', () => {
  test('lists exactly the files of the SDL', () => {
    const named = firstCellsOf(sectionOf('schema/README.md', 'How the SDL is organised')).flatMap(codeIn);
    expect(named.toSorted()).toEqual(globSync('*.graphql', { cwd: join(root, 'schema') }).toSorted());
  });

  test('contains only operations that are valid against the schema', () => {
    const operations = blocksOf('schema/README.md', 'graphql');
    expect(operations.length).toBeGreaterThan(1);
    const schema = createSchema();
    for (const operation of operations) expect(validate(schema, parse(operation)), operation).toEqual([]);
  });

  test('names only union members that exist in the schema', () => {
    const types = createSchema().getTypeMap();
    const named = [...read('schema/README.md').matchAll(/\b[A-Z]\w+(?:Error|Success)\b/g)].map(([name]) => name);
    const ours = named.filter((name) => !['RekeyError', 'DoItSuccess'].includes(name));
    expect(ours.length).toBeGreaterThan(5);
    for (const name of ours) expect(types, name).toHaveProperty(name);
  });
});

test('test/README.md explains every code in the names of tests, and no other', () => {
  // 'F0.1: …', 'B04, REVOKED: …', '… (F2.8)', or '// G4: …' on a whole file.
  const code = /(?:['`(]|, |^\/\/ )([FBG]\d{1,2}(?:\.\d{1,2})?)(?=[:,)])/gm;
  const files = globSync('test/**/*.test.ts', { cwd: root });
  const used = files.flatMap((file) => [...read(file).matchAll(code)].map(([, found]) => found));
  const explained = firstCellsOf(sectionOf('test/README.md', 'Codes in the names of tests')).flatMap(codeIn);
  // The model of the protocol names G1 and G2.
  expect(explained.toSorted()).toEqual([...new Set([...used, 'G1', 'G2'])].toSorted());
});
