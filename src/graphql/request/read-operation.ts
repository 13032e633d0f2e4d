import { hasMoreJsonValues } from '../../kernel/json-values.ts';
import { badInput } from '../bad-input.ts';
import type { NamedDocument, TextOf } from './trusted-documents.ts';

/** The parameters of a request (GraphQL over HTTP, §5). */
export interface Operation {
  query: string;
  operationName?: string;
  variables?: Record<string, unknown>;
}

/** The members of a request and their types. `extensions` is allowed and not used. */
const MEMBERS: Record<string, 'text' | 'object'> = {
  query: 'text',
  documentId: 'text',
  operationName: 'text',
  variables: 'object',
  extensions: 'object',
};

/** The maximum number of JSON values in a body. No operation needs more. Many small ones cost more than a long text. */
const MOST_VALUES = 5000;

/**
 * Reads the JSON of a request.
 *
 * @param textOf finds the text of the document that the request names
 * @throws GraphQLError `BAD_USER_INPUT` that names the invalid member, and never repeats what the client sent
 */
export function readOperation(text: string, textOf: TextOf): Operation {
  if (hasMoreJsonValues(text, MOST_VALUES))
    throw badInput(`The body must have at most ${MOST_VALUES} JSON values.`, 'always');
  return operationOf(parseJson(text), textOf);
}

/**
 * Reads the members of a request.
 *
 * @param body parsed JSON
 * @param textOf finds the text of the document that the request names
 * @throws GraphQLError `BAD_USER_INPUT` that names the invalid member, and never repeats what the client sent
 */
export function operationOf(body: unknown, textOf: TextOf): Operation {
  if (!isObject(body)) throw badInput('The body must be one JSON object. Batches are not supported.', 'always');
  for (const [name, value] of Object.entries(body)) {
    const kind = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
    if (value === null) continue; // The same as if it were absent, as for every optional member.
    if (!kind) {
      throw badInput(`The body has an unknown member. Allowed members: ${Object.keys(MEMBERS).join(', ')}.`, 'always');
    }
    const fits = kind === 'text' ? typeof value === 'string' : isObject(value);
    if (!fits) throw badInput(`\`${name}\` must be ${kind === 'text' ? 'a string' : 'an object'}.`, 'always');
  }
  const { operationName, variables, ...named } = body as Partial<Operation> & NamedDocument;
  return {
    query: textOf(named),
    ...(operationName == null ? {} : { operationName }),
    ...(variables == null ? {} : { variables }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badInput('The body is not valid JSON.', 'always'); // The parser's own message quotes the text.
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
