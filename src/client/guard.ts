import { RekeyError } from './error.ts';
import { isAddress, type Verified } from './verification.ts';
import type { Verify } from './verifier.ts';

export interface GuardOptions<Request> {
  verify: Verify;
  /** A permission that the credential must hold. */
  permission?: string;
  /**
   * The IP address of the client. The default is what the framework says, which knows your proxies. Undefined: the address
   * of this process counts.
   */
  clientAddress?: (request: Request) => string | undefined;
}

/** A request that must not pass, as the response to it. */
export interface Refusal {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What a guard reads of a request. `header` returns all values of a header, joined by `, `; null if there is none. */
export interface Incoming {
  header(name: string): string | null;
  clientAddress: string | undefined;
}

/**
 * Decides about a request, for every adapter. It reads the credential from `Authorization: Bearer …` or `X-API-Key`, by the
 * rules of `/v1/verify`. It reads no cookies.
 */
export async function decide(
  { header, clientAddress }: Incoming,
  { verify, permission }: Pick<GuardOptions<never>, 'verify' | 'permission'>,
): Promise<Verified | Refusal> {
  const secret = presentedIn(header);
  if (secret === null) return MISSING;
  if (typeof secret !== 'string') return secret;
  if (clientAddress !== undefined && !isAddress(clientAddress)) return UNREADABLE_ADDRESS;
  try {
    const result = await verify(secret, { permission, clientAddress });
    if (result.ok) return result;
    return result.status === 401 ? INVALID : FORBIDDEN;
  } catch (error) {
    if (error instanceof RekeyError) return refusalOf(error);
    throw error;
  }
}

/** The credential of a request; null if there is none, and a refusal if there are two. */
function presentedIn(header: Incoming['header']): string | Refusal | null {
  const apiKey = header('x-api-key')?.trim() || null;
  const bearer = bearerIn(header('authorization'));
  if (apiKey === null || bearer === null || apiKey === bearer) return apiKey ?? bearer;
  // A token of the application may stay in `Authorization` beside an API key of Rekey.
  // An imported secret must be alone: it is unknown which of two others is for Rekey.
  if (!isOurs(bearer)) return isOurs(apiKey) ? apiKey : '';
  return isOurs(apiKey) ? CONTRADICTORY : bearer;
}

/** The text after `Bearer`; empty if it cannot be read; null if the scheme is another one. */
function bearerIn(authorization: string | null): string | null {
  if (authorization === null || !/^bearer(?![-!#$%&'*+.^_`|~0-9a-z])/i.test(authorization)) return null;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';
}

/** Whether a text has the form of a credential that Rekey issues. The second form is the header of an access token. */
function isOurs(text: string): boolean {
  return /^rk[ad]_[0-9A-Za-z]{36}$/.test(text) || text.startsWith('eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6');
}

const MISSING = refuse(
  401,
  'unauthenticated',
  'A credential is required. Send `Authorization: Bearer …` or `X-API-Key`.',
  {
    'www-authenticate': 'Bearer realm="rekey"',
  },
);
const INVALID = refuse(401, 'unauthenticated', 'The credential is not valid.', {
  'www-authenticate': 'Bearer realm="rekey", error="invalid_token"',
});
const FORBIDDEN = refuse(403, 'insufficient_scope', 'The credential does not hold the requested permission.');
const CONTRADICTORY = refuse(
  400,
  'bad_credentials_in_request',
  'The request carries two different credentials. Send only one.',
);
const UNREADABLE_ADDRESS = refuse(
  400,
  'invalid_request',
  'The address of the client is not an IP address. Check `X-Forwarded-For`, and which proxies this server trusts.',
);

/** The response to a request about which Rekey has not decided. @throws the error, if a retry does not help */
function refusalOf(error: RekeyError): Refusal {
  const { code, message, retryAfterSeconds = 1 } = error;
  const retryAfter = { 'retry-after': String(retryAfterSeconds) };
  if (code === 'RATE_LIMITED') return refuse(429, 'rate_limited', message, retryAfter);
  if (code !== 'AUTHENTICATION_UNAVAILABLE') throw error;
  return refuse(503, 'authentication_unavailable', 'The credential cannot be verified now. Try again.', retryAfter);
}

function refuse(status: number, error: string, description: string, headers: Record<string, string> = {}): Refusal {
  return {
    status,
    headers: { 'cache-control': 'no-store', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ error, error_description: description }),
  };
}

/** The credentials of the requests that have passed. */
const passed = new WeakMap<object, Verified>();

/** Notes that a request has passed. */
export function pass(request: object, verified: Verified): void {
  passed.set(request, verified);
}

/**
 * What the credential of a request stands for.
 *
 * @param request the object that the framework gives to a handler
 * @throws TypeError if the request has not passed a guard: a route without one must not run
 */
export function verifiedOf(request: object): Verified {
  const verified = passed.get(request);
  if (!verified) throw new TypeError('The request has not passed a guard of Rekey. Add the guard to this route.');
  return verified;
}
