import { isIP } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import type { SealedField } from '../database/sealed-field.ts';

/** RFC 5321 §4.5.3.1.3. It also limits normalization, whose time grows with the square of the length. */
const LONGEST = 254;
// Not a grammar (that of RFC 5321 accepts far more than addresses in use): something before and after one @, and no
// character that is a space, invisible, unassigned or a replacement for a lost one. The host must not hold characters
// with a special meaning in a URL.
const ADDRESS =
  /^([^\s@\p{C}\p{Default_Ignorable_Code_Point}\u2800\ufffc\ufffd]+)@([^\s@\p{C}\p{Default_Ignorable_Code_Point}\u2800\ufffc\ufffd/?#%:\\[\]]+)$/u;
/** Names of hosts in ASCII (RFC 5890 §2.3.1): labels of 1 to 63 letters, digits and hyphens. */
const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Removes white space around an address. JavaScript also trims characters that users do not regard as white space. */
export function trimEmail(email: string): string {
  return email.replace(/^[ \t\r\n]+/, '').replace(/(?<![ \t\r\n])[ \t\r\n]+$/, '');
}

/** An address in two parts, each in the canonical form of all its spellings; null if it cannot be an address. */
function parse(email: string): { local: string; host: string } | null {
  const trimmed = trimEmail(email);
  if (trimmed.length > LONGEST) return null;
  const [, local, name] = ADDRESS.exec(trimmed) ?? [];
  if (local === undefined || name === undefined) return null;
  const host = domainToASCII(name);
  // A number is no mail host (`127.1` is 127.0.0.1), and an A-label that cannot be decoded has no meaning.
  if (!HOST.test(host) || isIP(host) !== 0 || domainToUnicode(host).includes('xn--')) return null;
  // Composed before and after folding: equal texts must fold to the same text, and a lower-case letter may have a
  // composed form where its upper-case letter has none.
  return { local: foldCase(local.normalize('NFC')).normalize('NFC'), host };
}

/**
 * The canonical form of all spellings of an address: its local part in NFC after Unicode's simple case folding, and its
 * host in ASCII (RFC 5891). Null if it cannot be an address.
 */
export function canonicalEmail(email: string): string | null {
  const address = parse(email);
  return address && `${address.local}@${address.host}`;
}

/** Whether this can be an email address: at most 254 characters (RFC 5321), one @ between a local part and a host. */
export function isEmail(email: string): boolean {
  return parse(email) !== null;
}

/** Whether this address is in the reserved domain `.invalid` (RFC 2606), like that of a canary. */
export function isReserved(email: string): boolean {
  return /(?:^|\.)invalid$/.test(parse(email)?.host ?? '');
}

// Exceptions from the mapping to upper and back to lower case: ı is no i, and ﬅ folds to ﬆ (Unicode, CaseFolding.txt).
const FOLDED = new Map([
  ['\u0131', '\u0131'],
  ['\ufb05', '\ufb06'],
]);

/** Unicode's simple case folding: each character becomes one character, whatever its position (σ, ς and Σ are σ). */
function foldCase(text: string): string {
  return Array.from(text, (character) => {
    const known = FOLDED.get(character);
    if (known !== undefined) return known;
    const upper = character.toUpperCase();
    const lower = (isOneCharacter(upper) ? upper : character).toLowerCase();
    return isOneCharacter(lower) ? lower : character;
  }).join('');
}

const isOneCharacter = (text: string) => text.length === 1 || (text.length === 2 && text.codePointAt(0)! > 0xffff);

/** The canonical form of rows that were written before hosts were converted to ASCII and case was folded. */
function formerForm(email: string): string | null {
  const trimmed = email.trim();
  return trimmed.length > LONGEST || !trimmed.isWellFormed() ? null : trimmed.toLowerCase().normalize('NFC');
}

/** The address of a user. A keyed hash of its canonical form finds the row. The hash reveals which rows are equal. */
export const EMAIL: SealedField = {
  table: 'users',
  column: 'email_sealed',
  key: 'id',
  index: {
    column: 'email_index',
    spellings(email) {
      const forms = [canonicalEmail(email), formerForm(email)].filter((form) => form !== null);
      const [first, ...others] = forms;
      if (first === undefined) throw new Error('Only an email address is sealed as one.');
      return [first, ...others];
    },
  },
  former: { purpose: 'users.email', aad: (id) => id },
};

/** Finds users by their sealed addresses. */
export class EmailIndex {
  readonly #indexOf: (canonical: string) => Buffer;

  /** @param indexOf the blind index of a canonical address */
  constructor(indexOf: (canonical: string) => Buffer) {
    this.#indexOf = indexOf;
  }

  /** The same name for all spellings of an address. No account has an address that is too long. */
  nameOf(email: string): string {
    return this.#indexOf(canonicalEmail(email) ?? formerForm(email) ?? '').toString('base64url');
  }

  /**
   * The indexes to search for. The former form is first, because it is more exact: if two accounts were created with two
   * spellings of one address, each is found by its own spelling.
   */
  indexes(email: string): Buffer[] {
    const forms = new Set([formerForm(email), canonicalEmail(email)]);
    return [...forms].flatMap((canonical) => (canonical === null ? [] : [this.#indexOf(canonical)]));
  }
}
