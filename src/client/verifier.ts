import { RekeyError } from './client.ts';

/** The credential is valid and holds the requested permission. The fields say what it stands for. */
export interface Verified {
  ok: true;
  credentialId: string;
  userId: string | null;
  workspaceId: string | null;
  scopes: string[];
  permissions: string[];
  /** When the credential expires, RFC 3339; null: never. */
  expiresAt: string | null;
}

/**
 * The credential is not valid (401), or does not hold the permission (403). Respond to the request with this status.
 */
export type Refused =
  | { ok: false; status: 401; code: 'UNAUTHENTICATED' }
  | { ok: false; status: 403; code: 'FORBIDDEN' };

export interface VerifierOptions {
  /** The URL of the service, e.g. `http://rekey.internal:4000`. */
  url: string;
  fetch?: typeof globalThis.fetch;
}

export interface VerifyOptions {
  /** A permission that the credential must hold. */
  permission?: string | undefined;
  /**
   * The IP address of the client that presented the credential, for the limit of failed authentications.
   * Without it, all of them count against the address of this process. The service must name this process
   * in `REKEY_TRUSTED_PROXIES`.
   */
  clientAddress?: string | undefined;
}

/** A text that fits into a header and that servers do not reject as too long. Every credential has this form. */
const SENDABLE = /^[\x21-\x7e]{1,8192}$/;
/** One IPv4 or IPv6 address, with a zone or without. A list would let a client choose its address. */
const ADDRESS = /^[0-9A-Fa-f:.]{2,45}(%[\w.-]{1,16})?$/;

const UNAUTHENTICATED: Refused = { ok: false, status: 401, code: 'UNAUTHENTICATED' };
const FORBIDDEN: Refused = { ok: false, status: 403, code: 'FORBIDDEN' };

/**
 * Creates a function that asks `/v1/verify` what a credential stands for. It sends a request on every call, because a
 * cached answer could outlive a revocation.
 *
 * @example
 * ```ts
 * const verify = createVerifier({ url: 'http://rekey.internal:4000' });
 *
 * const result = await verify(secret, { permission: 'deploy:staging', clientAddress: request.socket.remoteAddress });
 * if (!result.ok) return new Response(null, { status: result.status });
 * console.log(result.userId);
 * ```
 *
 * The function throws a `RekeyError` if the credential was neither accepted nor rejected. Respond with 503 then, and
 * never accept the request:
 * - `AUTHENTICATION_UNAVAILABLE`: the service cannot decide, or does not respond (`cause` says why),
 * - `RATE_LIMITED`: too many invalid credentials from this address; see `retryAfterSeconds`,
 * - `INVALID_REQUEST`: the service rejects the question, e.g. an empty `permission`.
 *
 * It throws a `TypeError` if `clientAddress` is not an IP address.
 */
export function createVerifier({ url, fetch = globalThis.fetch }: VerifierOptions) {
  return async (secret: string, { permission, clientAddress }: VerifyOptions = {}): Promise<Verified | Refused> => {
    if (clientAddress !== undefined && !ADDRESS.test(clientAddress)) {
      throw new TypeError('`clientAddress` must be one IP address, e.g. `request.socket.remoteAddress`.');
    }
    if (!SENDABLE.test(secret)) return UNAUTHENTICATED;
    const target = new URL('/v1/verify', url);
    if (permission !== undefined) target.searchParams.set('permission', permission);
    const headers: Record<string, string> = { authorization: `Bearer ${secret}` };
    if (clientAddress !== undefined) headers['x-forwarded-for'] = clientAddress;
    let response: Response;
    try {
      // The service never redirects. A redirect of another server must not receive the secret.
      response = await fetch(target, { headers, redirect: 'manual' });
    } catch (cause) {
      throw unavailable('The service does not respond.', cause);
    }
    return response.status === 204 ? verified(response.headers) : refused(response);
  };
}

function verified(headers: Headers): Verified {
  const value = (name: string) => {
    const text = headers.get(`x-rekey-${name}`);
    return text === null || text === '' || text === '-' ? null : text;
  };
  const list = (name: string) => value(name)?.split(',') ?? [];
  const credentialId = value('credential');
  if (credentialId === null)
    throw unavailable('The response names no credential, so it does not come from Rekey. Check `url`.');
  return {
    ok: true,
    credentialId,
    userId: value('user'),
    workspaceId: value('workspace'),
    scopes: list('scopes'),
    permissions: list('permissions'),
    expiresAt: value('expires'),
  };
}

/** The other errors of `/v1/verify`. */
const CODES = [
  'AUTHENTICATION_UNAVAILABLE',
  'RATE_LIMITED',
  'BAD_CREDENTIALS_IN_REQUEST',
  'INVALID_REQUEST',
  'REQUEST_HEADER_FIELDS_TOO_LARGE',
];

/** @throws RekeyError if the response is not a rejection by the service */
async function refused(response: Response): Promise<Refused> {
  const body: unknown = await response.json().catch(() => null);
  const { error, error_description } = Object(body) as Record<string, unknown>;
  if (response.status === 401 && error === 'unauthenticated') return UNAUTHENTICATED;
  if (response.status === 403 && error === 'insufficient_scope') return FORBIDDEN;
  const code = CODES.find((known) => known === String(error).toUpperCase());
  if (code === undefined)
    throw unavailable(`The response with status ${response.status} does not come from Rekey. Check \`url\`.`);
  const retryAfterSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const extensions = { code, ...(retryAfterSeconds >= 0 ? { retryAfterSeconds } : {}) };
  throw new RekeyError([{ message: String(error_description), extensions }]);
}

function unavailable(message: string, cause?: unknown): RekeyError {
  const extensions = { code: 'AUTHENTICATION_UNAVAILABLE' };
  return new RekeyError([{ message, extensions }], cause === undefined ? {} : { cause });
}
