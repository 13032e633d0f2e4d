import { flag, oneOf, text, wholeNumber } from '../kernel/variable.ts';

/** Whether a text of this length is hard to guess. A pattern is not: repeated, in equal steps, or of few characters. */
function isHardToGuess(given: string): boolean {
  const lower = given.toLowerCase();
  const steps = Array.from(lower.slice(1), (character, index) => character.charCodeAt(0) - lower.charCodeAt(index));
  const repeats = Array.from(lower, (_, index) => index).some(
    (period) => period > 0 && period <= lower.length / 2 && lower.startsWith(lower.slice(period)),
  );
  return !repeats && new Set(lower).size >= 8 && new Set(steps).size >= 6;
}

export const accountVariables = {
  setupToken: text('REKEY_SETUP_TOKEN', {
    fallback: null,
    shown: 'generated and printed once',
    meaning: 'What `bootstrap` asks for: 20 to 256 characters that are hard to guess, e.g. `openssl rand -base64 24`.',
    inFile: true,
    read(given, problem) {
      if (given !== null && !/^[\x21-\x7e](?:[\x20-\x7e]{18,254}[\x21-\x7e])$/.test(given)) {
        problem(
          'REKEY_SETUP_TOKEN must have 20 to 256 printable ASCII characters, without leading or trailing white space.',
        );
      } else if (given !== null && !isHardToGuess(given)) {
        problem('REKEY_SETUP_TOKEN is easy to guess. Generate one with `openssl rand -base64 24`.');
      }
      return given;
    },
  }),
  registration: oneOf('REKEY_REGISTRATION', {
    words: ['open', 'closed'],
    fallback: 'closed',
    meaning: '`open` lets anyone `register`.',
  }),
  introspectionUsername: flag('REKEY_INTROSPECTION_USERNAME', {
    fallback: false,
    meaning:
      '`on` adds `username` to token introspection: the email address of the user. Each answer then reads the database.',
  }),
  passwordMinLength: wholeNumber('REKEY_PASSWORD_MIN_LENGTH', {
    fallback: 15,
    min: 8,
    max: 256,
    meaning: 'The least number of characters of a new password.',
  }),
};
