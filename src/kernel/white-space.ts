/**
 * Removes the optional white space that HTTP allows around a value: SP and HTAB only (RFC 9110 §5.6.3). JavaScript's
 * `trim` also removes U+00A0 and U+FEFF, so it could read a header differently than a proxy does.
 */
export function trimOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOws(text.charCodeAt(start))) start++;
  while (end > start && isOws(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isOws = (code: number) => code === 0x20 || code === 0x09;
