import type { UserToImport } from '../../accounts/account.input.ts';
import { argon2Hash, pbkdf2Hash } from '../../accounts/imported-password.ts';
import { Fields, LineProblem } from './fields.ts';
import type { FileLine } from './file-line.ts';
import type { JsonLayout } from './import-file.ts';
import { readRecords } from './read-records.ts';

/** After `users that are`. */
type Skipped = 'disabled' | 'deleted' | 'service accounts' | 'without a confirmed email address';

/** How one system writes its users. */
interface UserFormat {
  layout: JsonLayout;
  /** The user of one record, or why it is left out. A user who cannot log in to that system must not log in here. */
  read(fields: Fields, now: Date): UserToImport | Skipped;
}

/** The format that `rekey export users` writes. */
const rekey: UserFormat = {
  layout: 'lines',
  read(fields) {
    fields.allow(['email', 'displayName', 'passwordHash', 'role', 'permissions']);
    const email = fields.text('email') ?? '';
    const role = fields.text('role') ?? 'MEMBER';
    return {
      email,
      displayName: nameOr(fields.text('displayName'), email),
      passwordHash: fields.text('passwordHash'),
      role,
      permissions: fields.list('permissions'),
    };
  },
};

/**
 * Keycloak: the files of `kc.sh export`, with the users of a realm in `users`. A password is a credential of the type
 * `password` (`PasswordCredentialModel` of github.com/keycloak/keycloak): `credentialData` and `secretData` are JSON texts.
 * `pbkdf2` is PBKDF2 with SHA-1.
 */
const keycloak: UserFormat = {
  layout: { arrays: ['users'] },
  read(fields) {
    if (!fields.flag('enabled', true)) return 'disabled';
    if (fields.text('serviceAccountClientId') !== null) return 'service accounts';
    const username = fields.text('username');
    const email = fields.text('email') ?? (username?.includes('@') ? username : '');
    const name = fullName(fields.text('firstName'), fields.text('lastName'));
    return member(email, name, keycloakHash(fields.any('credentials')));
  },
};

/**
 * Auth0: the export of password hashes that its support provides, one JSON object on each line, with bcrypt in
 * `passwordHash` (auth0.com/docs/manage-users/user-migration/export-password-hashes-and-mfa-secrets). It has no names, unless
 * `name` was added from an export of the users.
 */
const auth0: UserFormat = {
  layout: 'lines',
  read(fields) {
    if (fields.flag('blocked', false)) return 'disabled';
    return member(fields.text('email') ?? '', fields.text('name'), fields.text('passwordHash', 'password_hash'));
  },
};

/**
 * Clerk: the CSV file of the dashboard, with `primary_email_address`, `password_digest` and `password_hasher`
 * (clerk.com/docs/guides/development/migrating/export-from-clerk).
 */
const clerk: UserFormat = {
  layout: { arrays: ['users', 'data'] },
  read(fields) {
    if (fields.flag('banned', false)) return 'disabled';
    const name = fullName(fields.text('first_name'), fields.text('last_name')) ?? fields.text('username');
    return member(fields.text('primary_email_address') ?? '', name, fields.text('password_digest'));
  },
};

/**
 * Supabase: the rows of the table `auth.users`, with bcrypt in `encrypted_password`
 * (github.com/supabase/auth, `models/user.go`). Its column `role` is one of PostgreSQL and is left out.
 */
const supabase: UserFormat = {
  layout: { arrays: ['users'] },
  read(fields, now) {
    if (fields.dumpedMoment('deleted_at')) return 'deleted';
    const bannedUntil = fields.dumpedMoment('banned_until');
    if (bannedUntil && bannedUntil > now) return 'disabled';
    // Its login rejects these users.
    if (!fields.dumpedMoment('email_confirmed_at')) return 'without a confirmed email address';
    const data = new Fields(fields.object('raw_user_meta_data') ?? {});
    return member(fields.text('email') ?? '', data.text('full_name', 'name'), fields.text('encrypted_password'));
  },
};

/**
 * Better Auth: the rows of its table `user`, each with `password` of the row of `account` whose `providerId` is `credential`
 * (`crypto/password.ts` of github.com/better-auth/better-auth: scrypt as `salt:key`).
 */
const betterAuth: UserFormat = {
  layout: { arrays: ['users', 'user', 'data'] },
  read(fields) {
    if (fields.flag('banned', false)) return 'disabled';
    return member(fields.text('email') ?? '', fields.text('name'), fields.text('password'));
  },
};

const FORMATS = { rekey, keycloak, auth0, clerk, supabase, 'better-auth': betterAuth };

export type UserFormatName = keyof typeof FORMATS;
export const USER_FORMATS = Object.keys(FORMATS).filter((name) => name !== 'rekey');
export const layoutOfUsers = (format: UserFormatName): JsonLayout => FORMATS[format].layout;

/** Reads the lines of a file in one of these formats. */
export function readUsers(lines: AsyncIterable<FileLine>, { format, now }: { format: UserFormatName; now: Date }) {
  const isDump = format !== 'rekey';
  return readRecords<UserToImport>(lines, (record) => FORMATS[format].read(new Fields(record, { isDump }), now));
}

/** Roles of other systems have another meaning. The operator makes administrators after the import. */
function member(email: string, displayName: string | null, passwordHash: string | null): UserToImport {
  return { email, displayName: nameOr(displayName, email), passwordHash, role: 'MEMBER', permissions: [] };
}

const nameOr = (name: string | null, email: string) => name ?? email.split('@')[0]!.slice(0, 100);

function fullName(first: string | null, last: string | null): string | null {
  return [first, last].filter(Boolean).join(' ') || null;
}

function keycloakHash(credentials: unknown): string | null {
  if (!Array.isArray(credentials)) return null;
  const found: unknown = credentials.find((each) => each?.type === 'password');
  if (found === undefined) return null;
  const credential = new Fields(found as Record<string, unknown>);
  const data = new Fields(credential.object('credentialData') ?? {});
  const secret = new Fields(credential.object('secretData') ?? {});
  // Before Keycloak 6, all of it was in the credential.
  const algorithm = data.text('algorithm') ?? credential.text('algorithm') ?? '';
  const iterations = Number(data.any('hashIterations') ?? credential.any('hashIterations') ?? 0);
  const salt = Buffer.from(secret.text('salt') ?? credential.text('salt') ?? '', 'base64');
  const hash = Buffer.from(secret.text('value') ?? credential.text('hashedSaltedValue') ?? '', 'base64');
  if (algorithm === 'argon2') {
    const parameters = data.object('additionalParameters') ?? {};
    const parameter = (name: string) => String([parameters[name]].flat()[0] ?? '');
    if (!['', '1.3'].includes(parameter('version')))
      throw new LineProblem('credentials: The hash must be of version 1.3 of argon2.');
    const [memory, lanes] = [Number(parameter('memory')), Number(parameter('parallelism'))];
    return argon2Hash(parameter('type'), { memory, iterations, lanes }, { salt, hash });
  }
  const [, digest = 'sha1'] = /^pbkdf2(?:-(sha256|sha512))?$/.exec(algorithm) ?? [algorithm, 'unknown'];
  return pbkdf2Hash(digest, iterations, { salt, hash });
}
