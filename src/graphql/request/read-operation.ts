import { hasMoreJsonValues } from '../../kernel/json-values.ts';
import { badInput } from '../bad-input.ts';

/** The parameters of a request (GraphQL over HTTP, §5). */
export interface Operation {
  query: string;
  operationName?: string;
  variables?: Record<string, unknown>;
}

/** The members of a request and their types. `extensions` is allowed and not used. */
const MEMBERS: Record<string, 'text' | 'object'> = {
  query: 'text',
  operationName: 'text',
  variables: 'object',
  extensions: 'object',
};

/** The maximum number of JSON values in a body. No operation needs more. Many small ones cost more than a long text. */
const MOST_VALUES = 5000;

/**
 * Reads the JSON of a request.
 *
 * @throws GraphQLError `BAD_USER_INPUT` that names the invalid member, and never repeats what the client sent
 */
export function readOperation(text: string): Operation {
  if (hasMoreJsonValues(text, MOST_VALUES))
    throw badInput(`The body must have at most ${MOST_VALUES} JSON values.`, 'always');
  return operationOf(parseJson(text));
}

/**
 * Reads the members of a request.
 *
 * @param body parsed JSON
 * @throws GraphQLError `BAD_USER_INPUT` that names the invalid member, and never repeats what the client sent
 */
export function operationOf(body: unknown): Operation {
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
  const { query, operationName, variables } = body as Partial<Record<keyof Operation, never>>;
  if (query == null) throw badInput('The body must have the member `query` with a GraphQL document.', 'always');
  return {
    query,
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
