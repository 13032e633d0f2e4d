/** Every value of `RekeyError.code`, with its origin. */
export const REKEY_ERROR_CODES = [
  // `extensions.code` of a GraphQL response
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'RATE_LIMITED',
  'AUTHENTICATION_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
  'POSITION_TOO_OLD',
  'TOO_SLOW',
  'INTERNAL_SERVER_ERROR',
  // `error` of another endpoint, in capitals
  'BAD_CREDENTIALS_IN_REQUEST',
  'INVALID_REQUEST',
  'REQUEST_HEADER_FIELDS_TOO_LARGE',
  // found by this package
  'NETWORK',
  'CONTENT_DIGEST_MISMATCH',
] as const;

/** What went wrong. A later version of the service may add codes: give a `switch` a `default`. */
export type RekeyErrorCode = (typeof REKEY_ERROR_CODES)[number];

/** Why a request signature was refused. */
export type SignatureRefusalReason =
  | 'SIGNATURE_INCOMPLETE'
  | 'SIGNATURE_MALFORMED'
  | 'SIGNATURE_INVALID'
  | 'SIGNATURE_REQUIRED'
  | 'TIMESTAMP_OUT_OF_RANGE'
  | 'NONCE_REPLAYED';

/** One entry of `errors` in a GraphQL response. */
export interface RekeyErrorEntry {
  message: string;
  /** The field that failed. Absent if the request was rejected as a whole, before anything was executed. */
  path?: readonly (string | number)[];
  extensions?: {
    code?: RekeyErrorCode;
    reason?: SignatureRefusalReason;
    retryAfterSeconds?: number;
    requestId?: string;
  };
}

export interface RekeyErrorOptions {
  errors?: readonly RekeyErrorEntry[];
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/**
 * A failure that the caller cannot handle field by field: no credential, an invalid one, too many requests, an outage.
 * Expected outcomes are not errors: they are members of the result's union.
 */
export class RekeyError extends Error {
  /** What went wrong. Check this, not the HTTP status. */
  readonly code: RekeyErrorCode;
  /** All errors of a GraphQL response; empty for other failures. */
  readonly errors: readonly RekeyErrorEntry[];
  /** Seconds after which a retry makes sense; undefined if the service names none. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: RekeyErrorCode,
    message: string,
    { errors = [], retryAfterSeconds, ...options }: RekeyErrorOptions = {},
  ) {
    super(message, options);
    this.name = 'RekeyError';
    this.code = code;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Why a request signature was refused; undefined for other failures. */
  get reason(): SignatureRefusalReason | undefined {
    return this.errors[0]?.extensions?.reason;
  }

  /** The request id under which the log of the service has the details; undefined if the error names none. */
  get requestId(): string | undefined {
    return this.errors[0]?.extensions?.requestId;
  }
}
