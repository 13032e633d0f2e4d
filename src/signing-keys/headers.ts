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
const LONGEST_TEXT = 4096;

/**
 * All values of a header together, as RFC 9110 §5.2 joins them; null if the header is missing.
 *
 * @throws AccessError `SIGNATURE_MALFORMED` if they are too long
 */
export function textOf(rawHeaders: readonly string[], name: string): string | null {
  const values = valuesOf(rawHeaders, name);
  if (values.length === 0) return null;
  const text = values.join(', ');
  if (text.length > LONGEST_TEXT) throw signatureRefused('SIGNATURE_MALFORMED');
  return text;
}

/**
 * A header as a dictionary (RFC 9651 §3.2), all of its values together. Empty if the header is missing.
 *
 * @throws AccessError `SIGNATURE_MALFORMED` if it is too long or not well-formed, or if it has a key twice. By RFC 9651 the
 *   last value of a key counts. Other software that reads the request may use the first one.
 */
export function dictionaryOf(rawHeaders: readonly string[], name: string): Dictionary {
  const text = textOf(rawHeaders, name) ?? '';
  try {
    const dictionary = parseDictionary(text);
    if (dictionary.size === countMembers(text)) return dictionary;
  } catch {
    // Refused below. The error of the parser says nothing that a client could not see.
  }
  throw signatureRefused('SIGNATURE_MALFORMED');
}

/** A string or a display string (RFC 9651 §3.3.3 and §3.3.8). */
const STRING = /%"[^"]*"|"(?:[^"\\]|\\.)*"/g;

/** The number of members of a dictionary that is well-formed. A comma outside of strings is between two members. */
function countMembers(text: string): number {
  return text.trim() === '' ? 0 : text.replace(STRING, '').split(',').length;
}
