import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalEmail, EmailVault, isEmail } from '../../src/accounts/email.ts';
import { createKeyring } from '../../src/crypto/keyring.ts';
import { backends, PASSWORD, type TestApp } from '../support/app.ts';

const key = randomBytes(32);
const vault = new EmailVault(createKeyring(key));

describe('an address', () => {
  test.each([
    'a@b',
    'ann@example.com',
    'ann+rekey@example.com',
    '"odd"@example.com',
    'zoë@exämple.com',
    `${'x'.repeat(242)}@example.com`,
    '  ann@example.com  ',
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
  ])('cannot be %j', (address) => {
    expect(isEmail(address)).toBe(false);
  });

  test('is the same address in any case, composition and with space around it', () => {
    const spellings = ['zoë@example.com', 'ZOË@EXAMPLE.COM', ' Zoe\u0308@Example.com\t'];
    expect(new Set(spellings.map(canonicalEmail)).size).toBe(1);
  });
});

describe('the vault', () => {
  test('gives back what was put in, and finds it by any of its spellings', () => {
    const { emailSealed, emailIndex } = vault.seal('usr_1', ' Ann@Example.com ');
    expect(vault.open({ id: 'usr_1', emailSealed })).toBe('Ann@Example.com');
    expect(vault.indexes('ANN@EXAMPLE.COM')).toEqual([emailIndex]);
    expect(vault.indexes('ann@example.org')).not.toContainEqual(emailIndex);
  });

  test('seals the same address differently each time, and for one row alone', () => {
    const [one, again] = [vault.seal('usr_1', 'ann@example.com'), vault.seal('usr_1', 'ann@example.com')];
    expect(one.emailSealed).not.toBe(again.emailSealed);
    expect(() => vault.open({ id: 'usr_2', emailSealed: one.emailSealed })).toThrow();
  });

  test('reads and finds what was sealed under a retired key, and nothing without it', () => {
    const { emailSealed, emailIndex } = vault.seal('usr_1', 'ann@example.com');
    const rotated = new EmailVault(createKeyring(randomBytes(32), [key]));
    expect(rotated.open({ id: 'usr_1', emailSealed })).toBe('ann@example.com');
    expect(rotated.indexes('ann@example.com')).toContainEqual(emailIndex);
    const stranger = new EmailVault(createKeyring(randomBytes(32)));
    expect(() => stranger.open({ id: 'usr_1', emailSealed })).toThrow();
    expect(stranger.indexes('ann@example.com')).not.toContainEqual(emailIndex);
  });
});

describe.each(backends())('addresses on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const register = (email: string) =>
    app.mutate('register', { email, password: PASSWORD, displayName: 'x' }, '... on RegisterSuccess { user { id } }');

  test('are stored sealed, in no encoding that can be read, and logged nowhere', async () => {
    const email = 'Secretive.Person@Example.com';
    const { user } = await register(email);
    await app.mutate('login', { email, password: PASSWORD }, '');
    await app.mutate('login', { email, password: 'wrong' }, '');
    const rows = [];
    for (const table of ['users', 'sessions', 'audit_events']) rows.push(...(await app.sql(`select * from ${table}`)));
    const kept = `${JSON.stringify(rows)}${app.log.join('')}`.toLowerCase();
    for (const text of [email.toLowerCase(), 'secretive', Buffer.from('secretive').toString('hex')]) {
      expect(kept).not.toContain(text);
    }
    for (const spelling of [email, email.toLowerCase()]) {
      expect(kept).not.toContain(Buffer.from(spelling).toString('base64').slice(0, 16).toLowerCase());
    }
    const [row] = await app.sql('select email_sealed from users where id = ?', [user.id]);
    expect(row.email_sealed).toMatch(/^\S{40,}$/);
  });

  test('are found in any spelling, and shown as they were given', async () => {
    await register('Zoë.Kim@Example.com');
    const selection = '... on LoginSuccess { user { email } }';
    for (const email of ['zoë.kim@example.com', 'ZOË.KIM@EXAMPLE.COM', ' zoe\u0308.kim@example.com ']) {
      const { user } = await app.mutate('login', { email, password: PASSWORD }, selection);
      expect(user.email).toBe('Zoë.Kim@Example.com');
    }
  });

  test('that differ at all are different people', async () => {
    const results = [];
    for (const email of ['kim@example.com', 'kim+1@example.com', 'k.im@example.com', 'kim@example.org']) {
      results.push((await register(email)).__typename);
    }
    expect(results).toEqual(Array(4).fill('RegisterSuccess'));
  });
});
