import { availableParallelism } from 'node:os';
import { type Algorithm, hash, verify } from '@node-rs/argon2';
import { ZxcvbnFactory, type ZxcvbnResult } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import { tooMany } from '../identity/access-error.ts';
import type { InputCheck } from '../kernel/input.ts';
import { CommonWords } from './common-words.ts';
import { containsPlaceholder, FamousPhrases } from './famous-phrases.ts';
import { matchesImported } from './imported-password.ts';
import { MORE_KEYBOARDS } from './keyboards.ts';

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const ARGON2 = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/**
 * Stands for the hash of an unknown account, and costs as much: it has the parameters above. Its password is on the list of
 * famous phrases, so no account has it.
 */
const DECOY = '$argon2id$v=19$m=19456,t=2,p=1$xhfFGMr6EvkdZx9RmoTv5w$zr+0ayYNyXpCSY1C3975X4BaZTXtLFQc4/igRys8txw';
/** The hashes that argon2 accepts. It throws for any other text. */
const PHC_STRING = /^\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[0-9A-Za-z+/]{11,}\$[0-9A-Za-z+/]{16,}$/;
const LONGEST = 256;
/**
 * No password of 256 characters has more code units, in any composition. A longer one is rejected before NFC, which
 * takes quadratic time for combining marks.
 */
const MOST_CODE_UNITS = 4 * LONGEST;
/** A password that can be guessed with fewer tries is rejected, however long it is. zxcvbn's score of 4. */
const FEWEST_GUESSES = 1e10;
/**
 * An estimate blocks the event loop, for seconds if 256 characters are chosen for that. The beginning of a password is
 * enough. With these limits, the slowest password that a search has found takes some 15 ms.
 */
const ESTIMATED = { characters: 40, readings: 4, wordsAbout: 8 };
/** Each hash takes 19 MiB and a core. More at once only slow each other down, and a longer queue means an attack. */
const AT_ONCE = Math.max(1, availableParallelism() - 1);
const LONGEST_QUEUE = 100;

/** A new password, its path in the input, and what an attacker would guess first for this user. */
interface NewPassword {
  password: string;
  path: string;
  about: readonly string[];
}

/** Hashes and checks passwords (NIST SP 800-63B-4 §3.1.1): long, not well known, no rules about their composition. */
export class Passwords {
  readonly #minLength: number;
  /** A random password of the minimum length passes. */
  readonly #fewestGuesses: number;
  #loaded: ReturnType<typeof loadEstimators> | null = null;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(minLength: number) {
    this.#minLength = minLength;
    this.#fewestGuesses = Math.min(FEWEST_GUESSES, 10 ** minLength);
  }

  /**
   * Records the problems of a new password. It estimates the number of guesses only if the rest of the input is valid.
   */
  check(check: InputCheck, { password, path, about }: NewPassword): void {
    const text = password.length <= MOST_CODE_UNITS ? password.normalize('NFC') : null;
    const length = text === null ? Number.POSITIVE_INFINITY : [...text].length;
    if (text === null || length < this.#minLength || length > LONGEST) {
      check.require(false, path, `Must have ${this.#minLength} to ${LONGEST} characters. Every character is allowed.`);
      return;
    }
    check.require(text.isWellFormed(), path, 'Must be well-formed Unicode. It contains half of a surrogate pair.');
    if (check.outcome) return;
    if (containsPlaceholder(text)) {
      check.require(false, path, 'Must not be the placeholder of an example. Choose your own password.');
      return;
    }
    const words = about.slice(0, ESTIMATED.wordsAbout).map((word) => word.slice(0, ESTIMATED.characters));
    // A famous phrase adds nothing: the rest of the password must be strong by itself.
    const known = [...words, 'rekey'];
    const { famous, common, zxcvbn } = (this.#loaded ??= loadEstimators());
    const good =
      common.guesses(text, known) >= this.#fewestGuesses &&
      [...new Set([text, famous.without(text)])].every(
        (part) => guessesOf(zxcvbn.check(beginningOf(part), known)) >= this.#fewestGuesses,
      );
    check.require(good, path, 'Must not be well known or easy to guess. Choose another password.');
  }

  /**
   * argon2id in PHC string format.
   *
   * @throws RangeError for a password that `check` rejects by its length or form
   */
  async hash(password: string): Promise<string> {
    const text = composed(password);
    if (text === null) throw new RangeError('This password is too long, or it is not well-formed Unicode.');
    return this.#inTurn(() => hash(text, ARGON2));
  }

  /**
   * Whether the password matches the hash. It takes the same time without a hash (an unknown account, or one without a
   * password), and for a password that no account can have.
   *
   * @param options.imported whether it is the hash of another system. Its own function then determines the time
   */
  async verify(passwordHash: string | null, password: string, { imported = false } = {}): Promise<boolean> {
    const text = composed(password);
    if (imported && text !== null && passwordHash !== null)
      return this.#inTurn(
        async () =>
          (await matchesImported(passwordHash, password)) ||
          // A hash of another Rekey is that of the composed text.
          (text !== password && (await matchesImported(passwordHash, text))),
      );
    const known = text !== null && passwordHash !== null && PHC_STRING.test(passwordHash) ? passwordHash : null;
    const matches = await this.#inTurn(() => verify(known ?? DECOY, text ?? ''));
    return matches && known !== null;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= LONGEST_QUEUE) throw tooMany(1);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      // Passes the place to the longest waiting call, or frees it.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** Reads the lists of words. It takes some 80 ms, so only a process that checks a new password does so. */
function loadEstimators() {
  const famous = new FamousPhrases();
  return {
    famous,
    common: new CommonWords(dictionary['passwords-common'], dictionary['diceware-common'], famous),
    zxcvbn: new ZxcvbnFactory({
      dictionary,
      graphs: { ...adjacencyGraphs, ...MORE_KEYBOARDS },
      // In how many ways digits and signs are read as letters.
      l33tMaxSubstitutions: ESTIMATED.readings,
    }),
  };
}

/** The password in the composition that is hashed; null if no account can have it. */
function composed(password: string): string | null {
  return password.length <= MOST_CODE_UNITS && password.isWellFormed() ? password.normalize('NFC') : null;
}

/** The part of a password that is estimated. Only whole repetitions of a repeated text: no list has half a word. */
function beginningOf(password: string): string {
  const { characters } = ESTIMATED;
  if (password.length <= characters) return password;
  for (let period = 1; period < characters; period++) {
    if (password.startsWith(password.slice(period))) return password.slice(0, characters - (characters % period));
  }
  return password.slice(0, characters);
}

const PATTERNS = new Set(['spatial', 'sequence', 'repeat', 'date', 'regex', 'separator']);
/** The guesses for a row of keys from one end to the other, of which there are few. */
const GUESSES_OF_ROW = 100;
/** The maximum number of other characters between patterns, as in a separator. */
const FEW_CHARACTERS = 3;

/**
 * The estimate of zxcvbn. It counts three matches as 10^8 guesses and four as 10^12, whatever they are. If a password
 * consists only of patterns and well-known passwords, the product of their own estimates is used instead.
 */
function guessesOf({ guesses, sequence }: ZxcvbnResult): number {
  const isPattern = sequence.every(
    ({ pattern, token, dictionaryName }) =>
      PATTERNS.has(pattern) ||
      dictionaryName === 'passwords-common' ||
      (pattern === 'bruteforce' && token.length <= FEW_CHARACTERS),
  );
  if (!isPattern) return guesses;
  const product = sequence.reduce((before, { pattern, turns, guesses }, index) => {
    const isRow = pattern === 'spatial' && turns === 1;
    return before * (index + 1) * (isRow ? Math.min(guesses, GUESSES_OF_ROW) : guesses);
  }, 1);
  return Math.min(guesses, product);
}
