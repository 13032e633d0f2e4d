import { checkExpiry, UNBOUNDED } from '../identity/credential-policy.ts';
import { checkPermissions, latestEnd } from '../identity/grant.ts';
import type { Principal } from '../identity/principal.ts';
import { type Scope, staysInWorkspace } from '../identity/scope.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';

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

/** The fields of the key without duplicates, or all problems with the input that do not depend on policies. */
export function checkNewSigningKey(
  input: NewSigningKeyInput,
  caller: Principal,
  now: Date,
): { description: string; scopes: Scope[]; permissions: string[] } | InvalidInput {
  const check = new InputCheck();
  const isDescribed = input.description.trim() !== '';
  const description = isDescribed ? check.text(input.description, 'input.description', LONGEST_DESCRIPTION) : '';
  check.require(
    input.scopes.every(staysInWorkspace),
    'input.scopes',
    'Must not include ADMIN, INTROSPECT or SESSIONS_WRITE, because the key belongs to a workspace.',
  );
  const permissions = [...new Set(input.permissions)];
  checkPermissions(permissions, caller, check);

  checkExpiry({ given: input.expiresAt, latest: latestEnd(caller), createdAt: now, now }, UNBOUNDED, check);
  return check.outcome ?? { description, scopes: [...new Set(input.scopes)], permissions };
}
