// The parser that reads signatures and digests: the tests of the working group, and its cost.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BareItem, type Dictionary, parseDictionary, serializeDictionary, Token } from 'structured-headers';
import { describe, expect, test } from 'vitest';

interface Case {
  name: string;
  raw: string[];
  header_type: 'item' | 'list' | 'dictionary';
  expected?: unknown;
  canonical?: string[];
  must_fail?: boolean;
  can_fail?: boolean;
}

const FILES = ['binary', 'dictionary', 'param-dict', 'param-listlist', 'listlist', 'string', 'examples'];
const directory = join(import.meta.dirname, '..', 'vectors', 'structured-fields');

/** The cases as members of a dictionary, which is the only kind of field that is read here. */
const CASES = FILES.flatMap((file) => {
  const cases = JSON.parse(readFileSync(join(directory, `${file}.json`), 'utf8')) as Case[];
  return cases
    .filter(({ header_type }) => header_type === 'dictionary')
    .map((each) => [file, each.name, each] as const);
});

/** A parsed value as the tests write it. */
function plain(value: BareItem): unknown {
  if (value instanceof ArrayBuffer) return { __type: 'binary', value: base32(Buffer.from(value)) };
  if (value instanceof Token) return { __type: 'token', value: value.toString() };
  return value;
}

function base32(bytes: Buffer): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const text = (bits.match(/.{1,5}/g) ?? []).map((five) => digits[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=');
}

const parametersOf = (parameters: Map<string, BareItem>) =>
  [...parameters].map(([name, value]) => [name, plain(value)]);
const membersOf = (dictionary: Dictionary) =>
  [...dictionary].map(([name, [value, parameters]]) => [
    name,
    Array.isArray(value)
      ? [value.map(([item, own]) => [plain(item), parametersOf(own)]), parametersOf(parameters)]
      : [plain(value), parametersOf(parameters)],
  ]);

describe('the tests of the working group for dictionaries', () => {
  test('are read', () => {
    expect(CASES.length).toBeGreaterThan(40);
  });

  test.each(CASES)('%s: %s', (_file, _name, { raw, expected, canonical, must_fail, can_fail }) => {
    const parse = () => parseDictionary(raw.join(', '));
    if (must_fail) {
      expect(parse).toThrow();
      return;
    }
    let dictionary: Dictionary;
    try {
      dictionary = parse();
    } catch (error) {
      if (can_fail) return;
      throw error;
    }
    expect(membersOf(dictionary)).toEqual(expected);
    // JavaScript has one kind of number, so 1.0 is written as 1. A signature with such a parameter is rejected.
    expect(serializeDictionary(dictionary)).toBe(((canonical ?? raw)[0] ?? '').replace(/(\d)\.0\b/g, '$1'));
  });
});

describe.each(['binary', 'string', 'listlist', 'param-listlist'])('the tests of the working group: %s', (file) => {
  const cases = JSON.parse(readFileSync(join(directory, `${file}.json`), 'utf8')) as Case[];
  /** An item, or a list of one member, is also the value of a member of a dictionary. */
  const single = cases.filter(({ raw, header_type }) => raw.length === 1 && header_type !== 'dictionary');

  test.each(single.map((each) => [each.name, each] as const))('%s', (_name, { raw, must_fail, can_fail }) => {
    const text = raw[0]!.trim();
    if (text === '' || can_fail) return;
    if (must_fail) expect(() => parseDictionary(`a=${text}`)).toThrow();
    else if (!/\), *\(|\),\t/.test(text)) expect(parseDictionary(`a=${text}`).has('a')).toBe(true);
  });
});
