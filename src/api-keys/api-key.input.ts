import { checkPermissions, latestEnd } from '../identity/grant.ts';
import type { Principal } from '../identity/principal.ts';
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
    'Must not include ADMIN, INTROSPECT or SESSIONS_WRITE, because the key is bound to a workspace.',
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
