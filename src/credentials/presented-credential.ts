import { contradictoryCredentials } from '../identity/access-error.ts';
import { trimOws } from '../kernel/white-space.ts';
import { cookieSecrets } from './cookies.ts';

/** Where a request carries its credential. */
export type Carrier = 'bearer' | 'apiKeyHeader' | 'cookie';

/** What a request carries to say who it comes from. */
export interface PresentedCredential {
  readonly carrier: Carrier;
  readonly text: string;
}

/** Whether a text has the form of a credential that this service issues: see `CredentialTypes.isOurs`. */
export type IsOurs = (text: string) => boolean;

/** A request's headers as Node gives them: once by name in lower case, and once as they came, names and values by turns. */
export interface RequestHeaders {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly rawHeaders: readonly string[];
}

/**
 * The one credential of a request: `Authorization: Bearer …` (RFC 6750 §2.1, the scheme in any case) or `X-API-Key`.
 * Never the URL, never the body (RFC 6750 §2.3 warns of the first, and proxies log it). Where there is neither, the
 * cookie of a browser that logged in with `cookies: true`.
 *
 * What is addressed to others is no credential of this request: `Authorization` with another scheme (RFC 9110 §11.4),
 * an empty `X-API-Key`, and, of a Bearer and an `X-API-Key`, the one without the form of a credential of ours beside one
 * that has it.
 *
 * @returns null where there is none; an empty text where there is one that cannot be read, and so is refused
 * @throws AccessError where two different ones are presented
 */
export function presentedCredential(request: RequestHeaders, isOurs: IsOurs): PresentedCredential | null {
  const presented = presentedByHeader(request, isOurs);
  if (presented !== null) return presented;
  const { access } = cookieSecrets(request.headers);
  return access === null ? null : { carrier: 'cookie', text: access };
}

/**
 * The refresh token in the cookies of a browser; null where the request presents a credential by a header, for then no
 * cookie is read.
 *
 * @param isRefused whether what the request presents by a header is not good and counts as none
 * @throws AccessError where two different credentials are presented
 */
export function presentedRefreshToken(request: RequestHeaders, isOurs: IsOurs, isRefused = false): string | null {
  if (request.headers.cookie === undefined) return null;
  if (!isRefused && presentedByHeader(request, isOurs) !== null) return null;
  return cookieSecrets(request.headers).refresh;
}

/**
 * Read from the headers as they came: where one is repeated, Node drops all but the first `Authorization` without a word,
 * and a proxy in front may have looked at another one than we do. It is also less work than to look at them by name,
 * for which Node first has to sort them.
 */
function presentedByHeader({ rawHeaders }: RequestHeaders, isOurs: IsOurs): PresentedCredential | null {
  let authorization: string | undefined;
  let apiKeyHeader: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (isNamed(name, 'authorization')) authorization = same(authorization, rawHeaders[index + 1]!);
    else if (isNamed(name, 'x-api-key')) apiKeyHeader = same(apiKeyHeader, rawHeaders[index + 1]!);
  }
  const bearer = authorization === undefined ? null : bearerOf(authorization);
  const apiKey = trimOws(apiKeyHeader ?? '');
  if (apiKey === '') return bearer === null ? null : { carrier: 'bearer', text: bearer };
  if (bearer !== null && bearer !== apiKey && isOurs(bearer)) {
    if (isOurs(apiKey)) throw contradictoryCredentials();
    return { carrier: 'bearer', text: bearer };
  }
  return { carrier: 'apiKeyHeader', text: apiKey };
}

/** Whether a header's name, in any case, is this one in lower case. */
function isNamed(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && name.toLowerCase() === lowerCase;
}

/** The one value of a header that may be repeated, but must not contradict itself. */
function same(before: string | undefined, value: string): string {
  if (before !== undefined && before !== value) throw contradictoryCredentials();
  return value;
}

/** What `Bearer` presents; empty where it presents nothing that can be read; null where the scheme is another one. */
function bearerOf(authorization: string): string | null {
  // As nearly everybody writes it. The patterns below cost as much as the hash of an access token.
  if (authorization.startsWith('Bearer ') && !authorization.includes(' ', 7)) return authorization.slice(7);
  if (!BEARER.test(authorization)) return null;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';
}

// The name of a scheme is a token (RFC 9110 §5.6.2) and ends where the next character is none.
const BEARER = /^bearer(?![-!#$%&'*+.^_`|~0-9a-z])/i;
