/**
 * What a reader does not see, or what changes the order of what is seen: control and format characters, the controls of
 * bidirectional text, tags, private use, lone surrogates, separators of lines, and the blanks of braille, musical notes,
 * Khitan and hieroglyphs. U+FFFC and U+FFFD stand for what the text does not contain.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\ufffc\ufffd\u{16fe4}\u{1d159}\u{13441}\u{13442}]/u;

/** Spaces that look like other spaces: those of a special width, and those that do not break a line, beside another one. */
const LOOKALIKE_SPACE = /[\u2000-\u200a\u205f]|[\u00a0\u202f\u1680]\p{Zs}|\p{Zs}[\u00a0\u202f\u1680]/u;

/** What a mark can stand on. */
const BASE = /[\p{L}\p{N}\p{P}\p{S}]/u;

const JOINING_SCRIPTS =
  '\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Nkoo}\\p{scx=Mong}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}' +
  '\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}\\p{scx=Khmr}\\p{scx=Mymr}';
const PICTURE = '[\\p{Extended_Pictographic}\\p{Emoji_Modifier}]';

/** The characters that are unseen themselves and change how their neighbours look, where the neighbours are such. */
const NEEDED = new RegExp(
  [
    // Joiners within a word, as Persian, Hindi or Sinhala write them.
    `(?<=[${JOINING_SCRIPTS}])[\\u200c\\u200d](?=[${JOINING_SCRIPTS}])`,
    // The joiner that makes another letter, also at the end of a word: a Malayalam chillu, the Bengali khanda ta.
    '(?<=[\\u0d15\\u0d23\\u0d28\\u0d2e\\u0d2f\\u0d30\\u0d32-\\u0d34]\\u0d4d|\\u09a4\\u09cd)\\u200d',
    // Emoji that consist of several, and their variants with colour.
    `(?<=${PICTURE}\\ufe0f?)\\u200d(?=${PICTURE})`,
    `(?<=${PICTURE})[\\ufe0e\\ufe0f]`,
    `(?<=[0-9#*])\\ufe0f(?=\\u20e3)`,
    // Variants of ideographs, as names have them.
    `(?<=\\p{scx=Hani})[\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}]`,
  ].join('|'),
  'gu',
);

/**
 * Whether every character of a name is one that its readers see. Two names that look the same are the same but for
 * letters that look alike, and no name changes the order of the text around it.
 *
 * Measure the text first.
 */
export function isVisible(name: string): boolean {
  return BASE.test(name) && !LOOKALIKE_SPACE.test(name) && !UNSEEN.test(name.replace(NEEDED, ''));
}
