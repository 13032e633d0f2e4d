import { availableParallelism } from 'node:os';
import { type Algorithm, hash, verify } from '@node-rs/argon2';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import { tooMany } from '../access/access-error.ts';
import type { InputCheck } from '../access/input.ts';

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const ARGON2 = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** What argon2 can be asked about; of anything else it says that it is no hash. */
const PHC_STRING = /^\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[0-9A-Za-z+/]{11,}\$[0-9A-Za-z+/]{16,}$/;
const LONGEST = 256;
/** Guessed in fewer tries than this, a password is as good as on a list, however long it is. zxcvbn's score of 3. */
const FEWEST_GUESSES = 1e8;
/**
 * An estimate takes time that nobody else gets: for 256 characters made for it, seconds. A beginning says as much about
 * what people choose. With these, the worst that was found takes some 25 ms.
 */
const ESTIMATED = { characters: 48, readings: 20, wordsAbout: 8 };
/** Each hash takes 19 MiB and a core: more at once only slow each other down, and a long queue is an attack. */
const AT_ONCE = Math.max(1, availableParallelism() - 1);
const LONGEST_QUEUE = 100;

/** Hashes and checks passwords (NIST SP 800-63B-4 §3.1.1): long, not well known, no rules about their composition. */
export class Passwords {
  readonly #minLength: number;
  readonly #estimator = new ZxcvbnFactory({
    dictionary,
    graphs: adjacencyGraphs,
    // In how many ways digits and signs are read as letters.
    l33tMaxSubstitutions: ESTIMATED.readings,
  });
  readonly #decoy: Promise<string>;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(minLength: number) {
    this.#minLength = minLength;
    this.#decoy = hash('a password that nobody has', ARGON2);
  }

  /**
   * Notes what is wrong with a new password; `about` is what an attacker would guess first for this person. How easily it
   * is guessed is estimated only where nothing else is wrong with the input.
   */
  check(check: InputCheck, password: string, path: string, about: string[]): void {
    const length = [...password.normalize('NFC')].length;
    if (length < this.#minLength || length > LONGEST) {
      check.require(false, path, `Must have ${this.#minLength} to ${LONGEST} characters. Any characters will do.`);
      return;
    }
    if (check.outcome) return;
    const words = about.slice(0, ESTIMATED.wordsAbout).map((word) => word.slice(0, ESTIMATED.characters));
    const { guesses } = this.#estimator.check(beginningOf(password), [...words, 'rekey']);
    check.require(guesses >= FEWEST_GUESSES, path, 'Is one of the first that anybody would guess. Choose another one.');
  }

  /** argon2id in PHC string format. */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password.normalize('NFC'), ARGON2));
  }

  /**
   * Whether the password is the one behind the hash. Without a hash (no such account, or one that no password opens) it
   * takes just as long.
   */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const known = passwordHash !== null && PHC_STRING.test(passwordHash) ? passwordHash : null;
    const against = known ?? (await this.#decoy);
    const matches = await this.#inTurn(() => verify(against, password.normalize('NFC').slice(0, 4 * LONGEST)));
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
      // The place goes to whoever has waited longest, or is given back.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** As much of a password as is estimated. Of one that repeats itself, whole repetitions: no list has half a word. */
function beginningOf(password: string): string {
  const { characters } = ESTIMATED;
  if (password.length <= characters) return password;
  for (let period = 1; period < characters; period++) {
    if (password.startsWith(password.slice(period))) return password.slice(0, characters - (characters % period));
  }
  return password.slice(0, characters);
}
