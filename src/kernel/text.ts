/**
 * Characters that are invisible, or that change the order of visible text: control and format characters, bidirectional
 * controls, tags, private use, lone surrogates, line separators, and the blanks of braille, musical notation, Khitan
 * and hieroglyphs. U+FFFC and U+FFFD stand for content that the text does not contain.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\ufffc\ufffd\u{16fe4}\u{1d159}\u{13441}\u{13442}]/u;

/** Spaces that look like other spaces: of a special width, or no-break spaces next to another space. */
const LOOKALIKE_SPACE = /[\u2000-\u200a\u205f]|[\u00a0\u202f\u1680]\p{Zs}|\p{Zs}[\u00a0\u202f\u1680]/u;

/** A character that a combining mark can follow. */
const BASE = /[\p{L}\p{N}\p{P}\p{S}]/u;

const JOINING_SCRIPTS =
  '\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Nkoo}\\p{scx=Mong}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}' +
  '\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}\\p{scx=Khmr}\\p{scx=Mymr}';
const PICTURE = '[\\p{Extended_Pictographic}\\p{Emoji_Modifier}]';

/** Invisible characters that are allowed where they change how the characters next to them look. */
const NEEDED = new RegExp(
  [
    // Joiners within a word, as Persian, Hindi or Sinhala write them.
    `(?<=[${JOINING_SCRIPTS}])[\\u200c\\u200d](?=[${JOINING_SCRIPTS}])`,
    // The joiner that forms another letter, also at the end of a word: a Malayalam chillu, the Bengali khanda ta.
    '(?<=[\\u0d15\\u0d23\\u0d28\\u0d2e\\u0d2f\\u0d30\\u0d32-\\u0d34]\\u0d4d|\\u09a4\\u09cd)\\u200d',
    // Emoji that consist of several emoji, and their variants with color.
    `(?<=${PICTURE}\\ufe0f?)\\u200d(?=${PICTURE})`,
    `(?<=${PICTURE})[\\ufe0e\\ufe0f]`,
    `(?<=[0-9#*])\\ufe0f(?=\\u20e3)`,
    // Variants of ideographs, which names contain.
    `(?<=\\p{scx=Hani})[\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}]`,
  ].join('|'),
  'gu',
);

/**
 * Whether all characters of a name are visible. Two names that look the same can then differ only in letters that look
 * alike, and no name changes the order of the text around it.
 *
 * The caller must limit the length of the text first.
 */
export function isVisible(name: string): boolean {
  return BASE.test(name) && !LOOKALIKE_SPACE.test(name) && !UNSEEN.test(name.replace(NEEDED, ''));
}
