import { GraphQLError } from 'graphql';
import { databaseDidNotAnswer } from '../database/sql-errors.ts';
import { AccessError, type AccessErrorCode, unavailable } from '../identity/access-error.ts';
import type { Logger } from '../kernel/logger.ts';
import { currentRequestId } from '../kernel/request-context.ts';
import { badInput } from './bad-input.ts';

/** What each access error is called in `extensions.code`. */
const CODES: Record<AccessErrorCode, string> = {
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  FORBIDDEN: 'FORBIDDEN',
  RATE_LIMITED: 'RATE_LIMITED',
  AUTHENTICATION_UNAVAILABLE: 'AUTHENTICATION_UNAVAILABLE',
  BAD_CREDENTIALS_IN_REQUEST: 'BAD_USER_INPUT',
  OUTCOME_UNKNOWN: 'OUTCOME_UNKNOWN',
};

/** An access error as GraphQL tells it. `http`, where given, decides about the status and headers of the whole answer. */
function toGraphQLError(error: AccessError, http?: { status: number; headers: Record<string, string> }): GraphQLError {
  const { retryAfterSeconds } = error;
  return new GraphQLError(error.message, {
    extensions: {
      code: CODES[error.code],
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(http ? { http } : {}),
    },
  });
}

/** A request that is refused as a whole, before anything of it is executed: no `data`, and a status to match. */
export function refusedRequest(error: AccessError): GraphQLError {
  return toGraphQLError(error, error.http);
}

/**
 * Decides what callers get to see of an error. Access errors and errors of the request itself speak for themselves, and a
 * database that did not answer is a reason to try again; of everything else only the request id leaves the house, and
 * the rest goes to the log.
 */
export function createMaskError(logger: Logger) {
  const logged = new WeakSet<object>();
  return (error: unknown): Error => {
    const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    if (original instanceof GraphQLError) return requestFault(error as GraphQLError);
    const requestId = currentRequestId();
    // Once: a read that many fields have waited for fails all of them.
    const isNew = !logged.has(original as object);
    if (original instanceof Error) logged.add(original);
    const told = toldAsIs(original);
    if (told) {
      if (told.cause && isNew) logger.warn({ requestId, err: told }, told.message);
      return at(error, toGraphQLError(told, told.concernsWholeAnswer ? told.http : undefined));
    }
    if (isNew) logger.error({ requestId, err: original }, 'unexpected error');
    const message = 'Internal error. The service logged the details under the request id in `extensions.requestId`.';
    return at(error, new GraphQLError(message, { extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }));
  };
}

/** What may be told in its own words; null where the caller must not see what it was. */
function toldAsIs(error: unknown): AccessError | null {
  if (error instanceof AccessError) return error;
  return databaseDidNotAnswer(error) ? unavailable(error) : null;
}

/**
 * An error of the request, as we have said it. What the executor says of an argument quotes the value, so it gets other
 * words; it happens where a variable with a default is null.
 */
function requestFault(error: GraphQLError): GraphQLError {
  if (error.extensions.code !== undefined) return error;
  return at(error, badInput('An argument of this field is invalid.', error.path ? 'field' : 'graphql'));
}

/** The same error at the place where another one happened, so that a client knows which field failed. */
function at(place: unknown, { message, extensions }: GraphQLError): GraphQLError {
  if (!(place instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes, source, positions, path } = place;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}
