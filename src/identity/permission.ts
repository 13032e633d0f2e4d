/** The maximum number of permissions of one credential. */
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
