import { RekeyError, type RekeyErrorCode } from './error.ts';

/** The credential is valid and holds the requested permission. The fields say what it stands for. */
export interface Verified {
  readonly ok: true;
  readonly credentialId: string;
  readonly userId: string | null;
  readonly workspaceId: string | null;
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  /** When the credential expires, RFC 3339; null: never. */
  readonly expiresAt: string | null;
}

/**
 * The credential is not valid (401), or does not hold the permission (403). Respond to the request with this status.
 */
export type Refused =
  | { readonly ok: false; readonly status: 401; readonly code: 'UNAUTHENTICATED' }
  | { readonly ok: false; readonly status: 403; readonly code: 'FORBIDDEN' };

export const UNAUTHENTICATED: Refused = Object.freeze({ ok: false, status: 401, code: 'UNAUTHENTICATED' });
const FORBIDDEN: Refused = Object.freeze({ ok: false, status: 403, code: 'FORBIDDEN' });

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Whether this is one IPv4 or IPv6 address, with a zone or without. A list would let a client choose its address. */
export function isAddress(text: string): boolean {
  if (IPV4.test(text)) return true;
  const [, address] = /^([0-9A-Fa-f:.]{2,45})(?:%[\w.-]{1,16})?$/.exec(text) ?? [];
  return address !== undefined && URL.canParse(`http://[${address}]`);
}

/** Reads the answer of `/v1/verify`. @throws RekeyError if it neither accepts nor refuses the credential */
export async function readVerification(response: Response): Promise<Verified | Refused> {
  if (response.status === 204) return verifiedOf(response.headers);
  const error = await errorOf(response);
  if (error.code === 'UNAUTHENTICATED') return UNAUTHENTICATED;
  if (error.code === 'FORBIDDEN') return FORBIDDEN;
  throw error;
}

const ID = /^\w+$/;
const LIST = /^[^\s,]+(,[^\s,]+)*$/;

/**
 * Reads the identity headers. The service always sends all of them, with `-` for none. If one is missing or malformed,
 * a proxy has changed the response, and the credential may hold less than the other headers say.
 */
function verifiedOf(headers: Headers): Verified {
  const value = (name: string, form: RegExp) => {
    const text = headers.get(`x-rekey-${name}`) ?? '';
    if (text === '-') return null;
    if (!form.test(text)) throw unidentified(name);
    return text;
  };
  const list = (name: string) => Object.freeze(value(name, LIST)?.split(',') ?? []);
  const credentialId = value('credential', ID);
  if (credentialId === null) throw unidentified('credential');
  return Object.freeze({
    ok: true,
    credentialId,
    userId: value('user', ID),
    workspaceId: value('workspace', ID),
    scopes: list('scopes'),
    permissions: list('permissions'),
    expiresAt: value('expires', /./),
  });
}

const unidentified = (name: string) =>
  unavailable(`The response has no valid \`x-rekey-${name}\`. Check \`url\`, and that no proxy changes headers.`);

/** The errors of the endpoints that are not GraphQL, each with its status. */
const STATUSES: Partial<Record<RekeyErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  AUTHENTICATION_UNAVAILABLE: 503,
  RATE_LIMITED: 429,
  BAD_CREDENTIALS_IN_REQUEST: 400,
  INVALID_REQUEST: 400,
  REQUEST_HEADER_FIELDS_TOO_LARGE: 431,
  POSITION_TOO_OLD: 410,
};

/** The error in a response of an endpoint that is not GraphQL. The response of another server decides nothing. */
export async function errorOf(response: Response): Promise<RekeyError> {
  const { error, error_description } = Object(await response.json().catch(() => null)) as Record<string, unknown>;
  const code = (error === 'insufficient_scope' ? 'FORBIDDEN' : String(error).toUpperCase()) as RekeyErrorCode;
  if (STATUSES[code] !== response.status) {
    return unavailable(`The response with status ${response.status} does not come from Rekey. Check \`url\`.`);
  }
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new RekeyError(code, String(error_description), { retryAfterSeconds: seconds >= 0 ? seconds : undefined });
}

/** The service did not decide. */
export function unavailable(message: string, cause?: unknown): RekeyError {
  return new RekeyError('AUTHENTICATION_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}
