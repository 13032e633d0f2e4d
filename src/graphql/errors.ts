import { GraphQLError } from 'graphql';
import { databaseDidNotAnswer } from '../database/sql-errors.ts';
import { AccessError, type AccessErrorCode, unavailable } from '../identity/access-error.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Outage } from '../kernel/outage.ts';
import { currentRequestId } from '../kernel/request-context.ts';
import { PositionError } from '../revocation/event-log.ts';
import { badInput } from './bad-input.ts';

/** The `extensions.code` of each access error. */
const CODES: Record<AccessErrorCode, string> = {
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  FORBIDDEN: 'FORBIDDEN',
  RATE_LIMITED: 'RATE_LIMITED',
  AUTHENTICATION_UNAVAILABLE: 'AUTHENTICATION_UNAVAILABLE',
  BAD_CREDENTIALS_IN_REQUEST: 'BAD_USER_INPUT',
  OUTCOME_UNKNOWN: 'OUTCOME_UNKNOWN',
  TOO_SLOW: 'TOO_SLOW',
};

/** An access error as a GraphQL error. `http`, if given, determines the status and headers of the whole response. */
function toGraphQLError(error: AccessError, http?: { status: number; headers: Record<string, string> }): GraphQLError {
  const { retryAfterSeconds, reason } = error;
  return new GraphQLError(error.message, {
    extensions: {
      code: CODES[error.code],
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(reason === undefined ? {} : { reason }),
      ...(http ? { http } : {}),
    },
  });
}

/** The error of a request that is rejected as a whole, before its execution: no `data`, and the status of the error. */
export function refusedRequest(error: AccessError): GraphQLError {
  return toGraphQLError(error, error.http);
}

export interface MaskErrorOptions {
  logger: Logger;
  /** Of the database. */
  outage: Outage;
  /** Notes that a field of the current request was rejected, for its explanation. */
  refusedLater: (error: AccessError) => void;
}

/**
 * Decides what the caller sees of an error. Access errors and errors of the request itself are returned. A database
 * that did not answer becomes an error that the caller may retry. For everything else the caller gets only the request
 * id, and the error is logged.
 */
export function createMaskError({ logger, outage, refusedLater }: MaskErrorOptions) {
  const logged = new WeakMap<object, { first: string | undefined; last: string | undefined }>();
  return (error: unknown): Error => {
    const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    if (original instanceof GraphQLError) return requestFault(error as GraphQLError);
    if (original instanceof PositionError) return at(error, positionFault(original));
    const requestId = currentRequestId();
    // Logs once: a failed read fails all fields that wait for it. Requests that share an execution share its errors, too.
    const known = logged.get(original as object);
    const isNew = known === undefined;
    if (original instanceof Error) logged.set(original, { first: known ? known.first : requestId, last: requestId });
    const told = toldAsIs(original);
    if (told) {
      refusedLater(told);
      if (told.cause && isNew) {
        if (told.code === 'AUTHENTICATION_UNAVAILABLE') outage.failed(told, told.message, { requestId });
        else logger.warn({ requestId, err: told }, told.message);
      }
      return at(error, toGraphQLError(told, told.concernsWholeAnswer ? told.http : undefined));
    }
    if (isNew) logger.error({ requestId, err: original }, 'unexpected error');
    else if (known.last !== requestId)
      logger.error({ requestId, sharedWith: known.first }, 'unexpected error of the execution of another request');
    const message = 'Internal error. The service logged the details under the request id in `extensions.requestId`.';
    return at(error, new GraphQLError(message, { extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }));
  };
}

/** The position from which a subscription should begin. */
function positionFault({ problem }: PositionError): GraphQLError {
  if (problem === 'beyond the log') return badInput('`after` is beyond the end of the log.', 'field');
  const message = 'The log does not reach back to `after`. Forget what you have cached, and subscribe without `after`.';
  return new GraphQLError(message, { extensions: { code: 'POSITION_TOO_OLD' } });
}

/** The error to return; null if the caller must not see it. */
function toldAsIs(error: unknown): AccessError | null {
  if (error instanceof AccessError) return error;
  return databaseDidNotAnswer(error) ? unavailable(error) : null;
}

/**
 * An error of the request, with a message of ours. The message of the executor about an argument quotes the value, so
 * it is replaced. It occurs if a variable with a default is null.
 */
function requestFault(error: GraphQLError): GraphQLError {
  if (error.extensions.code !== undefined) return error;
  return at(error, badInput('An argument of this field is invalid.', error.path ? 'field' : 'graphql'));
}

/** The same error at the location of another one, so that a client knows which field failed. */
function at(place: unknown, { message, extensions }: GraphQLError): GraphQLError {
  if (!(place instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes, source, positions, path } = place;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}
