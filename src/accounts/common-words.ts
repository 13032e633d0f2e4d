import { readFileSync } from 'node:fs';
import { type FamousPhrases, LETTERS, READINGS } from './famous-phrases.ts';

/** A word, in the spelling of `lettersOf`. The rank is null for letters that are no known word. */
interface Piece {
  letters: string;
  rank: number | null;
  /** Whether it is separated by spaces, digits or signs. */
  isWhole: boolean;
}

interface Reading {
  pieces: Piece[];
  /** Digits and signs that are not read as letters. */
  rest: string;
}

/** The number of choices for each letter outside of a word. */
const ALPHABET = 26;
const LONGEST_WORD = 20;
/** How much of a text is read, in code units of NFKD. */
const SEARCHED = 256;
/** The maximum number of letters outside of words in a text without spaces. A text with more is not read as words. */
const MOST_STRAY_LETTERS = 4;
/**
 * The costs of splitting letters without spaces: it prefers few and common words. In decimal digits of their guesses.
 */
const COST = { word: 4, strayLetter: 10 };
/** How many entries of a list of passwords are used. The rest are names of users and random letters. */
const MOST_PASSWORDS = 10_000;
/**
 * Random letters contain short words, too. So a text is read as words only if at least this share of it is words. A
 * text without other letters needs a smaller share.
 */
const WORDS = { letters: 12, share: 0.75, shareOfPure: 0.6, shortestWithin: 3 };
/** A shorter word that is not known is not split. */
const SHORTEST_SPLIT = 6;
/** How many words are searched for a famous phrase in another order, and how many words such a phrase may have. */
const REORDERED = { words: 12, atOnce: 5 };

/**
 * Estimates passwords that consist of English words. zxcvbn treats most of a sentence as random letters, because
 * its dictionaries contain few of the words. Here, connecting words add nothing, and neither does the order of the
 * words of a famous phrase.
 */
export class CommonWords {
  readonly #ranks = new Map<string, number>();
  readonly #famous: FamousPhrases;

  /**
   * @param ranked common passwords, the most common one first
   * @param equal words that are chosen at random
   */
  constructor(ranked: readonly string[], equal: readonly string[], famous: FamousPhrases) {
    this.#famous = famous;
    const [connecting = [], common = []] = readFileSync(new URL('common-words.txt', import.meta.url), 'utf8')
      .split(/^#.*\n/m)
      .slice(1)
      .map((list) => list.trim().split(/\s+/));
    for (const word of connecting) this.#add(word, 1);
    for (const word of common) for (const form of formsOf(word)) this.#add(form, common.length);
    // `iloveyou` is a password, but not a word: as a word, it would hide that `i` and `you` add nothing.
    const words = ranked.slice(0, MOST_PASSWORDS).map((word) => (this.#isOneWord(word) ? word : ''));
    for (const [index, word] of words.entries()) this.#add(word, index + 1);
    for (const word of equal) this.#add(word, equal.length);
  }

  /**
   * The number of guesses of an attacker who tries words, the common ones first. Infinity for a text
   * that is not made of words.
   *
   * @param text at most some hundred characters
   * @param about words that an attacker knows about the user
   */
  guesses(text: string, about: readonly string[]): number {
    const known = new Set(about.map(lettersOf));
    const beginning = text.normalize('NFKD').slice(0, SEARCHED);
    const directions = [beginning, [...beginning].reverse().join('')];
    const readings = new Map(
      directions
        .flatMap((direction) => READINGS.map((counts) => this.#read(direction, counts, known)))
        .map((reading) => [JSON.stringify(reading), reading]),
    );
    return Math.min(...[...readings.values()].map((reading) => this.#guesses(reading)));
  }

  #guesses({ pieces, rest }: Reading): number {
    if (!consistsOfWords(pieces)) return Number.POSITIVE_INFINITY;
    const famous = this.#inFamousPhrases(pieces);
    const chosen = new Map<string, number>();
    for (const [index, { letters, rank }] of pieces.entries()) {
      if (famous.has(index) || rank === 1) continue;
      chosen.set(letters, rank ?? ALPHABET ** letters.length);
    }
    // As in zxcvbn: each word is one of those before it in its list, and their order is unknown.
    return [...chosen.values()].reduce((product, rank, index) => product * rank * (index + 1), guessesOfRest(rest));
  }

  #read(text: string, counts: RegExp, known: ReadonlySet<string>): Reading {
    let rest = '';
    // Digits next to words are a number, not letters in another spelling.
    const words = text.replace(/(?<!\p{L})\p{N}+(?!\p{L})|(?<!\p{L})\p{N}{2,}|\p{N}{2,}(?!\p{L})/gu, (digits) => {
      rest += digits;
      return ' ';
    });
    const tokens: string[] = [''];
    for (const character of words.toLowerCase()) {
      if (counts.test(character)) tokens[tokens.length - 1] += LETTERS[character] ?? character;
      else if (!/[\p{M}'’]/u.test(character)) {
        tokens.push('');
        if (!/\s/.test(character)) rest += character;
      }
    }
    return { pieces: tokens.filter(Boolean).flatMap((token) => this.#split(token, known)), rest };
  }

  /** Splits letters without spaces into the fewest words. Returns the letters unchanged if they are not words. */
  #split(letters: string, known: ReadonlySet<string>): Piece[] {
    const rankOf = (word: string) => (known.has(word) ? 1 : this.#ranks.get(word));
    const whole = rankOf(letters);
    if (whole !== undefined) return [{ letters, rank: whole, isWhole: true }];
    const unknown = [{ letters, rank: null, isWhole: true }];
    if (letters.length < SHORTEST_SPLIT) return unknown;
    const best: { cost: number; stray: number; start: number; rank: number | null }[] = [
      { cost: 0, stray: 0, start: 0, rank: null },
    ];
    for (let end = 1; end <= letters.length; end++) {
      const before = best[end - 1]!;
      let here = {
        cost: before.cost + COST.strayLetter,
        stray: before.stray + 1,
        start: end - 1,
        rank: null as number | null,
      };
      for (let start = Math.max(0, end - LONGEST_WORD); start < end; start++) {
        const rank = rankOf(letters.slice(start, end));
        const { cost, stray } = best[start]!;
        if (rank === undefined) continue;
        const price = cost + COST.word + Math.log10(rank);
        if (price < here.cost) here = { cost: price, stray, start, rank };
      }
      best.push(here);
    }
    if (best[letters.length]!.stray > MOST_STRAY_LETTERS) return unknown;
    const pieces: Piece[] = [];
    for (let end = letters.length; end > 0; end = best[end]!.start) {
      const { start, rank } = best[end]!;
      pieces.unshift({ letters: letters.slice(start, end), rank, isWhole: false });
    }
    return pieces;
  }

  /** The pieces that form a famous phrase together, in any order. */
  #inFamousPhrases(pieces: readonly Piece[]): Set<number> {
    const found = new Set<number>();
    const searched = pieces.slice(0, REORDERED.words).map(({ letters }) => letters);
    for (let size = REORDERED.atOnce; size >= 2; size--) {
      for (let start = 0; start + size <= searched.length; start++) {
        if (found.has(start) || found.has(start + size - 1)) continue;
        for (const order of ordersOf(searched.slice(start, start + size))) {
          if (!this.#famous.has(order)) continue;
          for (let index = start; index < start + size; index++) found.add(index);
          break;
        }
      }
    }
    return found;
  }

  #add(word: string, rank: number): void {
    const letters = lettersOf(word);
    if (letters === '' || letters.length > LONGEST_WORD) return;
    this.#ranks.set(letters, Math.min(rank, this.#ranks.get(letters) ?? rank));
  }

  /** Whether a password is one word, and not several of the words that were added so far. */
  #isOneWord(text: string): boolean {
    if (!/^[a-z]+$/.test(text)) return false;
    const letters = lettersOf(text);
    if (this.#ranks.has(letters)) return true;
    const ends = [0];
    for (let end = 1; end <= letters.length; end++) {
      if (ends.some((start) => this.#ranks.has(letters.slice(start, end)))) ends.push(end);
    }
    return ends.at(-1) !== letters.length;
  }
}

function consistsOfWords(pieces: readonly Piece[]): boolean {
  const lengthOf = (some: readonly Piece[]) => some.reduce((sum, { letters }) => sum + letters.length, 0);
  const all = lengthOf(pieces);
  const isWord = ({ letters, rank, isWhole }: Piece) =>
    rank !== null && (isWhole || letters.length >= WORDS.shortestWithin);
  const share = pieces.every(({ rank }) => rank !== null) ? WORDS.shareOfPure : WORDS.share;
  return all >= WORDS.letters && lengthOf(pieces.filter(isWord)) >= share * all;
}

/** A word without case and accents, with one letter for `i` and `l`, as in all readings of digits and signs. */
function lettersOf(word: string): string {
  if (/^[a-z]*$/.test(word)) return word.replaceAll('l', LETTERS.l as string);
  return Array.from(word.normalize('NFKD').toLowerCase(), (part) =>
    /\p{L}/u.test(part) ? (LETTERS[part] ?? part) : '',
  ).join('');
}

/** The forms of a word in sentences: its plural, its past, and so on. */
function formsOf(word: string): string[] {
  const stem = word.replace(/e$/, '');
  const doubled = /[^aeiou][aeiou][bdgklmnprt]$/.test(word) ? word + word.at(-1) : word;
  const plural = word.replace(/(?<![aeiou])y$/, 'ie');
  return [
    word,
    `${plural}s`,
    `${word}es`,
    `${plural.replace(/e$/, '')}ed`,
    `${stem}ing`,
    `${doubled}ed`,
    `${doubled}ing`,
  ];
}

/** A year, or digits that count up or down. */
const GUESSES_OF_SIMPLE_NUMBER = 100;

/**
 * The guesses for digits and signs next to the words. Each sign counts once, and two that separate or end words do not.
 */
function guessesOfRest(rest: string): number {
  const digits = rest.replace(/\P{N}/gu, '');
  const steps = new Set(Array.from(digits.slice(1), (digit, index) => Number(digit) - Number(digits[index])));
  const isSimple = steps.size <= 1 || /^(?:19|20)\d\d$/.test(digits);
  const signs = Math.max(0, new Set(rest.replace(/\p{N}/gu, '')).size - 2);
  return 10 ** signs * (isSimple ? Math.min(GUESSES_OF_SIMPLE_NUMBER, 10 ** digits.length) : 10 ** digits.length);
}

function* ordersOf(words: readonly string[], before = ''): Generator<string> {
  if (words.length === 0) yield before;
  for (const [index, word] of words.entries()) yield* ordersOf(words.toSpliced(index, 1), before + word);
}
