/**
 * What a reader does not see, or what changes the order of what is seen: control and format characters, the controls of
 * bidirectional text, tags, private use, lone surrogates, separators of lines, the blank of braille.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/u;

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
  return BASE.test(name) && !UNSEEN.test(name.replace(NEEDED, ''));
}
