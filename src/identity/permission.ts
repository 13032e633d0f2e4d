/** How many permissions one credential may carry, and how many characters they may have in all, commas included. */
export const MOST_PERMISSIONS = 50;
/**
 * `/v1/verify` answers with all permissions in one header. nginx reads at most 4096 bytes of headers from a server by
 * default. The other headers of that answer take up to 1 KiB.
 */
export const MOST_PERMISSION_CHARACTERS = 2048;

// No comma and no white space: permissions are a list in a header. `-` alone stands for an empty list there.
const PERMISSION = /^(?!-$)[A-Za-z0-9._:/*-]{1,100}$/;

/** Whether this text may be a permission. */
export function isPermission(text: string): boolean {
  return PERMISSION.test(text);
}
