/** The top-level error codes of access; what each means for HTTP and GraphQL is decided at those edges. */
export type AccessErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'AUTHENTICATION_UNAVAILABLE'
  | 'BAD_CREDENTIALS_IN_REQUEST'
  | 'OUTCOME_UNKNOWN';

/** The HTTP status of an answer that consists of nothing but this error. */
const STATUSES: Record<AccessErrorCode, number> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  AUTHENTICATION_UNAVAILABLE: 503,
  BAD_CREDENTIALS_IN_REQUEST: 400,
  OUTCOME_UNKNOWN: 500,
};

const INVALID_TOKEN = 'Bearer realm="rekey", error="invalid_token"';

/** A request that is not let through, or whose fate is not known. The message is for the caller and holds no secret. */
export class AccessError extends Error {
  readonly code: AccessErrorCode;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined;
  /** What to present, for who is not known. */
  readonly #challenge: string | undefined;

  constructor(
    code: AccessErrorCode,
    message: string,
    options: { retryAfterSeconds?: number; challenge?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AccessError';
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.#challenge = options.challenge;
  }

  /**
   * Whether it concerns the whole answer, wherever in it it happened: what slows a request down, takes the service away,
   * or says that its credential is not good (any more) is for every proxy on the way to understand.
   */
  get concernsWholeAnswer(): boolean {
    return this.retryAfterSeconds !== undefined || this.#challenge === INVALID_TOKEN;
  }

  /** How HTTP tells it (RFC 6750 §3, RFC 9110 §10.2.3). */
  get http(): { status: number; headers: Record<string, string> } {
    const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
    if (this.retryAfterSeconds !== undefined) headers['Retry-After'] = String(this.retryAfterSeconds);
    if (this.#challenge !== undefined) headers['WWW-Authenticate'] = this.#challenge;
    return { status: STATUSES[this.code], headers };
  }
}

/** A credential was presented and is not good. One message for every reason: a thief learns nothing from it. */
export const credentialRefused = () =>
  new AccessError('UNAUTHENTICATED', 'The credential is not valid.', { challenge: INVALID_TOKEN });

/** No credential where one is needed. Nothing was wrong with it, so the challenge names no error (RFC 6750 §3.1). */
export const credentialMissing = () =>
  new AccessError(
    'UNAUTHENTICATED',
    'A credential is required. Send `Authorization: Bearer <access token or API key>` or `X-API-Key: <API key>`.',
    { challenge: 'Bearer realm="rekey"' },
  );

/** The credential is good but may not do this. */
export const scopeMissing = (scope: string) =>
  new AccessError('FORBIDDEN', `The scope ${scope} is required. The credential does not hold it.`);

/** Too much, too fast. */
export const tooMany = (retryAfterSeconds: number) =>
  new AccessError('RATE_LIMITED', `Too many requests. Try again in ${retryAfterSeconds} s.`, { retryAfterSeconds });

/**
 * The service cannot know: whether the credential is good, or what it was asked about. It does not guess. Nothing was
 * changed, so trying again is safe.
 */
export const unavailable = (cause?: unknown) =>
  new AccessError('AUTHENTICATION_UNAVAILABLE', 'The service is temporarily unavailable. Try again.', {
    retryAfterSeconds: 1,
    cause,
  });

/** The request contradicts itself, e.g. it carries two different credentials. */
export const contradictoryCredentials = () =>
  new AccessError('BAD_CREDENTIALS_IN_REQUEST', 'The request carries two different credentials. Send only one.');

/** The request carries one of our cookies twice. Nothing says which of the two is the right one. */
export const repeatedCookie = (name: string) =>
  new AccessError(
    'BAD_CREDENTIALS_IN_REQUEST',
    `The request carries the cookie ${name} twice. Delete the cookies of this site, then log in again.`,
  );

/** The connection broke while a change was being committed, or after it: it may or may not have happened. */
export const outcomeUnknown = (cause: unknown) =>
  new AccessError(
    'OUTCOME_UNKNOWN',
    'The database connection was lost during or after the commit. The change may have been applied. Check before retrying.',
    { cause },
  );
