import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { readHashedTexts } from '../../src/crypto/hashed-texts.ts';
import { ConfigError } from '../../src/kernel/config-error.ts';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const [A, B] = ['{ a }', 'query Ü { b }\n'];

let directory: string;
let path: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rekey-texts-'));
  path = join(directory, 'manifest.json');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function read(content: unknown) {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  const problems: string[] = [];
  const texts = readHashedTexts(path, (problem) => problems.push(problem));
  return { texts: Object.fromEntries(texts), problems };
}

test('reads texts by their hash, with and without the prefix', () => {
  expect(read({ [`sha256:${hashOf(A)}`]: A, [hashOf(B)]: B })).toEqual({
    texts: { [hashOf(A)]: A, [hashOf(B)]: B },
    problems: [],
  });
});

describe('reports what is wrong, and never shows a text', () => {
  const name = `sha256:${hashOf(A)}`;
  test.each<[string, unknown, string]>([
    ['a hash of another text', { [name]: `${A} ` }, `the entry "${name}" is not the hash of its text.`],
    [
      'a hash in upper case',
      { [hashOf(A).toUpperCase()]: A },
      `the entry "${hashOf(A).toUpperCase()}" must be named sha256: and 64 lower-case hex digits.`,
    ],
    ['another algorithm', { 'md5:0': A }, 'the entry "md5:0" must be named sha256: and 64 lower-case hex digits.'],
    [
      'a long name',
      { ['s'.repeat(500)]: A },
      `the entry "${'s'.repeat(80)}" must be named sha256: and 64 lower-case hex digits.`,
    ],
    ['a text that is a number', { [name]: 1 }, `the entry "${name}" must be a text.`],
    ['an empty object', {}, 'the file lists nothing.'],
    ['a list', [A], 'the file must be a JSON object of texts by their hash.'],
    ['null', 'null', 'the file must be a JSON object of texts by their hash.'],
    ['no JSON', '{ s3cret', 'the file must be a JSON object of texts by their hash.'],
    ['an empty file', '', 'the file must be a JSON object of texts by their hash.'],
  ])('%s', (_, content, problem) => {
    expect(read(content).problems).toEqual([problem]);
  });

  test('many wrong entries', () => {
    const wrong = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`n${i}`, A]));
    const { problems } = read(wrong);
    expect([problems.length, problems.at(-1)]).toEqual([6, '4 more entries are wrong.']);
  });

  test('a file that does not exist, and a directory', () => {
    for (const [missing, code] of [
      [join(directory, 'none.json'), 'ENOENT'],
      [directory, 'EISDIR'],
    ] as const) {
      const problems: string[] = [];
      readHashedTexts(missing, (problem) => problems.push(problem));
      expect(problems).toEqual([`the file cannot be read (${code}).`]);
    }
  });
});

test('a wrong manifest is a problem of the configuration, beside all others', () => {
  read({ [hashOf(A)]: B });
  let problems: readonly string[] = [];
  try {
    readConfig({ REKEY_TRUSTED_DOCUMENTS: path, REKEY_INTROSPECTION: 'public' });
  } catch (error) {
    if (error instanceof ConfigError) problems = error.problems;
  }
  expect(problems).toEqual([
    'REKEY_INTROSPECTION must be one of open, administrators, closed.',
    `REKEY_TRUSTED_DOCUMENTS: the entry "${hashOf(A)}" is not the hash of its text.`,
  ]);
});
