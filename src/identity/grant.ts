import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import { AccessError } from './access-error.ts';
import { checkExpiry, type PolicyBounds } from './credential-policy.ts';
import { isPermission, MOST_PERMISSION_CHARACTERS, MOST_PERMISSIONS } from './permission.ts';
import { type Principal, permissionsNotHeld } from './principal.ts';

/** An error names this many of the permissions that are not held, so that it does not grow with the input. */
const MOST_NAMED = 5;

const path = 'input.permissions';

/** Checks the permissions of a new credential: their form, their number, and that the caller may grant them. */
export function checkPermissions(permissions: readonly string[], caller: Principal, check: InputCheck): void {
  checkFormOfPermissions(permissions, check);
  checkGrantable(permissions, caller, check);
}

/** Checks the form and the number of permissions, by any caller. */
export function checkFormOfPermissions(permissions: readonly string[], check: InputCheck): void {
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
}

/** Checks that the caller may grant these permissions. */
export function checkGrantable(permissions: readonly string[], caller: Principal, check: InputCheck): void {
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
 * The latest expiry of a credential that this caller creates; null: any. A session stands for its user, whose
 * credentials may outlive it. Any other credential creates none that outlives it.
 */
export function latestEnd(caller: Principal): Date | null {
  return caller.kind === 'session' || caller.expiresAt === null ? null : new Date(caller.expiresAt);
}

/** The expiry of a new credential under the policies in force: as it was given, or the latest one that is allowed. */
export function checkNewExpiry(
  { expiresAt: given }: { expiresAt: Date | null },
  { caller, now, bounds }: { caller: Principal; now: Date; bounds: PolicyBounds },
): { expiresAt: Date | null } | InvalidInput {
  const check = new InputCheck();
  const expiresAt = checkExpiry({ given, latest: latestEnd(caller), createdAt: now, now }, bounds, check);
  return check.outcome ?? { expiresAt };
}

/**
 * For a credential of a kind that cannot be limited to addresses: a caller that is limited does not create it.
 *
 * @throws AccessError `FORBIDDEN`
 */
export function requireUnlimitedAddresses(caller: Principal): void {
  if (caller.allowedAddresses === undefined) return;
  const message =
    'The calling credential is limited to addresses. It can create only API keys, which get the same limit.';
  throw new AccessError('FORBIDDEN', message);
}
