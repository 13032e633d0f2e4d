import { type RateState, rateLimitHeaders, secondsToReset } from './rate-limit.ts';

/** The error codes of access control. The HTTP and GraphQL layers decide how each is returned. */
export type AccessErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'AUTHENTICATION_UNAVAILABLE'
  | 'BAD_CREDENTIALS_IN_REQUEST'
  | 'OUTCOME_UNKNOWN';

/** Why a signature, or a request without one, is rejected. It says nothing about which signing keys exist. */
export type SignatureReason =
  /** Some of the headers are present, but not all. */
  | 'SIGNATURE_INCOMPLETE'
  /** A header has another form, occurs twice, or there are two signatures. */
  | 'SIGNATURE_MALFORMED'
  /** The key is not valid, or it has not signed this request. */
  | 'SIGNATURE_INVALID'
  | 'TIMESTAMP_OUT_OF_RANGE'
  | 'NONCE_REPLAYED'
  /** The workspace of the credential requires signed requests. */
  | 'SIGNATURE_REQUIRED';

/** The HTTP status of a response that contains only this error. */
const STATUSES: Record<AccessErrorCode, number> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  AUTHENTICATION_UNAVAILABLE: 503,
  BAD_CREDENTIALS_IN_REQUEST: 400,
  OUTCOME_UNKNOWN: 500,
};

const INVALID_TOKEN = 'Bearer realm="rekey", error="invalid_token"';

/** A rejected request, or one whose outcome is unknown. The message is for the caller and contains no secret. */
export class AccessError extends Error {
  readonly code: AccessErrorCode;
  /** Seconds after which a retry makes sense. */
  readonly retryAfterSeconds: number | undefined;
  /** What is wrong with the signature of the request; undefined for every other error. */
  readonly reason: SignatureReason | undefined;
  /** The rate limit that the credential has reached; undefined for every other error. */
  readonly rate: RateState | undefined;
  /** The `WWW-Authenticate` challenge, for a caller that is not authenticated or not authorized. */
  readonly #challenge: string | undefined;

  constructor(
    code: AccessErrorCode,
    message: string,
    options: {
      retryAfterSeconds?: number;
      reason?: SignatureReason;
      rate?: RateState;
      challenge?: string;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AccessError';
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.reason = options.reason;
    this.rate = options.rate;
    this.#challenge = options.challenge;
  }

  /**
   * Whether this error decides about the status and headers of the whole response, even if only one field failed. Every
   * proxy must see a rate limit, an unavailable service and an invalid credential.
   */
  get concernsWholeAnswer(): boolean {
    return this.retryAfterSeconds !== undefined || this.#challenge === INVALID_TOKEN;
  }

  /** The HTTP status and headers (RFC 6750 §3, RFC 9110 §10.2.3). */
  get http(): { status: number; headers: Record<string, string> } {
    const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
    if (this.retryAfterSeconds !== undefined) headers['Retry-After'] = String(this.retryAfterSeconds);
    if (this.#challenge !== undefined) headers['WWW-Authenticate'] = this.#challenge;
    if (this.rate !== undefined) Object.assign(headers, rateLimitHeaders(this.rate));
    return { status: STATUSES[this.code], headers };
  }
}

/** The presented credential is not valid. All reasons share one message, so an attacker learns nothing from it. */
export const credentialRefused = () =>
  new AccessError('UNAUTHENTICATED', 'The credential is not valid.', { challenge: INVALID_TOKEN });

/** The same for a signed request, or one that must be signed. The reason is for the developer of the client. */
export const signatureRefused = (reason: SignatureReason) =>
  new AccessError('UNAUTHENTICATED', 'The credential is not valid.', { challenge: INVALID_TOKEN, reason });

/** A required credential is missing. No credential was invalid, so the challenge names no error (RFC 6750 §3.1). */
export const credentialMissing = () =>
  new AccessError(
    'UNAUTHENTICATED',
    'A credential is required. Send `Authorization: Bearer <access token or API key>` or `X-API-Key: <API key>`.',
    { challenge: 'Bearer realm="rekey"' },
  );

/** The challenge of a credential that may not do this (RFC 6750 §3.1), with the scope that would be enough. */
export const insufficientScope = (scope?: string) =>
  `Bearer realm="rekey", error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`;

/** The credential is valid but lacks a required scope. Any one of these would be enough. */
export const scopeMissing = (...anyOf: readonly string[]) =>
  new AccessError('FORBIDDEN', `The scope ${anyOf.join(' or ')} is required. The credential does not hold it.`, {
    // A list of scopes in a challenge means all of them.
    challenge: insufficientScope(anyOf.length === 1 ? anyOf[0] : undefined),
  });

/** The caller has reached a rate limit. */
export const tooMany = (retryAfterSeconds: number) =>
  new AccessError('RATE_LIMITED', `Too many requests. Try again in ${retryAfterSeconds} s.`, { retryAfterSeconds });

/** The credential is valid and has reached its own rate limit. */
export const rateLimitReached = (rate: RateState) => {
  const retryAfterSeconds = secondsToReset(rate);
  const { requests, windowSeconds } = rate.limit;
  return new AccessError(
    'RATE_LIMITED',
    `The credential has reached its limit of ${requests} requests in ${windowSeconds} s. Try again in ${retryAfterSeconds} s.`,
    { retryAfterSeconds, rate },
  );
};

/** There are too many live connections of one kind, such as `this credential`. */
export const tooManyConnections = (of: string) =>
  new AccessError('RATE_LIMITED', `Too many live connections of ${of}. Close one, or try again in 5 s.`, {
    retryAfterSeconds: 5,
  });

/**
 * The service cannot determine whether a credential is valid, or cannot read the requested data. It fails closed.
 * Nothing was changed, so a retry is safe.
 */
export const unavailable = (cause?: unknown) =>
  new AccessError('AUTHENTICATION_UNAVAILABLE', 'The service is temporarily unavailable. Try again.', {
    retryAfterSeconds: 1,
    cause,
  });

/** The request contradicts itself, e.g. it carries two different credentials. */
export const contradictoryCredentials = () =>
  new AccessError('BAD_CREDENTIALS_IN_REQUEST', 'The request carries two different credentials. Send only one.');

/** The request is signed by a key of one workspace and carries a credential that does not belong to it. */
export const signatureOfAnotherWorkspace = () =>
  new AccessError(
    'BAD_CREDENTIALS_IN_REQUEST',
    'The signing key and the other credential of the request must belong to the same workspace. Send only one of them.',
  );

/** The request carries one of our cookies twice, and nothing says which one is correct. */
export const repeatedCookie = (name: string) =>
  new AccessError(
    'BAD_CREDENTIALS_IN_REQUEST',
    `The request carries the cookie ${name} twice. Delete the cookies of this site, then log in again.`,
  );

/** The connection was lost during or after the commit of a change, so the change may or may not have been applied. */
export const outcomeUnknown = (cause: unknown) =>
  new AccessError(
    'OUTCOME_UNKNOWN',
    'The database connection was lost during or after the commit. The change may have been applied. Check before retrying.',
    { cause },
  );
