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
  if (hasMoreValuesThan(MOST_VALUES, text)) {
    throw badInput(`The body must have at most ${MOST_VALUES} JSON values.`, 'always');
  }
  const body = parseJson(text);
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

/**
 * Counts the body itself and what begins a value: an opening bracket or brace, and a comma. A list or an object without
 * values counts as two. Linear, and it does not look into strings.
 */
function hasMoreValuesThan(most: number, json: string): boolean {
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
