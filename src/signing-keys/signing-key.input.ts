import { checkPermissions, latestEnd } from '../identity/grant.ts';
import type { Principal } from '../identity/principal.ts';
import { type Scope, staysInWorkspace } from '../identity/scope.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import { MAX_OVERLAP_SECONDS } from './signing-key.entity.ts';

/** The most characters of a description. */
const LONGEST_DESCRIPTION = 200;

/** The fields of a new signing key, as the caller sends them. */
export interface NewSigningKeyInput {
  workspaceId: string;
  description: string;
  scopes: readonly Scope[];
  permissions: readonly string[];
  expiresAt: Date | null;
}

/** The fields of the key without duplicates, or all problems with the input. */
export function checkNewSigningKey(
  input: NewSigningKeyInput,
  caller: Principal,
  now: Date,
): { description: string; scopes: Scope[]; permissions: string[]; expiresAt: Date | null } | InvalidInput {
  const check = new InputCheck();
  const isDescribed = input.description.trim() !== '';
  const description = isDescribed ? check.text(input.description, 'input.description', LONGEST_DESCRIPTION) : '';
  check.require(
    input.scopes.every(staysInWorkspace),
    'input.scopes',
    'Must not include ADMIN, INTROSPECT, SESSIONS_READ or SESSIONS_WRITE, because the key belongs to a workspace.',
  );
  const permissions = [...new Set(input.permissions)];
  checkPermissions(permissions, caller, check);

  const longest = latestEnd(caller);
  const expiresAt = input.expiresAt ?? longest;
  check.require(expiresAt === null || expiresAt > now, 'input.expiresAt', 'Must be in the future.');
  check.require(
    longest === null || (expiresAt !== null && expiresAt <= longest),
    'input.expiresAt',
    `Must not be later than ${longest?.toISOString()}, when the calling credential expires.`,
  );
  return check.outcome ?? { description, scopes: [...new Set(input.scopes)], permissions, expiresAt };
}

/** Null if the overlap of a rotation is valid. */
export function checkOverlap(overlapSeconds: number): InvalidInput | null {
  const check = new InputCheck();
  check.require(
    Number.isInteger(overlapSeconds) && overlapSeconds >= 0 && overlapSeconds <= MAX_OVERLAP_SECONDS,
    'input.overlapSeconds',
    `Must be from 0 to ${MAX_OVERLAP_SECONDS} seconds (one day).`,
  );
  return check.outcome;
}
