// Passwords that consist of words and of rows of keys: what zxcvbn alone takes for random letters.
import { dictionary } from '@zxcvbn-ts/language-common';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Passwords } from '../../src/accounts/password.ts';
import { InputCheck } from '../../src/kernel/input.ts';
import { PASSWORD } from '../support/constants.ts';

const passwords = new Passwords(15);

function isAccepted(password: string, about: string[] = []): boolean {
  const check = new InputCheck();
  passwords.check(check, { password, path: 'input.password', about });
  expect(check.fields.map(({ message }) => message).filter((message) => !/guess/.test(message))).toEqual([]);
  return check.fields.length === 0;
}

describe('a sentence of common words is rejected', () => {
  test.each([
    'the house is on the hill',
    'this is my dog and my cat',
    'we go to the beach today',
    'where are you going now',
    'i want to go home now',
    'i like to eat pizza',
    'today is a good day for me',
    'i am the best in the world',
    'happy new year to all of you',
    'i forgot my old password again',
  ])('in any spelling: %s', (sentence) => {
    const words = sentence.split(' ');
    const spellings = {
      'as it is': sentence,
      'in capitals': sentence.toUpperCase(),
      'without spaces': words.join(''),
      'in title case, without spaces': words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join(''),
      'with hyphens': words.join('-'),
      'with a sign at its end': `${sentence}!`,
      'with a year': `${sentence} 2026`,
      'with a year, without spaces': `${words.join('')}2026`,
      'with digits that count': words.map((word, index) => word + index).join(''),
      'with digits for letters': sentence.replace(/[oiea]/g, (letter) => ({ o: '0', i: '1', e: '3', a: '4' })[letter]!),
      'with signs for letters': sentence.replace(/[as]/g, (letter) => ({ a: '@', s: '$' })[letter]!),
      'with accents': sentence.replaceAll('e', 'é').replaceAll('o', 'ö'),
      backwards: [...sentence].reverse().join(''),
      'in another order': words.toReversed().join(' '),
    };
    for (const [spelling, password] of Object.entries(spellings)) expect(isAccepted(password), spelling).toBe(false);
  });

  test.each([
    "don't tell anyone my password",
    'my sister’s name is not a secret',
    'to the the of of and and for for',
    'it is not what you think it is',
    'a quiet house on the hill',
    'life is better at the beach',
    'lifeisbetteratthebeach',
    'a-quiet-house-on-the-hill',
  ])('with apostrophes, with connecting words alone, or with three others: %s', (sentence) => {
    expect(isAccepted(sentence)).toBe(false);
  });

  test('also with what is known about its user', () => {
    const about = ['bartholomew@featherstone.example', 'Bartholomew'];
    expect(isAccepted('my name is bartholomew and i am happy', about)).toBe(false);
    expect(isAccepted('my name is bartholomew and i am happy')).toBe(true);
  });
});

describe('the words of a famous phrase are rejected in another order', () => {
  test.each([
    ['four words', 'battery staple correct horse'],
    ['four words without spaces', 'horsecorrectstaplebattery'],
    ['with a year', 'staple battery horse correct 2026'],
    ['with digits for letters', 'b4ttery h0rse st4ple c0rrect'],
    ['many connecting words', 'be or not to be to that'],
    ['a quote', 'you with be force the may'],
    ['a phrase from a list', 'united manchester'],
    ['after a common word', 'my united manchester'],
  ])('%s: %s', (_what, password) => {
    expect(isAccepted(password)).toBe(false);
  });

  test('other words beside them count as they do without them', () => {
    expect(isAccepted('battery staple correct horse violet kettle marches')).toBe(true);
  });
});

describe('rows of keys are rejected on every keyboard that is known', () => {
  test.each([
    ['qwerty', 'zxcvbnmasdfghjklqwertyuiop'],
    ['qwertz', 'qwertzuiopasdfghjklyxcvbnm'],
    ['qwertz, with umlauts', 'qwertzuiopüasdfghjklöä'],
    ['qwertz, in columns', '1qay2wsx3edc4rfv5tgb'],
    ['azerty', 'azertyuiopqsdfghjklmwxcvbn'],
    ['azerty, digits first', '&é"\'(-è_çà)=azerty'],
    ['azerty, backwards', 'nbvcxwmlkjhgfdsqpoiuytreza'],
    ['dvorak', 'pyfgcrlaoeuidhtnsqjkxbmwvz'],
    ['dvorak, upwards', "qjkxbmwvzaoeuidhtns',.pyfgcrl"],
    ['colemak', 'qwfpgjluyarstdhneiozxcvbkm'],
    ['colemak, in capitals', 'ARSTDHNEIOQWFPGJLUY'],
    ['Russian', 'йцукенгшщзхъфывапролджэ'],
    ['Russian, upwards and in capitals', 'ЯЧСМИТЬБЮФЫВАПРОЛДЖЭ'],
    ['several', 'qwerty azerty qwertz'],
    ['with a well-known password', 'dragonasdfghjklyxcvbnm'],
  ])('%s: %s', (_what, password) => {
    expect(isAccepted(password)).toBe(false);
  });
});

describe('what is hard to guess is accepted', () => {
  test.each([
    PASSWORD,
    'tidallanternquarreloboe',
    'violet kettle marches sideways',
    'my daughter plays violin badly',
    'the otter who stole my umbrella',
    'seven rusty kettles sing at dawn',
    'Blue hippos rarely juggle pianos',
    'never lend books to a goat',
    'two left shoes and a broken harp',
    'a brass kettle hums in fog',
    'another sentence, nobody knows it',
    'I once ate eleven pancakes in Bergen',
    'the train to Kyoto leaves at nine',
    'green apple yellow banana',
    'marmalade skies over Reykjavik',
    'Der Hund frisst heute keinen Salat',
    'the kx8QpZ2mVt9LwRb',
  ])('%s', (password) => {
    expect(isAccepted(password)).toBe(true);
  });

  /** As chance has it: without bias towards the first words and letters. */
  const chosen = (from: readonly string[], count: number) =>
    fc.noBias(fc.array(fc.constantFrom(...from), { minLength: count, maxLength: count }));
  const settings = { numRuns: 300, seed: 4719, endOnFailure: true };

  test('four words by dice, with spaces or without', () => {
    const dice = chosen(dictionary['diceware-common'], 4).filter((words) => words.join('').length >= 15);
    fc.assert(
      fc.property(dice, fc.constantFrom(' ', '-', ''), (words, separator) => {
        expect(isAccepted(words.join(separator))).toBe(true);
      }),
      settings,
    );
  });

  test('random letters, digits and signs', () => {
    const lower = 'abcdefghijklmnopqrstuvwxyz';
    const mixed = `${lower}${lower.toUpperCase()}0123456789`;
    const random = [lower, mixed, `${mixed}!@#$%^&*()-_=+`].map((characters) => chosen([...characters], 15));
    fc.assert(
      fc.property(fc.oneof(...random), (characters) => {
        expect(isAccepted(characters.join(''))).toBe(true);
      }),
      settings,
    );
  });
});
