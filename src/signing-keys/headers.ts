import { signatureRefused } from '../identity/access-error.ts';
import { trimOws } from '../kernel/white-space.ts';

/** The longest nonce is bounded, because it is stored. Shorter ones could be guessed or repeat. */
const NONCE = /^[A-Za-z0-9_-]{16,128}$/;

/** Whether a nonce has the form that both profiles demand. */
export function isNonce(text: string): boolean {
  return NONCE.test(text);
}

/**
 * All values of a header, without the white space around them, in the order in which they arrived.
 *
 * @param rawHeaders names and values alternate
 * @param name in lower case
 */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index]!;
    if (given.length === name.length && given.toLowerCase() === name) values.push(trimOws(rawHeaders[index + 1]!));
  }
  return values;
}

/** The value of a header; null if it is missing. @throws AccessError `SIGNATURE_MALFORMED` if it occurs twice */
export function soleValue(rawHeaders: readonly string[], name: string): string | null {
  const values = valuesOf(rawHeaders, name);
  if (values.length > 1) throw signatureRefused('SIGNATURE_MALFORMED');
  return values[0] ?? null;
}
