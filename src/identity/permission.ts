import type { UserRole } from './scope.ts';

/** The maximum number of permissions of one credential, and of one user. */
export const MOST_PERMISSIONS = 50;
/**
 * The maximum length of all permissions of one credential, commas included. `/v1/verify` returns them in one
 * header. By default, nginx reads at most 4096 bytes of headers from a server, and the other headers of this
 * response take up to 1 KiB.
 */
export const MOST_PERMISSION_CHARACTERS = 2048;

// No comma and no white space: permissions are a list in a header. `-` alone stands for an empty list there.
const PERMISSION = /^(?!-$)[A-Za-z0-9._:/*-]{1,100}$/;

/** Whether this text is a valid permission. */
export function isPermission(text: string): boolean {
  return PERMISSION.test(text);
}

/** What a user allows the credentials to hold. */
export interface PermissionBound {
  role: UserRole;
  permissions: readonly string[];
}

/**
 * The permissions that were granted to a credential of a user and that the user still allows. Nothing bounds the
 * credentials of an administrator, who may grant any permission.
 */
export function effectivePermissions(granted: readonly string[], user: PermissionBound): string[] {
  return granted.filter((permission) => user.role === 'ADMIN' || user.permissions.includes(permission));
}
