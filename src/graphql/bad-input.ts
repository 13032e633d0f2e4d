import { GraphQLError, type GraphQLErrorOptions } from 'graphql';

/**
 * Where the status of an answer comes from (GraphQL over HTTP, §6.4):
 * - `always`: the request is no GraphQL request, and every client gets 400;
 * - `graphql`: the document or its variables do not fit, and 400 goes to clients that accept
 *   `application/graphql-response+json`; the others read the body;
 * - `field`: one field does not accept its arguments, and the rest of the answer stands.
 */
export type BadInputScope = 'always' | 'graphql' | 'field';

/** An error of the caller, in words that are safe to return: they hold no value that the caller sent. */
export function badInput(message: string, scope: BadInputScope, place: GraphQLErrorOptions = {}): GraphQLError {
  const http = scope === 'field' ? {} : { http: { status: 400, spec: scope === 'graphql' } };
  return new GraphQLError(message, { ...place, extensions: { code: 'BAD_USER_INPUT', ...http } });
}
