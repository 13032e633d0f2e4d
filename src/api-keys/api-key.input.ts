import { isPermission, MOST_PERMISSION_CHARACTERS, MOST_PERMISSIONS } from '../identity/permission.ts';
import { type Principal, permissionsNotHeld } from '../identity/principal.ts';
import { type Scope, staysInWorkspace } from '../identity/scope.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import { MAX_OVERLAP_SECONDS } from './api-key.entity.ts';

/** The input for a new API key. */
export interface NewApiKeyInput {
  name: string;
  scopes: readonly Scope[];
  permissions: readonly string[];
  expiresAt: Date | null;
  workspaceId: string | null;
}

/** An error names at most this many missing permissions: it must not grow with the input. */
const MOST_NAMED = 5;

/** The checked fields of the key, or all problems of the input. */
export function checkNewApiKey(
  input: NewApiKeyInput,
  caller: Principal,
  now: Date,
):
  | { name: string; scopes: Scope[]; permissions: string[]; expiresAt: Date | null; workspaceId: string | null }
  | InvalidInput {
  const check = new InputCheck();
  const name = check.text(input.name, 'input.name', 100);

  // A key that is bound to a workspace creates keys only for that workspace.
  const workspaceId = input.workspaceId ?? caller.workspaceId;
  check.require(
    workspaceId === null || input.scopes.every(staysInWorkspace),
    'input.scopes',
    'Must not include ADMIN, INTROSPECT, SESSIONS_READ or SESSIONS_WRITE, because the key is bound to a workspace.',
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
  return check.outcome ?? { name, scopes: [...new Set(input.scopes)], permissions, expiresAt, workspaceId };
}

function checkPermissions(permissions: readonly string[], caller: Principal, check: InputCheck): void {
  const path = 'input.permissions';
  check.require(permissions.length <= MOST_PERMISSIONS, path, `Must have at most ${MOST_PERMISSIONS} items.`);
  check.require(
    permissions.every(isPermission),
    path,
    'Each must have 1 to 100 of the characters A-Z a-z 0-9 . _ : / * - and must not be `-` alone.',
  );
  check.require(
    permissions.join(',').length <= MOST_PERMISSION_CHARACTERS,
    path,
    `Must have at most ${MOST_PERMISSION_CHARACTERS} characters in total, including one separator between two permissions.`,
  );
  const notHeld = permissionsNotHeld(caller, permissions).filter(isPermission);
  const named = notHeld.slice(0, MOST_NAMED).join(', ');
  const more = notHeld.length > MOST_NAMED ? ` and ${notHeld.length - MOST_NAMED} more` : '';
  check.require(
    notHeld.length === 0,
    path,
    `The calling credential cannot grant permissions that it lacks: ${named}${more}.`,
  );
}

/**
 * The latest expiry of a key that this caller creates or rotates; null: none. A session acts for its user, whose keys
 * may outlive the session. Keys of any other credential must not outlive it.
 */
export function latestEnd(caller: Principal): Date | null {
  return caller.kind === 'session' || caller.expiresAt === null ? null : new Date(caller.expiresAt);
}

/** Null if the overlap of a rotation is valid. */
export function checkOverlap(overlapSeconds: number): InvalidInput | null {
  const check = new InputCheck();
  check.require(
    Number.isInteger(overlapSeconds) && overlapSeconds >= 0 && overlapSeconds <= MAX_OVERLAP_SECONDS,
    'input.overlapSeconds',
    `Must be from 0 to ${MAX_OVERLAP_SECONDS} seconds (30 days).`,
  );
  return check.outcome;
}
