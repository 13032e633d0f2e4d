// Which characters a display name may contain: the name of an account, of a workspace, of a key.
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { InputCheck } from '../../src/kernel/input.ts';
import { PASSWORD, startTestApp, type TestApp } from '../support/app.ts';

/** The problems of a name that may have up to 100 characters. */
function problemsOf(name: string): string[] {
  const check = new InputCheck();
  check.text(name, 'input.name', 100);
  return check.fields.map(({ message }) => message);
}

const UNSEEN = 'Must not contain line breaks, control characters or invisible characters.';
const LENGTH = 'Must have 1 to 100 characters.';

describe('a name', () => {
  test.each([
    'Ann',
    "Ann O’Neil-Smith, Jr. (née D'Arcy)",
    'Zoë',
    'Zoe\u0308',
    'Nguyễn Thị Minh Khai',
    'Ægir Þórsson',
    '李小龍',
    'עברית',
    'محمد علی',
    '株式会社 例　え',
    '1',
    '→',
    // Joiners where a script needs them.
    'می\u200cخواهم',
    'क्\u200dष',
    'র\u200d্য',
    'ශ්\u200dරී ලංකා',
    // A joiner at the end of a word, where it makes another letter: a Malayalam chillu, the Bengali khanda ta.
    'രാജന്\u200d',
    'മോഹന്\u200d ലാല്\u200d',
    'മോഹന്\u200dലാല്\u200d, ര്\u200d-ള്\u200d ണ്\u200d ക്\u200d',
    'শরত্\u200d',
    // Spaces other than U+0020, each by itself.
    'M.\u00a0Dupont',
    'Dupont\u202f!',
    '林\u3000\u3000太郎',
    'Ann  Lee',
    // Emoji that consist of several characters, and their variants.
    '👩\u200d💻',
    '👨🏽\u200d🚀',
    '🏳\ufe0f\u200d🌈',
    '👨\u200d👩\u200d👧\u200d👦',
    '❤\ufe0f',
    '☎\ufe0e',
    '#\ufe0f\u20e3 1\ufe0f\u20e3',
    // A variant of an ideograph, as Japanese names have it.
    '葛\u{e0100}城',
  ])('may be %j', (name) => {
    expect(problemsOf(name)).toEqual([]);
  });

  test.each([
    ['a line break', 'a\nb'],
    ['a tab', 'a\tb'],
    ['a control character', 'a\u0007b'],
    ['a C1 control character', 'a\u0085b'],
    ['a separator of lines', 'a\u2028b'],
    ['a soft hyphen', 'a\u00adb'],
    ['a grapheme joiner', 'a\u034fb'],
    ['an Arabic letter mark', 'a\u061cb'],
    ['a Hangul filler', 'a\u3164b'],
    ['a Hangul choseong filler', 'a\u115fb'],
    ['a Khmer inherent vowel', 'a\u17b4b'],
    ['a Mongolian vowel separator', 'a\u180eb'],
    ['a zero width space', 'a\u200bb'],
    ['a left-to-right mark', 'a\u200eb'],
    ['a right-to-left mark', 'a\u200fb'],
    ['an override of direction', 'a\u202eb'],
    ['an embedding of direction', 'a\u202ab'],
    ['an isolate of direction', 'a\u2066b\u2069'],
    ['a word joiner', 'a\u2060b'],
    ['an invisible times', 'a\u2062b'],
    ['a byte order mark', 'a\ufeffb'],
    ['a byte order mark at its end', 'ab\ufeff'],
    ['an interlinear annotation', 'a\ufff9b'],
    ['a tag', 'a\u{e0041}b'],
    ['the flag of England, which consists of tags', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'],
    ['private use', 'a\ue000b'],
    ['private use of a plane of its own', 'a\u{10fffd}b'],
    ['a noncharacter', 'a\uffffb'],
    ['a lone high surrogate', 'a\ud800b'],
    ['a lone low surrogate', 'a\udc00b'],
    ['the blank of braille', '\u2800'],
    ['the blank of musical notes', 'a\u{1d159}b'],
    ['the blank of hieroglyphs', '\u{13441}'],
    ['the filler of Khitan', 'a\u{16fe4}b'],
    ['an object replacement character', 'a\ufffcb'],
    ['a replacement character', 'a\ufffdb'],
    ['a no-break space before a space', 'Ann\u00a0 Lee'],
    ['a no-break space after a space', 'Ann \u00a0Lee'],
    ['two no-break spaces', 'Ann\u00a0\u00a0Lee'],
    ['a no-break space beside an ideographic space', 'Ann\u3000\u00a0Lee'],
    ['a narrow no-break space beside a space', 'Ann \u202fLee'],
    ['a hair space', 'Ad\u200amin'],
    ['a space as wide as a digit', 'Ann\u2007Lee'],
    ['a mathematical space', 'Ann\u205fLee'],
    ['a combining mark without a base', '\u0301'],
    ['a joiner between Latin letters', 'Ad\u200dmin'],
    ['a non-joiner between Latin letters', 'Ad\u200cmin'],
    ['a non-joiner at its beginning', '\u200cمی'],
    ['a joiner at its end', 'می\u200d'],
    ['a joiner after a Malayalam letter that has no chillu', 'സ്\u200d'],
    ['a joiner after a Malayalam letter without its virama', 'രാജന\u200d'],
    ['a non-joiner in the place of a chillu', 'രാജന്\u200c'],
    ['two joiners after a chillu', 'രാജന്\u200d\u200d'],
    ['two joiners in a row', '👩\u200d\u200d💻'],
    ['a joiner after an emoji and before nothing', '👩\u200d'],
    ['a variation selector after a letter', 'a\ufe0f'],
    ['a variation selector after a digit', 'team 1\ufe0f'],
    ['two variation selectors', '❤\ufe0f\ufe0f'],
    ['a variation selector of ideographs after a letter', 'a\u{e0100}'],
  ])('must not contain %s', (_, name) => {
    expect(problemsOf(name)).toEqual([UNSEEN]);
  });

  test('has 1 to 100 code points, without the white space around it', () => {
    for (const name of ['x'.repeat(100), '🗝'.repeat(100), `  ${'x'.repeat(100)}\n`])
      expect(problemsOf(name)).toEqual([]);
    for (const name of ['', ' ', '\t\n', 'x'.repeat(101), '🗝'.repeat(101)]) expect(problemsOf(name)).toEqual([LENGTH]);
    expect(new InputCheck().text('  Ann ', 'input.name', 100)).toBe('Ann');
  });

  test('has its length checked before any other work', () => {
    const replace = vi.spyOn(String.prototype, 'replace');
    const test = vi.spyOn(RegExp.prototype, 'test');
    const iterate = vi.spyOn(String.prototype, Symbol.iterator);
    onTestFinished(() => void vi.restoreAllMocks());
    const problems = ['👩\u200d'.repeat(80_000), '\u200d'.repeat(250_000)].map(problemsOf);
    const calls = [replace, test, iterate].map((spy) => spy.mock.calls.length);
    vi.restoreAllMocks();
    expect(problems).toEqual([[LENGTH], [LENGTH]]);
    expect(calls).toEqual([0, 0, 0]);
  });
});

describe('a name with invisible characters', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());

  test.each([
    [
      'register',
      'displayName',
      (name: string) => ({ email: 'ann@example.com', password: PASSWORD, displayName: name }),
    ],
    ['createWorkspace', 'name', (name: string) => ({ name })],
    ['createApiKey', 'name', (name: string) => ({ name, scopes: [] })],
  ])('is refused by %s', async (mutation, field, input) => {
    const { accessToken } = await app.member();
    const selection = '... on InvalidInputError { fields { path message } }';
    for (const name of ['Ann\u202e', 'An\u200bn', '\u2066Ann', 'A\u{e0041}nn']) {
      const refused = await app.mutate(mutation, input(name), selection, { bearer: accessToken });
      expect(refused).toMatchObject({
        __typename: 'InvalidInputError',
        fields: [{ path: `input.${field}`, message: UNSEEN }],
      });
    }
  });
});
