import { type DocumentNode, GraphQLError, getLocation, Lexer, parse, Source, type Token } from 'graphql';
import { badInput } from '../bad-input.ts';
import { DOCUMENT_LIMITS } from './document-limits.ts';

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
  try {
    return parse(text, { maxTokens: DOCUMENT_LIMITS.tokens });
  } catch (error) {
    // Two thousand nested brackets are more than the parser's stack holds.
    if (error instanceof RangeError) throw badInput('The document is nested too deeply.', 'graphql');
    if (error instanceof GraphQLError) throw syntaxError(text, error.positions?.[0] ?? 0);
    throw error;
  }
}

/** The parser's own message quotes what it has found, which may be a password. */
function syntaxError(text: string, position: number): GraphQLError {
  const source = new Source(text);
  const { line, column } = getLocation(source, position);
  const place = { source, positions: [position] };
  const found = tokenAt(source, position);
  if (found === 'too many') {
    return badInput(`The document has more than ${DOCUMENT_LIMITS.tokens} tokens.`, 'graphql', place);
  }
  const what = found ? `unexpected token of the kind "${found.kind}"` : 'this is not a GraphQL token';
  return badInput(`Syntax error in line ${line}, column ${column}: ${what}.`, 'graphql', place);
}

/** The token that the parser found at this position; null if the text is no token. */
function tokenAt(source: Source, position: number): Token | 'too many' | null {
  const lexer = new Lexer(source);
  try {
    for (let count = 1; ; count++) {
      const token = lexer.advance();
      if (count > DOCUMENT_LIMITS.tokens) return 'too many';
      if (token.start >= position || token.kind === '<EOF>') return token;
    }
  } catch {
    return null;
  }
}
