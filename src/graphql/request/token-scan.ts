/**
 * Where a GraphQL text has had more than this many tokens; null if it has not, or if only the lexer can tell. It takes half
 * of the time of the lexer, and makes no objects: it looks for what begins a token. It never counts more than the lexer
 * does.
 *
 * @see https://spec.graphql.org/draft/#sec-Appendix-Grammar-Summary.Lexical-Tokens
 */
export function placeOfExcessToken(text: string, most: number): number | null {
  let tokens = 0;
  let isInRun = false;
  for (let at = 0; at < text.length; at++) {
    const kind = KINDS[text.charCodeAt(at)] ?? OTHER;
    const begins = kind === RUN ? !isInRun : kind === PUNCTUATOR || kind === QUOTE;
    isInRun = kind === RUN;
    if (begins && ++tokens > most) return at;
    if (kind === QUOTE) at = endOfString(text, at);
    if (kind === HASH) at = endOfLine(text, at);
  }
  return null;
}

const [OTHER, RUN, PUNCTUATOR, QUOTE, HASH] = [0, 1, 2, 3, 4];

/** What each character of ASCII begins. A run is a name, a number or a spread, or several of them without a space. */
const KINDS = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  if (/[\w.+-]/.test(character)) KINDS[code] = RUN;
  else if ('!$&()=:@[]{|}'.includes(character)) KINDS[code] = PUNCTUATOR;
}
KINDS['"'.charCodeAt(0)] = QUOTE;
KINDS['#'.charCodeAt(0)] = HASH;

/** The last character of the string that begins here. */
function endOfString(text: string, begin: number): number {
  if (text.startsWith('"""', begin)) {
    let end = text.indexOf('"""', begin + 3);
    while (end >= 0 && text[end - 1] === '\\') end = text.indexOf('"""', end + 3);
    return end < 0 ? text.length : end + 2;
  }
  for (let at = begin + 1; at < text.length; at++) {
    const character = text[at];
    if (character === '"' || character === '\n' || character === '\r') return at;
    if (character === '\\') at++;
  }
  return text.length;
}

/** The character that ends the line of this one. */
function endOfLine(text: string, begin: number): number {
  let at = begin;
  while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}
