/**
 * Whether a JSON text has more than this many values, without parsing it. It counts the text itself and what begins a
 * value: an opening bracket or brace, and a comma. A list or an object without values counts as two. Linear, and it does
 * not look into strings.
 */
export function hasMoreJsonValues(json: string, most: number): boolean {
  if (json.length <= most) return false;
  let values = 1;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(json, at + 1);
    } else if (code === COMMA || code === BRACKET || code === BRACE) {
      if (++values > most) return true;
    }
  }
  return false;
}

/** The place of the quote that ends a string; the length of the text if there is none. Faster than a look at each character. */
function endOfString(json: string, begin: number): number {
  let at = json.indexOf('"', begin);
  while (at >= 0 && isEscaped(json, at, begin)) at = json.indexOf('"', at + 1);
  return at < 0 ? json.length : at;
}

/** Whether an odd number of backslashes is before this place. */
function isEscaped(json: string, at: number, begin: number): boolean {
  let first = at;
  while (first > begin && json.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

const [QUOTE, COMMA, BRACKET, BACKSLASH, BRACE] = [0x22, 0x2c, 0x5b, 0x5c, 0x7b];
