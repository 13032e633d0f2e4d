import { GraphQLError } from 'graphql';
import { AccessError, type AccessErrorCode } from '../access/access-error.ts';
import type { Logger } from '../kernel/logger.ts';
import { currentRequestId } from '../kernel/request-context.ts';

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
 * Decides what callers get to see of an error. Access errors and errors of the request itself speak for themselves;
 * of everything else only the request id leaves the house, and the rest goes to the log.
 */
export function createMaskError(logger: Logger) {
  return (error: unknown): Error => {
    const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    const requestId = currentRequestId();
    if (original instanceof AccessError) {
      if (original.cause) logger.warn({ requestId, err: original }, original.message);
      // What slows a field down or takes the service away concerns the whole answer, so that every proxy understands.
      const wholeAnswer = original.retryAfterSeconds !== undefined;
      return at(error, toGraphQLError(original, wholeAnswer ? original.http : undefined));
    }
    if (original instanceof GraphQLError) return original;
    logger.error({ requestId, err: original }, 'unexpected error');
    const message = 'Something went wrong. The details are in the log of the service, under this request id.';
    return at(error, new GraphQLError(message, { extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }));
  };
}

/** The same error at the place where another one happened, so that a client knows which field failed. */
function at(place: unknown, { message, extensions }: GraphQLError): GraphQLError {
  if (!(place instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes, source, positions, path } = place;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}
