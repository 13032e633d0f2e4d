import { sha256Base64url } from '../crypto/hash.ts';
import { hintOf, parseSecret, resemblesSecret } from '../crypto/secret-text.ts';
import { checkExpiry, type PolicyBounds } from '../identity/credential-policy.ts';
import { checkFormOfPermissions } from '../identity/grant.ts';
import { effectivePermissions, type PermissionBound } from '../identity/permission.ts';
import { checkRateLimit, type RateLimit } from '../identity/rate-limit.ts';
import { SCOPES, type Scope, scopesOfRole } from '../identity/scope.ts';
import { InputCheck } from '../kernel/input.ts';
import { IMPORTABLE } from './api-key.credential.ts';
import { checkAddresses, checkDescription, checkScopes, LONGEST_NAME } from './api-key.input.ts';
import { checkMetadata, type Metadata } from './metadata.ts';

/** A plain secret with fewer characters can be guessed. */
const SHORTEST_SECRET = 16;
const LONGEST_HINT = 20;

/** A key of another system, as a file describes it. What is null or empty is left out. */
export interface KeyToImport {
  name: string;
  /** The email address of the user that owns the key. */
  owner: string | null;
  /** The workspace to which the key belongs, or, with an owner, is bound. */
  workspaceId: string | null;
  /** The secret in clear text, or its hash, but not both. */
  secret: string | null;
  /** SHA-256 of the secret, in hex, base64 or base64url. */
  hash: string | null;
  /** What lists may show of the secret. */
  hint: string | null;
  description: string | null;
  metadata: Metadata;
  scopes: readonly string[];
  permissions: readonly string[];
  allowedAddresses: readonly string[];
  expiresAt: Date | null;
  rateLimit: RateLimit | null;
}

/** A key that can be imported. Its owner was found, and metadata is not sealed yet. */
export interface CheckedImport extends Omit<KeyToImport, 'owner' | 'secret' | 'hash' | 'hint' | 'scopes'> {
  scopes: Scope[];
  secretHash: string;
  hint: string;
}

/** What the check of a key depends on. */
export interface ImportContext {
  /** What its user allows it to hold; null for a key of a workspace. */
  user: PermissionBound | null;
  bounds: PolicyBounds;
  now: Date;
}

/** The checked key, or all of its problems as one text. No problem repeats a value of the key. */
export function checkImport(key: KeyToImport, { user, bounds, now }: ImportContext): CheckedImport | string {
  const check = new InputCheck();
  const name = check.text(key.name, 'input.name', LONGEST_NAME);
  const description = checkDescription(key.description, check);
  const secretHash = checkSecret(key, check);
  const scopes = SCOPES.filter((scope) => key.scopes.includes(scope));
  const permissions = [...new Set(key.permissions)];
  check.require(
    key.scopes.every((scope) => (scopes as string[]).includes(scope)),
    'input.scopes',
    `Must be among ${SCOPES.join(', ')}.`,
  );
  checkScopes(scopes, { owner: user ? 'USER' : 'WORKSPACE', workspaceId: key.workspaceId }, check);
  checkFormOfPermissions(permissions, check);
  if (user) {
    const beyond = scopes.some((scope) => !scopesOfRole(user.role).includes(scope));
    check.require(!beyond, 'input.scopes', 'The owner cannot hold all of them.');
    const isHeld = effectivePermissions(permissions, user).length === permissions.length;
    check.require(isHeld, 'input.permissions', 'The owner does not hold all of them.');
  }
  checkMetadata(key.metadata, check);
  const allowedAddresses = checkAddresses(key.allowedAddresses, check);
  checkRateLimit(key.rateLimit, check);
  const expiresAt = checkExpiry({ given: key.expiresAt, latest: null, createdAt: now, now }, bounds, check);
  if (check.outcome) return check.problems.join(' ');
  const { workspaceId, metadata, rateLimit } = key;
  const settings = { name, description, metadata, scopes, permissions, allowedAddresses, expiresAt, rateLimit };
  return { ...settings, workspaceId, secretHash: secretHash ?? '', hint: hintFor(key) };
}

/** The hash of the secret as base64url, which the database holds; null if there is a problem. */
function checkSecret({ secret, hash }: KeyToImport, check: InputCheck): string | null {
  check.require((secret === null) !== (hash === null), 'input.hash', 'Set either `hash` or `secret`.');
  if (secret !== null && hash === null) {
    const isOurs = resemblesSecret(secret);
    const fits = IMPORTABLE.test(secret) && secret.length >= SHORTEST_SECRET;
    check.require(fits, 'input.secret', `Must have ${SHORTEST_SECRET} to 1024 visible ASCII characters.`);
    const isValid = !isOurs || parseSecret(secret)?.prefix === 'rka';
    check.require(
      isValid,
      'input.secret',
      'Begins like a secret of Rekey, but is no API key. Check for typing mistakes.',
    );
    return sha256Base64url(secret);
  }
  const digest = hash === null ? null : readSha256(hash);
  check.require(hash === null || digest !== null, 'input.hash', 'Must be SHA-256 in hex, base64 or base64url.');
  return digest;
}

/** A SHA-256 in hex, base64 or base64url as base64url without padding; null for any other text. */
export function readSha256(text: string): string | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex').toString('base64url');
  if (!/^(?:[A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/.test(text)) return null;
  const digest = Buffer.from(text, 'base64').toString('base64url');
  // The last character has unused bits. Only one spelling of the same bytes is accepted.
  return digest === text.replace(/=$/, '').replaceAll('+', '-').replaceAll('/', '_') ? digest : null;
}

/** A hint that another system has shown, if it is short enough. Users recognize the key by it. */
function hintFor({ secret, hint }: KeyToImport): string {
  if (secret !== null && resemblesSecret(secret)) return hintOf(secret);
  return hint !== null && hint.length <= LONGEST_HINT && /^[\x21-\x7e…]+$/.test(hint) ? hint : '…';
}
