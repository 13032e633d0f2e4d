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
      for (at++; at < json.length && json.charCodeAt(at) !== QUOTE; at++) {
        if (json.charCodeAt(at) === BACKSLASH) at++;
      }
    } else if (code === COMMA || code === BRACKET || code === BRACE) {
      if (++values > most) return true;
    }
  }
  return false;
}

const [QUOTE, COMMA, BRACKET, BACKSLASH, BRACE] = [0x22, 0x2c, 0x5b, 0x5c, 0x7b];
