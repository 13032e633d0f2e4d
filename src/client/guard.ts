import { RekeyError } from './error.ts';
import { type HeaderValues, presentedCredential } from './presented-credential.ts';
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

/** What a guard reads of a request. */
export interface Incoming {
  values: HeaderValues;
  clientAddress: string | undefined;
}

/** Decides about a request, for every adapter. It finds the credential by the rules of `/v1/verify`, but reads no cookies. */
export async function decide(
  { values, clientAddress }: Incoming,
  { verify, permission }: Pick<GuardOptions<never>, 'verify' | 'permission'>,
): Promise<Verified | Refusal> {
  const presented = presentedCredential(values);
  if (typeof presented === 'string') return UNPRESENTED[presented];
  if (clientAddress !== undefined && !isAddress(clientAddress)) return UNREADABLE_ADDRESS;
  try {
    const result = await verify(presented.secret, { permission, clientAddress });
    if (result.ok) return result;
    return result.status === 401 ? INVALID : FORBIDDEN;
  } catch (error) {
    if (error instanceof RekeyError) return refusalOf(error);
    throw error;
  }
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
const UNPRESENTED = { none: MISSING, invalid: INVALID, contradictory: CONTRADICTORY };
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
