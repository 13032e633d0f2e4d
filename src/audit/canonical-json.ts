/** What the audit log hashes and signs: texts, whole numbers, null, and objects of these. */
export type CanonicalValue = string | number | null | { readonly [name: string]: CanonicalValue };

/**
 * The JSON Canonicalization Scheme (RFC 8785) for these values: no white space, names in the order of their UTF-16 code
 * units, texts and whole numbers as ECMAScript writes them.
 *
 * @throws TypeError for a number with a fraction or beyond 2^53, and for a text with half of a surrogate pair
 */
export function canonicalJson(value: CanonicalValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('A text with half of a surrogate pair has no canonical form.');
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('Only whole numbers up to 2^53 have a canonical form here.');
    return String(value + 0); // Minus zero is zero.
  }
  const members = Object.keys(value)
    .sort()
    .map((name) => `${canonicalJson(name)}:${canonicalJson(value[name]!)}`);
  return `{${members.join(',')}}`;
}
