import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The placeholder for a password in the examples of the documentation. It is rejected as a password. */
export const PLACEHOLDER_PASSWORD = 'replace this with a password of your own';

/** Famous long passwords and phrases that the lists behind `famous-phrases.txt` do not contain. */
const PHRASES = [
  PLACEHOLDER_PASSWORD,
  'a long sentence that only you know',
  'correct horse battery staple',
  'to be or not to be that is the question',
  'to be or not to be',
  'that is the question',
  'this is my password',
  'this is a password',
  'this is not a password',
  'this is the password',
  'this is a secret',
  'this is a secret password',
  'this is a secure password',
  'this is a strong password',
  'this is a long password',
  'this is a very long password',
  'what is the password',
  'what is my password',
  'my password is password',
  'my secret password',
  'my super secret password',
  'my password is my password',
  'my password is secret',
  'my new password',
  'this is my new password',
  'this is my secret password',
  'do not use this password',
  'a temporary password',
  'temporary password',
  'super secret password',
  'a very long password',
  'a very secure password',
  'a very strong password',
  'enter your password',
  'enter a password',
  'type your password here',
  'your password here',
  'choose a password',
  'choose a strong password',
  'change this password',
  'change my password',
  'change me please',
  'please change me',
  'forgot my password',
  'i forgot my password',
  'no password needed',
  'password for rekey',
  'my rekey password',
  'welcome to rekey',
  'rekey administrator',
  'rekey admin password',
  'i am the administrator',
  'do not tell anyone',
  'nobody knows this',
  'let me in please',
  'please let me in',
  'open the door please',
  'open sesame open sesame',
  'the quick brown fox',
  'jumps over the lazy dog',
  'the quick brown fox jumps over the lazy dog',
  'lorem ipsum dolor',
  'lorem ipsum dolor sit amet',
  'in the beginning was the word',
  'in the beginning god created',
  'the lord is my shepherd',
  'our father who art in heaven',
  'jesus is my savior',
  'god is good all the time',
  'it was the best of times',
  'it was the worst of times',
  'call me ishmael',
  'it was a dark and stormy night',
  'all happy families are alike',
  'once upon a time',
  'happily ever after',
  'romeo romeo wherefore art thou romeo',
  'friends romans countrymen',
  'we hold these truths to be self evident',
  'we the people of the united states',
  'four score and seven years ago',
  'ask not what your country can do for you',
  'i have a dream',
  'i think therefore i am',
  'may the force be with you',
  'the force is strong with this one',
  'i am your father',
  'luke i am your father',
  'winter is coming',
  'you know nothing jon snow',
  'you shall not pass',
  'one ring to rule them all',
  'my precious my precious',
  'speak friend and enter',
  'never gonna give you up',
  'never gonna let you down',
  'open the pod bay doors hal',
  'all your base are belong to us',
  'so long and thanks for all the fish',
  'the answer is forty two',
  'to infinity and beyond',
  'live long and prosper',
  'resistance is futile',
  'i will be back',
  'hasta la vista baby',
  'hello world hello world',
  'i am the king of the world',
  'the best things in life are free',
  'is this the real life is this just fantasy',
  'we all live in a yellow submarine',
  'twinkle twinkle little star',
  'mary had a little lamb',
  'happy birthday to you',
  'i love you so much',
  'i love you very much',
  'i love you forever',
  'i love my family',
  'i love my mom and dad',
  'i love jesus christ',
  'trustno1trustno1',
  'tr0ub4dor&3 tr0ub4dor&3',
  'correct horse battery',
  'horse battery staple',
  'actions speak louder than words',
  'one two three four five',
  'one two three four',
  'alpha bravo charlie delta',
  'monday tuesday wednesday',
  'january february march',
  'red orange yellow green blue',
  'supercalifragilisticexpialidocious',
  'game of thrones',
  'red hot chili peppers',
  'you will never walk alone',
  'youll never walk alone',
  'never ending story',
  'make america great again',
  'rage against the machine',
  'what does the fox say',
  'keep calm and carry on',
  'roses are red',
  'violets are blue',
  'roses are red violets are blue',
  'smells like teen spirit',
  'jesus christ is my lord',
  'jingle bells',
  'gangnam style',
  'the password is password',
  'change me',
  'this is my secure password',
  'not a secure password',
  'contraseña segura',
  'rekey admin',
  '2be or not 2be',
  '2b or not 2b',
  'to be or not 2 be',
  'staple battery horse correct',
  'correct battery horse staple',
  'correct horse batery staple',
  'a long sentence that only i know',
  'replace this with a password',
  'replace me',
  'a password that nobody has',
  'йцукенгшщзхъ',
  'фывапролджэ',
  'ячсмитьбю',
  'azertyuiop',
  'qsdfghjklm',
  'qwertzuiop',
  'yxcvbnm',
  'the sound of silence',
  'bohemian rhapsody',
  'stairway to heaven',
  'hotel california',
  'highway to hell',
  'another brick in the wall',
  'we are the champions',
  'we will rock you',
  'let it be',
  'hey jude',
  'yesterday once more',
  'star wars',
  'the empire strikes back',
  'return of the jedi',
  'the lord of the rings',
  'harry potter',
  'the big bang theory',
  'breaking bad',
  'how i met your mother',
  'the walking dead',
];

const SHORTEST = 12;
const LONGEST = 40;
/** How many letters are searched. The rest of a password must be strong without them. */
const SEARCHED = 128;
/**
 * An entry of the list: a digest of the first letters of a phrase, which makes most other digests unnecessary, and a
 * digest of the whole phrase. With 40 000 entries, one in a million passwords is mistaken for a phrase.
 */
const BEGINNING = 3;
const WHOLE = 7;

/** Digits and signs that replace letters. `i` and `l` count as one letter, because `1` replaces both. */
export const LETTERS: Record<string, string> = {
  ...{ 0: 'o', 1: 'i', 2: 'z', 3: 'e', 4: 'a', 5: 's', 6: 'g', 7: 't', 8: 'b', 9: 'g', l: 'i' },
  ...{ '@': 'a', $: 's', '!': 'i', '|': 'i', '(': 'c', '+': 't', '€': 'e' },
};

/** The ways to read a text: which of its characters count as letters. The one that includes most is last. */
export const READINGS = [/^\p{L}$/u, /^[\p{L}\p{N}]$/u, /^[\p{L}\p{N}@$!|(+€]$/u] as const;
const AS_LISTED = READINGS[1];

/** A text without case, accents, spaces and signs, and the character that each of its code units comes from. */
interface Reading {
  letters: string;
  origins: number[];
}

function read(characters: readonly string[], counts: RegExp): Reading {
  const letters: string[] = [];
  const origins: number[] = [];
  for (const [index, character] of characters.entries()) {
    for (const part of character.normalize('NFKD').toLowerCase()) {
      if (!counts.test(part)) continue;
      const letter = LETTERS[part] ?? part;
      letters.push(letter);
      for (let unit = 0; unit < letter.length; unit++) origins.push(index);
    }
  }
  return { letters: letters.join(''), origins };
}

/** The entry of a phrase; null for one that is too short or too long to be on the list. */
export function entryOf(phrase: string): string | null {
  const { letters } = read([...phrase], AS_LISTED);
  const fits = letters.length >= SHORTEST && letters.length <= LONGEST;
  return fits ? digest(letters.slice(0, SHORTEST), BEGINNING) + digest(letters, WHOLE) : null;
}

const digest = (letters: string, length: number) => hash('sha256', letters, 'base64url').slice(0, length);

/** After how many letters a text repeats itself; its length if it does not. */
function periodOf(letters: string): number {
  for (let period = 1; period <= letters.length / 2; period++) {
    if (letters.startsWith(letters.slice(period))) return period;
  }
  return letters.length;
}

const PLACEHOLDER_LETTERS = read([...PLACEHOLDER_PASSWORD], AS_LISTED).letters;

/** Whether a text is the placeholder, or contains it, in any spelling. */
export function containsPlaceholder(text: string): boolean {
  return READINGS.some((counts) => read([...text], counts).letters.includes(PLACEHOLDER_LETTERS));
}

/** Well-known passwords and phrases in any spelling: case, accents, spaces, signs, digits for letters. */
export class FamousPhrases {
  readonly #beginnings = new Set<string>();
  readonly #wholes = new Set<string>();

  constructor() {
    const listed = readFileSync(new URL('famous-phrases.txt', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .flatMap((line) => line.match(new RegExp(`.{${BEGINNING + WHOLE}}`, 'g')) ?? []);
    for (const entry of [...listed, ...PHRASES.map(entryOf)]) {
      if (entry === null) continue;
      this.#beginnings.add(entry.slice(0, BEGINNING));
      this.#wholes.add(entry.slice(BEGINNING));
    }
  }

  /** Whether letters, in the spelling of `LETTERS`, are a famous phrase and nothing else. */
  has(letters: string): boolean {
    return (
      letters.length >= SHORTEST &&
      letters.length <= LONGEST &&
      this.#beginnings.has(digest(letters.slice(0, SHORTEST), BEGINNING)) &&
      this.#wholes.has(digest(letters, WHOLE))
    );
  }

  /**
   * What remains of a text without its famous phrases, spaces and signs. The text itself if it contains no phrase.
   *
   * @param text at most some hundred characters
   */
  without(text: string): string {
    const characters = [...text];
    let most = new Set<number>();
    let before = '';
    for (const counts of READINGS) {
      const reading = read(characters, counts);
      if (reading.letters === before) continue; // This reading adds no letters.
      before = reading.letters;
      const found = this.#find(reading);
      if (found.size > most.size) most = found;
    }
    if (most.size === 0) return text;
    return characters.filter((character, index) => !most.has(index) && /[\p{L}\p{N}]/u.test(character)).join('');
  }

  /** The characters that belong to famous phrases, forwards or backwards, and those that repeat what came before. */
  #find({ letters, origins }: Reading): Set<number> {
    const found = new Set<number>();
    for (const [start, end] of this.#search(letters)) {
      for (const origin of origins.slice(start, end)) found.add(origin);
    }
    const backwards = [...letters].reverse().join('');
    for (const [start, end] of this.#search(backwards)) {
      for (const origin of origins.slice(letters.length - end, letters.length - start)) found.add(origin);
    }
    if (found.size > 0) for (const origin of origins.slice(periodOf(letters))) found.add(origin);
    return found;
  }

  *#search(letters: string): Generator<[start: number, end: number]> {
    const last = Math.min(letters.length, SEARCHED);
    for (let start = 0; start + SHORTEST <= last; start++) {
      if (!this.#beginnings.has(digest(letters.slice(start, start + SHORTEST), BEGINNING))) continue;
      for (let end = Math.min(start + LONGEST, last); end >= start + SHORTEST; end--) {
        if (!this.#wholes.has(digest(letters.slice(start, end), WHOLE))) continue;
        yield [start, end];
        start = end - 1;
        break;
      }
    }
  }
}
