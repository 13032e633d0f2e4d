import { GraphQLError, type GraphQLErrorOptions } from 'graphql';

/**
 * How an error determines the status of the response (GraphQL over HTTP, §6.4):
 * - `always`: the request is no GraphQL request, and every client gets 400;
 * - `graphql`: the document or its variables are invalid. Clients that accept `application/graphql-response+json` get
 *   400, the others read the body;
 * - `field`: one field rejects its arguments, and the rest of the response is valid.
 */
export type BadInputScope = 'always' | 'graphql' | 'field';

/** An error of the caller. Its message is safe to return: it contains no value that the caller sent. */
export function badInput(message: string, scope: BadInputScope, place: GraphQLErrorOptions = {}): GraphQLError {
  const http = scope === 'field' ? {} : { http: { status: 400, spec: scope === 'graphql' } };
  return new GraphQLError(message, { ...place, extensions: { code: 'BAD_USER_INPUT', ...http } });
}
