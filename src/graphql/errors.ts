import { GraphQLError } from 'graphql';
import { AccessError, type AccessErrorCode, unavailable } from '../access/access-error.ts';
import { type Logger, maskSecrets } from '../kernel/logger.ts';
import { currentRequestId } from '../kernel/request-context.ts';
import { databaseDidNotAnswer } from '../kernel/sql-errors.ts';

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
    const message = 'Something went wrong. The details are in the log of the service, under this request id.';
    return at(error, new GraphQLError(message, { extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }));
  };
}

/** What may be told in its own words; null where the caller must not see what it was. */
function toldAsIs(error: unknown): AccessError | null {
  if (error instanceof AccessError) return error;
  return databaseDidNotAnswer(error) ? unavailable(error) : null;
}

/** What Yoga calls requests that are no GraphQL request at all; these get their status from everybody. */
const MALFORMED = ['BAD_REQUEST', 'REQUEST_ENTITY_TOO_LARGE', 'OPERATION_RESOLUTION_FAILURE'];
const CODES_OF_YOGA = [...MALFORMED, 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'];

/**
 * An error that the request is at fault for, under one code. Where a document or its variables do not fit, the status
 * says so to those who accept `application/graphql-response+json` (GraphQL over HTTP, §6.4).
 */
export function requestFault(error: GraphQLError): GraphQLError {
  const { code, http } = error.extensions as { code?: string; http?: { status: number } };
  // Said by us, at the field or for the whole request. What a scalar says of a variable still needs its status.
  const said = code !== undefined && !CODES_OF_YOGA.includes(code);
  if (said && (code !== 'BAD_USER_INPUT' || error.path || (http && !error.nodes))) return error;
  const status = { http: { status: http?.status ?? 400, spec: !MALFORMED.includes(code ?? '') } };
  const extensions = { code: 'BAD_USER_INPUT', ...(error.path ? {} : status) };
  // A secret may also stand where a name should.
  return at(error, new GraphQLError(maskSecrets(withoutValues(error)), { extensions }));
}

/** The message of an error about an input, without the input: what does not fit may be a password. */
function withoutValues({ message, originalError }: GraphQLError): string {
  const variable = /^Variable "(\$\w+)" got invalid value /.exec(message)?.[1];
  if (variable === undefined || !originalError) return valueless(message);
  // `Variable "$input" got invalid value <the value> at "input.password"; <the original message>`
  const head = message.slice(0, message.length - `; ${originalError.message}`.length);
  const place = / at "([^"]*)"$/.exec(head)?.[1];
  return `Variable "${place ? `$${place}` : variable}" does not fit: ${valueless(originalError.message)}`;
}

function valueless(message: string): string {
  return message
    .replace(/^Value ".*" does not exist in ("\w+") enum.*$/s, 'The value does not exist in the enum $1.')
    .replace(/ value: .*$/s, ' value.')
    .replace(/(?:[,;]|\. ?Did you mean .*?\?)? [Ff]ound: .*$/s, '.')
    .replace(/^(Syntax Error: .*, found \w+) ".*"\.$/s, '$1.');
}

/** The same error at the place where another one happened, so that a client knows which field failed. */
function at(place: unknown, { message, extensions }: GraphQLError): GraphQLError {
  if (!(place instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes, source, positions, path } = place;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}
