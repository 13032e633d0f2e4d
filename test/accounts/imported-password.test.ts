import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { matchesImported, readPasswordHash } from '../../src/accounts/imported-password.ts';
import { LoginTime } from '../../src/accounts/login-time.ts';

const SALT = Buffer.from('0123456789abcdef');
const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');

describe('a password hash of another system', () => {
  test.each([
    [
      `$scrypt$ln=10,r=8,p=1$${base64(SALT)}$${base64(scryptSync('password', SALT, 32, { N: 1024, r: 8, p: 1 }))}`,
      'password',
    ],
    [`$pbkdf2-sha512$i=1000$${base64(SALT)}$${base64(pbkdf2Sync('password', SALT, 1000, 64, 'sha512'))}`, 'password'],
    [`pbkdf2_sha256$1000$salty$${pbkdf2Sync('password', 'salty', 1000, 32, 'sha256').toString('base64')}`, 'password'],
  ])('is compared by its own function: %s', async (hash, password) => {
    const read = readPasswordHash(hash) as { passwordHash: string };
    expect(read).not.toHaveProperty('problem');
    expect(await matchesImported(read.passwordHash, password)).toBe(true);
    expect(await matchesImported(read.passwordHash, 'another password')).toBe(false);
  });

  const argon2 = (memory: number, passes: number, lanes: number) =>
    `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$${base64(SALT)}$${base64(Buffer.alloc(32))}`;
  const scrypt = (ln: number, r: number, p: number) =>
    `$scrypt$ln=${ln},r=${r},p=${p}$${base64(SALT)}$${base64(Buffer.alloc(32))}`;
  const pbkdf2 = (iterations: number, bytes = 32) =>
    `$pbkdf2-sha1$i=${iterations}$${base64(SALT)}$${base64(Buffer.alloc(bytes))}`;
  const bcrypt = (cost: string) => `$2b$${cost}$${'a'.repeat(53)}`;

  test.each([
    ...[argon2(4_194_304, 1, 1), argon2(262_144, 5, 1), argon2(8, 99_999, 1), argon2(65_536, 3, 255)],
    ...[scrypt(22, 8, 1), scrypt(14, 999, 1), scrypt(14, 8, 999), scrypt(20, 1, 99)],
    ...[pbkdf2(9_999_999), pbkdf2(1_500_000, 128), bcrypt('31'), bcrypt('15')],
  ])('that would cost too much is rejected without being computed: %s', async (hash) => {
    expect(readPasswordHash(hash)).toEqual({ problem: expect.stringContaining('too much') });
    expect(await matchesImported(hash, 'password')).toBe(false);
  });

  test.each([
    ...['', 'password', '$1$abc$def', '5f4dcc3b5aa765d61d8327deb882cf99', '$argon2id$v=19$m=0,t=1,p=1$AAAA$AAAA'],
    ...[
      bcrypt('03'),
      bcrypt('xx'),
      scrypt(0, 8, 1),
      scrypt(14, 0, 1),
      pbkdf2(0),
      pbkdf2(1000, 8),
      '$pbkdf2-unknown$i=1$AAAA$AAAA',
    ],
  ])('in an unknown form is rejected without being repeated: %s', (hash) => {
    const read = readPasswordHash(hash);
    expect(read).toEqual({ problem: expect.stringContaining('known form') });
  });
});

test('a failed login ends with a whole second', async () => {
  let now = 5000;
  const waited: number[] = [];
  const time = new LoginTime({ monotonic: () => now }, async (milliseconds) => waited.push(milliseconds));
  for (const takes of [0, 60, 999, 1000, 1300]) {
    const endOfStep = time.begin();
    now += takes;
    await endOfStep();
  }
  expect(waited).toEqual([1000, 940, 1, 0, 700]);
});
