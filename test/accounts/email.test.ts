import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { canonicalEmail, EMAIL, EmailIndex, isEmail, isReserved } from '../../src/accounts/email.ts';
import { backends, MASTER_KEY, PASSWORD, type TestApp } from '../support/app.ts';

const ASCII = String.fromCharCode(...Array.from({ length: 26 }, (_, i) => [65 + i, 97 + i]).flat());
const BY_EMAIL = 'query ($filter: UserFilter) { users(filter: $filter) { nodes { id } } }';
/** Characters that are invisible or change the display order of others. */
const UNSEEN = [
  ...[
    '\u00a0',
    '\u00ad',
    '\u034f',
    '\u061c',
    '\u115f',
    '\u1160',
    '\u17b4',
    '\u180e',
    '\u2028',
    '\u2029',
    '\u2800',
    '\ufffc',
  ],
  ...['\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u202a', '\u202e', '\u2060', '\u2064', '\u2066', '\u2069'],
  ...['\u3164', '\ufe0f', '\ufeff', '\uffa0', '\ufff9', '\ufffe', '\ue000', '\u{e0041}', '\u{e0100}', '\u{10ffff}'],
  ...['\ud800', '\udfff', '\u0000', '\u0085', '\u009f', '\u0378', '\u3000'],
];
const isAssigned = (character: string) => canonicalEmail(`${character}@example.com`) !== null;

const index = new EmailIndex((canonical) => Buffer.from(canonical));

describe('an email address', () => {
  test.each([
    'a@b',
    'ann@example.com',
    'ann+rekey@example.com',
    '"odd"@example.com',
    'zoë@exämple.com',
    `${'x'.repeat(242)}@example.com`,
    '  ann@example.com  ',
    '\r\n\tann@example.com\n',
    'a@münchen.de',
    'a@xn--mnchen-3ya.de',
    '用户@例子.广告',
    'παπάς@παράδειγμα.δοκιμή',
    'מייל@דוגמה.קום',
    `a@${'x'.repeat(63)}.example`,
  ])('can be %s', (address) => {
    expect(isEmail(address)).toBe(true);
  });

  test.each([
    '',
    '@',
    'ann',
    'ann@',
    '@example.com',
    'ann@b@c',
    'an n@example.com',
    'ann@example.com\nbcc: eve@example.com',
    'ann@exam\u0000ple.com',
    `${'x'.repeat(243)}@example.com`,
    ...UNSEEN.flatMap((c) => [
      `an${c}n@example.com`,
      `ann@exam${c}ple.com`,
      `${c}ann@example.com`,
      `ann@example.com${c}`,
    ]),
    // Joiners are valid in names but not in addresses, because a user cannot see or type them.
    'می\u200cخواهم@example.com',
    'ann@می\u200cخواهم.example',
    // Invalid hosts, and hosts that a URL parser would change.
    'ann@example..com',
    'ann@.example.com',
    'ann@example.com.',
    'ann@-example.com',
    'ann@example-.com',
    'ann@exam_ple.com',
    `ann@${'x'.repeat(64)}.example`,
    `ann@${'ä'.repeat(60)}.example`,
    'ann@ex%61mple.com',
    'ann@example.com/x',
    'ann@example.com?x',
    'ann@example.com#x',
    'ann@example.com:25',
    'ann@example.com\\x',
    'ann@[192.0.2.1]',
    'ann@[IPv6:2001:db8::1]',
    'ann@192.0.2.1',
    'ann@127.1',
    'ann@0x7f.1',
    'ann@1.2.3.4.5',
    'ann@xn--a.com',
    'ann@xn--',
    'ann@xn--munchen-gie.de', // Not in NFC.
    'ann@a\u2024com',
  ])('cannot be %j', (address) => {
    expect(isEmail(address)).toBe(false);
  });

  test('is the same in any letter case, with any composition and with white space around it', () => {
    const spellings = ['zoë@example.com', 'ZOË@EXAMPLE.COM', ' Zoe\u0308@Example.com\t'];
    expect(new Set(spellings.map(canonicalEmail))).toEqual(new Set(['zoë@example.com']));
  });

  test.each([
    ['the final sigma', ['παπασ@example.com', 'παπας@example.com', 'ΠΑΠΑΣ@EXAMPLE.COM']],
    ['an iota below', ['ᾳ@example.com', 'ᾼ@example.com', 'α\u0345@example.com']],
    ['an accent in two encodings', ['ΐ@example.com', '\u1fd3@example.com', 'ι\u0308\u0301@example.com']],
    ['sharp s and its capital', ['straße@example.com', 'STRAẞE@example.com']],
    ['the signs for kelvin and ångström', ['k\u00e5@example.com', '\u212a\u212b@example.com', 'KÅ@EXAMPLE.COM']],
    ['the long s', ['\u017fam@example.com', 'sam@example.com']],
    ['Cherokee', ['ꭰꭱ@example.com', 'ᎠᎡ@example.com']],
    ['two ligatures', ['\ufb05@example.com', '\ufb06@example.com']],
    ['letters above U+FFFF', ['𐐨@example.com', '𐐀@example.com']],
    [
      'a host in ASCII',
      ['a@münchen.de', 'a@xn--mnchen-3ya.de', 'A@MÜNCHEN.DE', 'a@XN--MNCHEN-3YA.de', 'a@mu\u0308nchen.de'],
    ],
    ['a host in full width, with an ideographic stop', ['a@example.com', 'a@ｅｘａｍｐｌｅ。com']],
    ['a host with a final sigma in capitals', ['a@παπασ.gr', 'a@ΠΑΠΑΣ.gr']],
  ])('is the same in every spelling: %s', (_, spellings) => {
    const forms = spellings.map(canonicalEmail);
    expect(forms).not.toContain(null);
    expect(new Set(forms).size).toBe(1);
  });

  test.each([
    ['ß is not ss', 'straße@example.com', 'strasse@example.com'],
    ['ı is not i', 'ı@example.com', 'i@example.com'],
    ['İ is not i', 'İ@example.com', 'i@example.com'],
    ['İ is not i with a dot above it', 'İ@example.com', 'i\u0307@example.com'],
    ['a ligature is not its letters', 'ﬁ@example.com', 'fi@example.com'],
    ['full width is not ASCII before the @', 'ａ@example.com', 'a@example.com'],
    ['a host with ß is not one with ss', 'a@faß.de', 'a@fass.de'],
    ['Cyrillic is not Latin', 'а@example.com', 'a@example.com'],
  ])('differs in other cases: %s', (_, one, other) => {
    expect(canonicalEmail(one)).not.toBe(canonicalEmail(other));
  });

  test('is compared with Unicode case folding, like regular expressions that ignore case', () => {
    const cased: string[] = [];
    for (let code = 0x80; code < 0x110000; code++) {
      const character = String.fromCodePoint(code);
      if (/^[\p{Changes_When_Casemapped}\p{Changes_When_Casefolded}]$/u.test(character)) cased.push(character);
    }
    expect(cased.length).toBeGreaterThan(2500);
    const all = `${cased.join('')}${ASCII}`;
    const formOf = (character: string) => canonicalEmail(`${character}@example.com`);
    const byForm = Map.groupBy([...all].filter(isAssigned), formOf);
    for (const character of cased.filter(isAssigned)) {
      // By `u` and `i`, JavaScript compares by simple case folding; what is equal in NFC is equal here, too.
      const same = all.match(new RegExp(`[${character}${character.normalize('NFC')}]`, 'giu'))!;
      const forms = new Set(same.map(formOf));
      expect([character, [...forms]]).toEqual([character, [formOf(character)]]);
      const equal = byForm.get(formOf(character))!.map((each) => each.normalize('NFC'));
      expect([character, equal.every((each) => same.includes(each))]).toEqual([character, true]);
    }
  });

  test('has a canonical form that is stable and the same for every spelling', () => {
    const local = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(local, (text) => {
        const form = canonicalEmail(`${text}@example.com`);
        if (form === null) return;
        expect(canonicalEmail(form)).toBe(form);
        expect(canonicalEmail(`${text.normalize('NFD')}@EXAMPLE.com`)).toBe(form);
        expect(canonicalEmail(`${text.normalize('NFC')}@example.COM`)).toBe(form);
      }),
      { numRuns: 2000 },
    );
  });

  test('is invalid with a lone surrogate, because all lone surrogates encode to the same bytes', () => {
    for (const text of ['a\ud800@example.com', 'a\udc00@example.com', 'a@example\ud800.com', 'a\ufffd@example.com']) {
      expect(canonicalEmail(text)).toBeNull();
    }
    expect(index.indexes('a\ud800@example.com')).toEqual([]);
    expect(index.indexes('a\ufffd@example.com')).not.toContainEqual(index.indexes('a\udc00@example.com')[0]);
  });

  test('has its length checked before any other work, and is invalid if it is too long', () => {
    const normalize = vi.spyOn(String.prototype, 'normalize');
    onTestFinished(() => normalize.mockRestore());
    const long = `a${'\u0345'.repeat(31_000)}${'\u0334'.repeat(31_000)}@example.com`;
    expect(isEmail(long)).toBe(false);
    expect(isReserved(long)).toBe(false);
    expect(index.indexes(long)).toEqual([]);
    expect(index.nameOf(long)).toBe(index.nameOf(`${long}x`));
    expect(normalize).not.toHaveBeenCalled();
  });
});

describe('the email index', () => {
  test('is the same for all spellings of an address', () => {
    const [ann] = index.indexes(' Ann@Example.com ');
    expect(index.indexes('ANN@EXAMPLE.COM')).toEqual([ann]);
    expect(index.nameOf(' ANN@example.com')).toBe(ann!.toString('base64url'));
    expect(index.indexes('ann@example.org')).not.toContainEqual(ann);
  });

  test('has no spelling for a text that is not an address', () => {
    expect(EMAIL.index!.spellings(' Ann@Example.com ')[0]).toBe('ann@example.com');
    for (const text of [`${'a'.repeat(255)}@example.com`, `a\ud800${'a'.repeat(254)}`]) {
      expect(() => EMAIL.index!.spellings(text)).toThrow(Error);
    }
  });
});

describe.each(backends())('email addresses on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { REKEY_MASTER_KEY: MASTER_KEY } });
  });
  afterAll(() => app.close());

  const register = (email: string) =>
    app.mutate('register', { email, password: PASSWORD, displayName: 'x' }, '... on RegisterSuccess { user { id } }');

  test('are stored sealed and never logged', async () => {
    const email = 'Secretive.Person@Example.com';
    const { user } = await register(email);
    await app.mutate('login', { email, password: PASSWORD }, '');
    await app.mutate('login', { email, password: 'wrong' }, '');
    const rows = [];
    for (const table of ['users', 'sessions', 'audit_events']) rows.push(...(await app.sql(`select * from ${table}`)));
    const stored = `${JSON.stringify(rows)}${app.log.join('')}`.toLowerCase();
    for (const text of [email.toLowerCase(), 'secretive', Buffer.from('secretive').toString('hex')]) {
      expect(stored).not.toContain(text);
    }
    for (const spelling of [email, email.toLowerCase()]) {
      expect(stored).not.toContain(Buffer.from(spelling).toString('base64').slice(0, 16).toLowerCase());
    }
    const [row] = await app.sql('select email_sealed from users where id = ?', [user.id]);
    expect(row.email_sealed).toMatch(/^\S{40,}$/);
  });

  test('are found in any spelling and returned in the registered spelling', async () => {
    await register('Zoë.Kim@Example.com');
    const selection = '... on LoginSuccess { user { email } }';
    for (const email of ['zoë.kim@example.com', 'ZOË.KIM@EXAMPLE.COM', ' zoe\u0308.kim@example.com ']) {
      const { user } = await app.mutate('login', { email, password: PASSWORD }, selection);
      expect(user.email).toBe('Zoë.Kim@Example.com');
    }
  });

  test('that are the same in letter case, composition or form of the host belong to one account', async () => {
    const selection = '... on LoginSuccess { user { id } }';
    for (const [one, ...others] of [
      ['παπασ@example.com', 'ΠΑΠΑΣ@EXAMPLE.COM', 'παπας@example.com'],
      ['a@münchen.de', 'a@xn--mnchen-3ya.de', 'A@MÜNCHEN.DE'],
    ] as [string, ...string[]][]) {
      const { user } = await register(one);
      for (const other of others) {
        expect((await register(other)).__typename, other).toBe('EmailTakenError');
        const login = await app.mutate('login', { email: other, password: PASSWORD }, selection);
        expect(login.user, other).toEqual({ id: user.id });
        const bearer = (await app.admin()).accessToken;
        const found = await app.graphql(BY_EMAIL, { filter: { email: other } }, { bearer });
        expect(found.data.users.nodes, other).toEqual([{ id: user.id }]);
      }
    }
  });

  test('that were registered under earlier rules are found by their old and new spellings', async () => {
    const former = async (email: string, form: string) => {
      const { user } = await register(email);
      const index = app.app.sealer.index(EMAIL, form);
      await app.sql('update users set email_index = ? where id = ?', [index, user.id]);
      return user.id as string;
    };
    // Two accounts with one address, which earlier rules allowed, and one with a host that is not in ASCII.
    const [sigma, final, host] = [
      await former('παπαδ@old.example', 'νικοσ@old.example'),
      await former('παπαε@old.example', 'νικος@old.example'),
      await former('zo@old.example', 'zoë@köln.example'),
    ];
    const bearer = (await app.admin()).accessToken;
    const idOf = async (email: string) => {
      const login = await app.mutate('login', { email, password: PASSWORD }, '... on LoginSuccess { user { id } }');
      return login.user?.id;
    };
    expect(await idOf('νικοσ@old.example')).toBe(sigma);
    expect(await idOf('νικος@old.example')).toBe(final);
    expect(await idOf('ΝΙΚΟΣ@OLD.example')).toBe(final);
    for (const email of ['zoë@köln.example', 'ZOË@KÖLN.EXAMPLE', ' zoe\u0308@KÖLN.example']) {
      expect(await idOf(email), email).toBe(host);
      expect((await register(email)).__typename, email).toBe('EmailTakenError');
      const { data } = await app.graphql(BY_EMAIL, { filter: { email } }, { bearer });
      expect(data.users.nodes, email).toEqual([{ id: host }]);
    }
    for (const email of ['νικοσ@old.example', 'ΝΙΚΟΣ@old.example']) {
      expect((await register(email)).__typename, email).toBe('EmailTakenError');
    }
  });

  test.each([
    ['with a space', 'a b@example.com'],
    ['with an invisible character', 'ann\u200b@example.com'],
    ['with an override of direction', 'ann\u202e@example.com'],
    ['with an invalid host', 'ann@example..com'],
  ])('%s are rejected at registration and match no user at login or in a filter', async (_, email) => {
    const result = await app.mutate(
      'register',
      { email, password: PASSWORD, displayName: 'x' },
      '... on InvalidInputError { fields { path } }',
    );
    expect(result).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: 'input.email' }] });
    const login = await app.mutate('login', { email, password: PASSWORD }, '');
    expect(login.__typename).toBe('InvalidCredentialsError');
    const bearer = (await app.admin()).accessToken;
    const { data } = await app.graphql(BY_EMAIL, { filter: { email } }, { bearer });
    expect(data.users.nodes).toEqual([]);
  });

  test.each([
    ['of 62 000 combining marks', `a${'\u0345'.repeat(31_000)}${'\u0334'.repeat(31_000)}@example.com`],
    ['of 60 000 spaces', `a${' '.repeat(60_000)}b@example.com`],
  ])('%s are rejected for their length before any other work', async (_, email) => {
    const input = { email, password: PASSWORD, displayName: 'x' };
    const registered = await app.mutate('register', input, '... on InvalidInputError { fields { path message } }');
    expect(registered.fields).toEqual([{ path: 'input.email', message: 'Must have at most 254 characters.' }]);
    const login = `mutation ($email: String!) { login(input: { email: $email, password: "x" }) { __typename } }`;
    const bearer = (await app.admin()).accessToken;
    for (const answer of [
      await app.graphql(login, { email }),
      await app.graphql(BY_EMAIL, { filter: { email } }, { bearer }),
    ]) {
      expect(answer.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });

  test('that differ belong to different users', async () => {
    const results = [];
    for (const email of ['kim@example.com', 'kim+1@example.com', 'k.im@example.com', 'kim@example.org']) {
      results.push((await register(email)).__typename);
    }
    expect(results).toEqual(Array(4).fill('RegisterSuccess'));
  });
});
