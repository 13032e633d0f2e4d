import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';

// Bounds on what one login costs. The hash of another system decides it, and a file may be hostile. With these bounds, a
// check takes at most some seconds of one core and 256 MiB.
const MOST_BCRYPT_COST = 14;
const MOST_ARGON2_KIB = 262_144;
/** Memory times passes. */
const MOST_ARGON2_WORK = 1_048_576;
const MOST_ARGON2_PASSES = 64;
const MOST_ARGON2_LANES = 16;
const MOST_SCRYPT_BYTES = 268_435_456;
/** N times r times p. Better Auth needs 2^18. */
const MOST_SCRYPT_WORK = 4_194_304;
/** Iterations times blocks of the output. Keycloak needs up to 1 300 000 times 4. */
const MOST_PBKDF2_WORK = 6_000_000;
const SALT_BYTES = { min: 1, max: 128 };
const HASH_BYTES = { min: 16, max: 128 };

const deriveScrypt = promisify(scrypt) as (
  password: string,
  salt: Buffer,
  length: number,
  options: object,
) => Promise<Buffer>;
const derivePbkdf2 = promisify(pbkdf2);

const DIGESTS = { sha1: 20, sha256: 32, sha512: 64 } as const;
type Digest = keyof typeof DIGESTS;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const ARGON2 =
  /^\$argon2(?:id|i|d)\$v=(?:19|16)\$m=(\d{1,8}),t=(\d{1,5}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,172})\$([A-Za-z0-9+/]{16,172})$/;
const SCRYPT =
  /^\$(scrypt|scrypt-nfkc)\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{2,172})\$([A-Za-z0-9+/]{22,172})$/;
const PBKDF2 = /^\$pbkdf2-(sha1|sha256|sha512)\$i=(\d{1,7})\$([A-Za-z0-9+/]{2,172})\$([A-Za-z0-9+/]{22,172})$/;

const SUPPORTED = 'Must be a hash of bcrypt, scrypt, PBKDF2 or argon2 in a known form.';
const TOO_COSTLY = 'Takes too much time or memory to check. Invite this user, or reset the password.';

/** How a password is compared with one hash. The cost is within the bounds. */
interface Check {
  matches(password: string): Promise<boolean>;
}

/** The hash in the form that is stored, or the problem with it. No problem repeats a part of the hash. */
export function readPasswordHash(text: string): { passwordHash: string } | { problem: string } {
  const passwordHash = canonicalForm(text.trim());
  const check = checkOf(passwordHash);
  return typeof check === 'string' ? { problem: check } : { passwordHash };
}

/**
 * Whether the password matches a hash that was imported. False for any other text.
 *
 * Each system has hashed what its users typed, in one Unicode form or another: this compares what is typed now.
 */
export async function matchesImported(passwordHash: string, password: string): Promise<boolean> {
  const check = checkOf(passwordHash);
  return typeof check === 'string' ? false : check.matches(password).catch(() => false);
}

/** PBKDF2 (RFC 8018), in the form that `readPasswordHash` reads. Salt and hash are bytes. */
export function pbkdf2Hash(digest: string, iterations: number, { salt, hash }: { salt: Buffer; hash: Buffer }): string {
  return `$pbkdf2-${digest}$i=${iterations}$${base64(salt)}$${base64(hash)}`;
}

/** argon2 (RFC 9106), in PHC string format. */
export function argon2Hash(
  type: string,
  { memory, iterations, lanes }: { memory: number; iterations: number; lanes: number },
  { salt, hash }: { salt: Buffer; hash: Buffer },
): string {
  return `$argon2${type}$v=19$m=${memory},t=${iterations},p=${lanes}$${base64(salt)}$${base64(hash)}`;
}

/** Translates forms of other systems that say everything that is needed. */
function canonicalForm(text: string): string {
  // Better Auth (crypto/password.ts): scrypt with N 16384, r 16, p 1 of the password in NFKC. The salt is the hex text.
  const betterAuth = /^([0-9a-f]{32}):([0-9a-f]{128})$/.exec(text);
  if (betterAuth) {
    const [salt, hash] = [Buffer.from(betterAuth[1]!), Buffer.from(betterAuth[2]!, 'hex')];
    return `$scrypt-nfkc$ln=14,r=16,p=1$${base64(salt)}$${base64(hash)}`;
  }
  // Django, and Clerk as `pbkdf2_sha256_django`: the salt is a text.
  const django = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,7})\$([\x21-\x7e]{1,64}?)\$([A-Za-z0-9+/]{22,172}={0,2})$/.exec(
    text,
  );
  if (django) {
    const [, digest, iterations, salt, hash] = django as unknown as string[];
    return pbkdf2Hash(digest!, Number(iterations), { salt: Buffer.from(salt!), hash: Buffer.from(hash!, 'base64') });
  }
  return text;
}

/** How to compare a password with this hash; a text says why it cannot be done. */
function checkOf(passwordHash: string): Check | string {
  return (
    bcryptCheck(passwordHash) ??
    argon2Check(passwordHash) ??
    scryptCheck(passwordHash) ??
    pbkdf2Check(passwordHash) ??
    SUPPORTED
  );
}

function bcryptCheck(text: string): Check | string | null {
  const [, cost] = BCRYPT.exec(text) ?? [];
  if (cost === undefined) return null;
  if (Number(cost) < 4) return SUPPORTED;
  if (Number(cost) > MOST_BCRYPT_COST) return TOO_COSTLY;
  return { matches: (password) => verifyBcrypt(password, text) };
}

function argon2Check(text: string): Check | string | null {
  const [, ...numbers] = ARGON2.exec(text)?.slice(0, 4).map(Number) ?? [];
  const [memory, passes, lanes] = numbers;
  if (!memory || !passes || !lanes) return null;
  const isTooMuch = memory > MOST_ARGON2_KIB || memory * passes > MOST_ARGON2_WORK;
  if (isTooMuch || passes > MOST_ARGON2_PASSES || lanes > MOST_ARGON2_LANES) return TOO_COSTLY;
  return { matches: (password) => verifyArgon2(text, password) };
}

function scryptCheck(text: string): Check | string | null {
  const [, name, ln, blocks, lanes, salt64, hash64] = SCRYPT.exec(text) ?? [];
  if (name === undefined) return null;
  const [N, r, p] = [2 ** Number(ln), Number(blocks), Number(lanes)];
  const [salt, hash] = [bytesIn(salt64!, SALT_BYTES), bytesIn(hash64!, HASH_BYTES)];
  if (N < 2 || r < 1 || p < 1 || !salt || !hash) return SUPPORTED;
  const bytes = 128 * N * r;
  if (bytes > MOST_SCRYPT_BYTES || N * r * p > MOST_SCRYPT_WORK) return TOO_COSTLY;
  return {
    async matches(password) {
      const text = name === 'scrypt-nfkc' ? password.normalize('NFKC') : password;
      const options = { N, r, p, maxmem: bytes + 128 * r * p + 1_048_576 };
      return timingSafeEqual(await deriveScrypt(text, salt, hash.length, options), hash);
    },
  };
}

function pbkdf2Check(text: string): Check | string | null {
  const [, digest, count, salt64, hash64] = PBKDF2.exec(text) ?? [];
  if (digest === undefined) return null;
  const iterations = Number(count);
  const [salt, hash] = [bytesIn(salt64!, SALT_BYTES), bytesIn(hash64!, HASH_BYTES)];
  if (iterations < 1 || !salt || !hash) return SUPPORTED;
  if (iterations * Math.ceil(hash.length / DIGESTS[digest as Digest]) > MOST_PBKDF2_WORK) return TOO_COSTLY;
  return {
    async matches(password) {
      return timingSafeEqual(await derivePbkdf2(password, salt, iterations, hash.length, digest), hash);
    },
  };
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');

function bytesIn(text: string, { min, max }: { min: number; max: number }): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length >= min && bytes.length <= max ? bytes : null;
}
