import { availableParallelism } from 'node:os';
import * as argon2 from '@node-rs/argon2';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { PLACEHOLDER_PASSWORD } from '../../src/accounts/famous-phrases.ts';
import { Passwords } from '../../src/accounts/password.ts';
import { InputCheck } from '../../src/kernel/input.ts';

vi.mock('@node-rs/argon2', async (load) => {
  const argon2 = await load<typeof import('@node-rs/argon2')>();
  return { ...argon2, hash: vi.fn(argon2.hash), verify: vi.fn(argon2.verify) };
});
beforeEach(() => vi.clearAllMocks());

const estimate = vi.spyOn(ZxcvbnFactory.prototype, 'check');
const passwords = new Passwords(15);

/** The problems of a password; null if it has none. */
function problem(password: string, about: string[] = [], rules = passwords): string | null {
  const check = new InputCheck();
  rules.check(check, { password, path: 'input.password', about });
  expect(check.fields.map(({ path }) => path)).toEqual(check.fields.map(() => 'input.password'));
  return check.fields.map(({ message }) => message).join() || null;
}

describe('a new password', () => {
  test('has at least 15 characters, unless the operator configures another minimum', () => {
    expect(problem('xq7 vbn mlk pw')).toMatch(/15 to 256/);
    expect(problem('xq7 vbn mlk pwz')).toBeNull();
    expect(problem('xq7wbtmf', [], new Passwords(8))).toBeNull();
  });

  test('has at most 256 characters', () => {
    const long = Array.from({ length: 64 }, (_, i) => `${(i * 7919) % 997}k`.slice(0, 3).padEnd(4, 'z')).join('');
    expect(long).toHaveLength(256);
    expect(problem(long)).toBeNull();
    expect(problem(`${long}x`)).toMatch(/15 to 256/);
  });

  test('is counted in characters, not in code units', () => {
    expect(problem('🦊🌵🎻🧊🛶🪁🧲🥝🪕🧿🎈🛸🧶🪐')).toMatch(/15 to 256/);
    expect(problem('🦊🌵🎻🧊🛶🪁🧲🥝🪕🧿🎈🛸🧶🪐🥥')).toBeNull();
    expect(problem('e\u0301'.repeat(14))).toMatch(/15 to 256/);
  });

  test.each([
    ['lower case alone', 'violet kettle marches sideways'],
    ['white space', '   orbit  sandal   nine '],
    ['another script', 'смешной чайник летит боком'],
    ['digits alone', '830917564203918'],
  ])('may consist of %s', (_what, password) => {
    expect(problem(password)).toBeNull();
  });

  test.each([
    ['one character', 'aaaaaaaaaaaaaaaaaaaa'],
    ['a row of digits', '123456789012345'],
    ['the keyboard', 'qwertyuiopasdfghjkl'],
    ['a well-known password, twice', 'passwordpassword'],
    ['a well-known password with a tail', 'password12345678'],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz'],
    ['a walk over the keyboard', '1q2w3e4r5t6y7u8i'],
    ['a well-known word with a tail', 'administrator123'],
    ['the service', 'rekeyrekeyrekey'],
  ])('must not be easy to guess: %s', (_what, password) => {
    expect(problem(password)).toMatch(/guess/);
  });

  test('must not consist of the name or address of its user', () => {
    const about = ['bartholomew@featherstone.example', 'bartholomew', 'featherstone.example', 'Bartholomew F'];
    expect(problem('bartholomewbartholomew', about)).toMatch(/guess/);
    expect(problem('bartholomew@featherstone.example', about)).toMatch(/guess/);
    expect(problem('violet kettle marches sideways', about)).toBeNull();
  });

  test.each([
    ['a well-known password', 'password'.repeat(32)],
    ['one with digits for letters', 'p4$$w0rd'.repeat(31)],
    ['a word with a part of it', `${'cream'.repeat(50)}cre`],
    ['a row of digits', '1234567890'.repeat(25)],
    ['the keyboard', 'qwertyuiop'.repeat(25)],
    ['the address of the user', 'bartholomew@featherstone.example'.repeat(8)],
  ])('must not repeat an easy text: %s', (_what, password) => {
    expect(problem(password, ['bartholomew@featherstone.example'])).toMatch(/guess/);
  });

  test('is not repeated in the error message', () => {
    for (const password of ['short', 'passwordpassword']) expect(problem(password)).not.toContain(password);
  });

  test.each([
    'correcthorsebatterystaple',
    'thisismypassword',
    'tobeornottobethatisthequestion',
    'a long sentence that only you know',
    'maytheforcebewithyou',
    'Never gonna give you up',
    'inthebeginningwastheword',
    'iloveyouforever',
    'manchesterunited',
    'dontworrybehappy',
    'whatisthepassword',
  ])('must not be a famous phrase in any spelling: %s', (phrase) => {
    const words = phrase.split(' ');
    const spellings = {
      'as it is': phrase,
      'in capitals': phrase.toUpperCase(),
      'in title case': words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join(' '),
      'without spaces': words.join(''),
      'with hyphens': words.join('-'),
      'with signs': `¡${words.join('_')}!!`,
      'letter by letter': [...phrase].join(' '),
      'with a year': `${phrase}2026`,
      'with digits and a sign': `${phrase}4719!`,
      'with digits before it': `1234 ${phrase}`,
      'with digits between its words': words.map((word, index) => word + index).join(''),
      'with digits for letters': phrase.replace(/[oiea]/g, (letter) => ({ o: '0', i: '1', e: '3', a: '4' })[letter]!),
      'with signs for letters': phrase.replace(/[asi]/g, (letter) => ({ a: '@', s: '$', i: '!' })[letter]!),
      'with accents': phrase.replaceAll('e', 'é').replaceAll('o', 'ö'),
      'in full-width letters': phrase.replace(/[a-z]/g, (letter) =>
        String.fromCodePoint(letter.charCodeAt(0) + 0xfee0),
      ),
      twice: phrase.repeat(2),
      'as often as there is room': `${phrase} `.repeat(20).slice(0, 256),
      backwards: [...phrase].reverse().join(''),
      'after another one': `correcthorsebatterystaple${phrase}`,
    };
    for (const [spelling, password] of Object.entries(spellings)) expect(problem(password), spelling).toMatch(/guess/);
  });

  test('may contain a famous phrase if the rest is hard to guess', () => {
    expect(problem('correct horse battery staple violet kettle marches')).toBeNull();
    expect(problem('𝒷 correct horse battery staple kx8QpZ2mVt9LwRb')).toBeNull();
  });

  test.each([
    ['random letters and digits', 'kx8QpZ2mVt9LwRb'],
    ['random letters and signs', 'k$8#mQ!z@p^Lw*e'],
    ['five random words', 'polio sandlot brewery dwarf unshaken'],
    ['the same without spaces', 'poliosandlotbrewerydwarfunshaken'],
    ['a German sentence', 'Der Hund frisst heute keinen Salat'],
    ['a Chinese sentence', '我昨天在公园里看见一只蓝色的狗在跳舞'],
    ['an English sentence', 'my daughter plays violin badly'],
  ])('is accepted if it is hard to guess: %s', (_what, password) => {
    expect(problem(password)).toBeNull();
  });

  test.each([PLACEHOLDER_PASSWORD, `${PLACEHOLDER_PASSWORD.toUpperCase()}!`, PLACEHOLDER_PASSWORD.replaceAll(' ', '')])(
    'must not be the placeholder of the examples: %s',
    (password) => {
      expect(problem(password)).toBe('Must not be the placeholder of an example. Choose your own password.');
    },
  );

  test('must be well-formed Unicode, because all lone surrogates would be equal', async () => {
    for (const half of ['\ud800', '\udfff', '\udc00\ud800']) {
      const password = `violet kettle ${half} marches`;
      expect(problem(password)).toMatch(/well-formed Unicode/);
      await expect(passwords.hash(password)).rejects.toThrow(RangeError);
    }
    const hash = await passwords.hash('violet kettle \ufffd marches');
    expect(await passwords.verify(hash, 'violet kettle \ufffd marches')).toBe(true);
    expect(await passwords.verify(hash, 'violet kettle \ud800 marches')).toBe(false);
  });

  test('has its length checked before it is normalized', async () => {
    const normalize = vi.spyOn(String.prototype, 'normalize');
    onTestFinished(() => normalize.mockRestore());
    const long = `a${'\u0345'.repeat(31_000)}${'\u0334'.repeat(31_000)}`;
    expect(problem(long)).toMatch(/15 to 256/);
    await expect(passwords.hash(long)).rejects.toThrow(RangeError);
    expect(await passwords.verify(null, long)).toBe(false);
    expect(await passwords.verify(await passwords.hash('violet kettle'), long)).toBe(false);
    const measured = normalize.mock.contexts.map((text) => String(text).length);
    expect(Math.max(...measured)).toBeLessThanOrEqual(1024);
    // The longest valid password: 256 characters, each of four code units when decomposed.
    const decomposed = Array.from({ length: 256 }, (_, i) => String.fromCodePoint(0x1f80 + ((i * i * 7) % 48))).join(
      '',
    );
    expect(problem(decomposed.normalize('NFD'))).toBeNull();
  });
});

describe('the estimate of the strength, whose cost grows with its input', () => {
  beforeEach(() => {
    estimate.mockClear();
  });

  test.each([
    ['digits', Array.from({ length: 256 }, (_, i) => (i * i * 7) % 10).join('')],
    ['digits for letters', "'4(3!1|0$5+72%4@(".repeat(16).slice(0, 256)],
    ['the keyboard', 'qwerfdsazxcv'.repeat(22).slice(0, 256)],
    ['dates', '1.1.2001'.repeat(32)],
    ['one character', '1'.repeat(256)],
  ])('reads only the beginning of a password and a few short words about its user: %s', (_what, password) => {
    const words = Array.from({ length: 24_000 }, (_, i) => i.toString(36));
    problem(password, ['n'.repeat(250), ...words]);
    problem(password, [words.join('@')]);
    expect(estimate).toHaveBeenCalledTimes(2);
    for (const [estimated, about = []] of estimate.mock.calls) {
      expect(estimated.length).toBeLessThanOrEqual(40);
      expect(about.length).toBeLessThanOrEqual(9);
      for (const word of about) expect(String(word).length).toBeLessThanOrEqual(40);
    }
  });

  test('is skipped if the input is rejected for another reason', () => {
    problem('too short');
    problem('x'.repeat(257));
    const check = new InputCheck();
    check.require(false, 'input.email', 'Must be an email address.');
    passwords.check(check, { password: 'violet kettle marches sideways', path: 'input.password', about: [] });
    expect(estimate).not.toHaveBeenCalled();
    passwords.check(new InputCheck(), {
      password: 'violet kettle marches sideways',
      path: 'input.password',
      about: [],
    });
    expect(estimate).toHaveBeenCalledOnce();
  });
});

describe('a hash', () => {
  test('is argon2id with the cost that OWASP recommends and a random salt', async () => {
    const [one, other] = [await passwords.hash('the same password'), await passwords.hash('the same password')];
    for (const hash of [one, other]) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}$/);
    expect(one).not.toBe(other);
  });

  test('matches its password in every Unicode composition, and no other password', async () => {
    const hash = await passwords.hash('zoë’s violet kettle'.normalize('NFC'));
    expect(await passwords.verify(hash, 'zoë’s violet kettle'.normalize('NFD'))).toBe(true);
    for (const other of ['', 'zoe’s violet kettle', 'zoë’s violet kettle ', 'Zoë’s violet kettle']) {
      expect(await passwords.verify(hash, other)).toBe(false);
    }
  });
});

describe('an account that is unknown or has no password', () => {
  test('takes one verification of the same cost as a wrong password', async () => {
    const hash = await passwords.hash('violet kettle marches sideways');
    vi.clearAllMocks();
    expect(await passwords.verify(hash, 'wrong')).toBe(false);
    expect(await passwords.verify(null, 'wrong')).toBe(false);
    expect(argon2.hash).not.toHaveBeenCalled();
    const calls = vi.mocked(argon2.verify).mock.calls;
    expect(calls).toHaveLength(2);
    expect(calls.map(([against]) => String(against).split('$').slice(0, 4))).toEqual([
      ['', 'argon2id', 'v=19', 'm=19456,t=2,p=1'],
      ['', 'argon2id', 'v=19', 'm=19456,t=2,p=1'],
    ]);
    expect(calls.map(([, password]) => password)).toEqual(['wrong', 'wrong']);
  });

  test.each([null, '', '!', '$2b$12$abcdefghijklmnopqrstuu'])(
    'rejects even the password of the placeholder hash, if the stored hash is %j',
    async (hash) => {
      expect(await passwords.verify(hash, 'a password that nobody has')).toBe(false);
      expect(await vi.mocked(argon2.verify).mock.results[0]?.value).toBe(true);
    },
  );
});

describe('concurrent verifications', () => {
  test('leave one core free, and at most a hundred of them wait', async () => {
    const someHash = `$argon2id$v=19$m=19456,t=2,p=1$${'a'.repeat(22)}$${'b'.repeat(43)}`;
    const busy = new Passwords(15);
    const release: (() => void)[] = [];
    vi.clearAllMocks();
    const verify = vi.mocked(argon2.verify);
    verify.mockImplementation(() => new Promise((resolve) => release.push(() => resolve(true))));
    const atOnce = Math.max(1, availableParallelism() - 1);
    const admitted = Array.from({ length: atOnce + 100 }, () => busy.verify(someHash, 'p'));
    await expect.poll(() => verify.mock.calls.length).toBe(atOnce);
    await expect(busy.verify(someHash, 'p')).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 });
    await expect(busy.verify(null, 'p')).rejects.toMatchObject({ code: 'RATE_LIMITED' });

    let most = 0;
    for (let done = 0; done < admitted.length; done++) {
      await expect.poll(() => release.length, { interval: 1 }).toBeGreaterThan(0);
      most = Math.max(most, release.length);
      release.shift()?.();
      await Promise.race(admitted);
    }
    expect(await Promise.all(admitted)).toEqual(admitted.map(() => true));
    expect(most).toBeLessThanOrEqual(atOnce);
    verify.mockReset();
    expect(await busy.verify(null, 'afterwards')).toBe(false);
  });
});
