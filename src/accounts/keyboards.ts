/** The neighbors of each key, as in zxcvbn: left, upper left, upper right, right, lower right, lower left. */
type Keyboard = Record<string, (string | null)[]>;

/** The keys of a keyboard, row by row. Each row is shifted to the right by half a key. */
const ROWS = {
  colemak: ['`1234567890-=', ' qwfpgjluy;[]\\', " arstdhneio'", ' zxcvbkm,./'],
  jcuken: ['ё1234567890-=', ' йцукенгшщзхъ\\', ' фывапролджэ', ' ячсмитьбю.'],
};

/** Keyboards that `@zxcvbn-ts/language-common` does not have. */
export const MORE_KEYBOARDS: Record<string, Keyboard> = Object.fromEntries(
  Object.entries(ROWS).map(([name, rows]) => [name, keyboardOf(rows)]),
);

function keyboardOf(rows: readonly string[]): Keyboard {
  const keyboard: Keyboard = {};
  const key = (row: number, column: number) => {
    const character = rows[row]?.[column]?.trim();
    return character ? character + character.toUpperCase() : null;
  };
  for (const [y, row] of rows.entries()) {
    for (const [x, character] of [...row].entries()) {
      if (character === ' ') continue;
      const beside = [key(y, x - 1), key(y - 1, x), key(y - 1, x + 1), key(y, x + 1), key(y + 1, x), key(y + 1, x - 1)];
      keyboard[character] = beside;
      keyboard[character.toUpperCase()] = beside;
    }
  }
  return keyboard;
}
