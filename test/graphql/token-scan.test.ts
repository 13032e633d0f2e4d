import { Lexer, Source } from 'graphql';
import { describe, expect, test } from 'vitest';
import { placeOfExcessToken } from '../../src/graphql/request/token-scan.ts';
import { randomFrom } from '../support/random.ts';
import { times } from '../support/values.ts';

/** Where the tokens of a text begin, by the lexer of GraphQL; null if it rejects the text. */
function placesOfTokens(text: string): number[] | null {
  const lexer = new Lexer(new Source(text));
  const places: number[] = [];
  try {
    for (let token = lexer.advance(); token.kind !== '<EOF>'; token = lexer.advance()) places.push(token.start);
  } catch {
    return null;
  }
  return places;
}

describe('the place of the token that is one too many', () => {
  test.each([
    ['names', 'a bc _d0 E'],
    ['punctuators', '!$&()=:@[]{|}'],
    ['numbers', '0 -1 1.5 -1.5e3 1E-10 2e+4'],
    ['spreads', '... ... a ...'],
    ['strings', '"" "a b" "a\\"b c" "\\\\" "\\u0041 {" a'],
    ['block strings', '"""a { b""" """""" """a \\""" b""" """a\nb""" """ends with an escape \\"""""" a'],
    ['comments', 'a # b { "c\nd #\r# e """\r\nf g'],
    ['commas, line ends and a byte order mark', '\uFEFFa,b,,\tc\r\nd'],
    ['an operation', 'query A($a: [Int!] = [1, -2]) { b(c: $a, d: "e f") @g { h: i ... on J { k } } }'],
  ])('is where the lexer finds it: %s', (_, text) => {
    const places = placesOfTokens(text);
    expect(places?.length).toBeGreaterThan(3);
    for (const [index, place] of places!.entries()) expect(placeOfExcessToken(text, index)).toBe(place);
    expect(placeOfExcessToken(text, places!.length)).toBeNull();
  });

  test('is found too late rather than too early where tokens have no space between them', () => {
    for (const text of ['a-1-2', '...F', '[-1-2-3]', 'a...b']) {
      expect(placeOfExcessToken(text, placesOfTokens(text)!.length)).toBeNull();
    }
  });

  test('is never found in a text that the lexer accepts and that has no more tokens', () => {
    const random = randomFrom(1);
    const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!;
    const pieces = [
      ...[
        'a',
        '_b1',
        '0',
        '-2',
        '1.5e-3',
        '1E+4',
        '...',
        '$',
        '{',
        '}',
        '[',
        ']',
        '(',
        ')',
        ':',
        '=',
        '@',
        '|',
        '&',
        '!',
      ],
      ...['""', '"s t"', '"a\\"b"', '"\\\\"', '""""""', '"""b { c"""', '"""a \\""" b"""', '"', '"""', '\\'],
      ...['#c "\n', '#', '\n', '\r', ',', '\uFEFF', 'ä', '.', '-', '+', '/'],
    ];
    const spaces = ['', '', ' ', '\n'];
    let accepted = 0;
    for (let round = 0; round < 100_000; round++) {
      const text = times(1 + Math.floor(random() * 8), () => one(pieces) + one(spaces)).join('');
      const places = placesOfTokens(text);
      if (!places) continue;
      accepted++;
      expect(placeOfExcessToken(text, places.length), JSON.stringify(text)).toBeNull();
    }
    expect(accepted).toBeGreaterThan(10_000);
  });

  test.each(['"', '"""', '"\\', '"""\\', '"a', '#', '"""a\\"""', '-', '.', '', 'a"'])(
    'a text may end anywhere: %j',
    (text) => {
      expect(placeOfExcessToken(text, 2)).toBeNull();
    },
  );
});
