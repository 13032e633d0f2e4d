import { type Dictionary, parseDictionary } from 'structured-headers';
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

/** The values of a signed request have some hundred characters. A client without a credential sends what it wants. */
const LONGEST_DICTIONARY = 4096;

/**
 * A header as a dictionary (RFC 9651 §3.2), all of its values together. Empty if the header is missing.
 *
 * @throws AccessError `SIGNATURE_MALFORMED` if it is too long or not well-formed
 */
export function dictionaryOf(rawHeaders: readonly string[], name: string): Dictionary {
  const value = valuesOf(rawHeaders, name).join(', ');
  try {
    if (value.length <= LONGEST_DICTIONARY) return parseDictionary(value);
  } catch {
    // Refused below. The error of the parser says nothing that a client could not see.
  }
  throw signatureRefused('SIGNATURE_MALFORMED');
}
