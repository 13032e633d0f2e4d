import { type DocumentNode, GraphQLError, getLocation, Lexer, parse, Source, type Token } from 'graphql';
import { badInput } from '../bad-input.ts';
import { DOCUMENT_LIMITS } from './document-limits.ts';
import { placeOfExcessToken } from './token-scan.ts';

/**
 * Parses a document of at most 32 KiB and 2000 tokens.
 *
 * @throws GraphQLError `BAD_USER_INPUT` that names the location, and the kind of the token there
 */
export function parseDocument(text: string): DocumentNode {
  if (text.length > DOCUMENT_LIMITS.characters) {
    const message = `The document must have at most ${DOCUMENT_LIMITS.characters} characters. Send values as variables.`;
    throw badInput(message, 'graphql');
  }
  const source = new Source(text);
  const excess = excessToken(source);
  if (excess !== null) {
    const place = { source: new Source(text.slice(0, excess + 1)), positions: [excess] };
    throw badInput(`The document has more than ${DOCUMENT_LIMITS.tokens} tokens.`, 'graphql', place);
  }
  try {
    return parse(source);
  } catch (error) {
    // Two thousand nested brackets are more than the parser's stack holds.
    if (error instanceof RangeError) throw badInput('The document is nested too deeply.', 'graphql');
    if (error instanceof GraphQLError) throw syntaxError(source, error.positions?.[0] ?? 0);
    throw error;
  }
}

/** Where there are too many tokens; null if there are not. Counting takes a fraction of the time that the parser takes. */
function excessToken(source: Source): number | null {
  const most = DOCUMENT_LIMITS.tokens;
  if (source.body.length <= most) return null; // A token has at least one character.
  const clear = placeOfExcessToken(source.body, most);
  if (clear !== null) return clear;
  return tokenAt(source, ({ kind }, count) => count > most && kind !== '<EOF>')?.start ?? null;
}

/** The parser's own message quotes what it has found, which may be a password. */
function syntaxError(source: Source, position: number): GraphQLError {
  const { line, column } = getLocation(source, position);
  const found = tokenAt(source, ({ start, kind }) => start >= position || kind === '<EOF>');
  const what = found ? `unexpected token of the kind "${found.kind}"` : 'this is not a GraphQL token';
  const message = `Syntax error in line ${line}, column ${column}: ${what}.`;
  return badInput(message, 'graphql', { source, positions: [position] });
}

/** The first token for which `isIt` returns true; null if there is none, or if something before it is no token. */
function tokenAt(source: Source, isIt: (token: Token, count: number) => boolean): Token | null {
  const lexer = new Lexer(source);
  try {
    for (let count = 1; ; count++) {
      const token = lexer.advance();
      if (isIt(token, count)) return token;
      if (token.kind === '<EOF>') return null;
    }
  } catch {
    return null;
  }
}
