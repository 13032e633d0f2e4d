import { contradictoryCredentials } from '../identity/access-error.ts';
import { trimOws } from '../kernel/white-space.ts';
import { cookieSecrets } from './cookies.ts';

/** Where a request carries its credential. */
export type Carrier = 'bearer' | 'apiKeyHeader' | 'cookie';

/** The credential that a request presents. */
export interface PresentedCredential {
  readonly carrier: Carrier;
  readonly text: string;
}

/** Whether a text has the form of a credential that this service issues: see `CredentialTypes.isOurs`. */
export type IsOurs = (text: string) => boolean;

/** The headers of a request as Node provides them: by name in lower case, and raw, where names and values alternate. */
export interface RequestHeaders {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly rawHeaders: readonly string[];
}

/**
 * The one credential of a request: `Authorization: Bearer …` (RFC 6750 §2.1, the scheme in any case) or `X-API-Key`. If
 * neither is present, the cookie of a browser that logged in with `cookies: true`. Never the URL (RFC 6750 §2.3 warns
 * of it, and proxies log it), and never the body.
 *
 * Headers that may be for another service are ignored: `Authorization` with another scheme (RFC 9110 §11.4), an empty
 * `X-API-Key`, and, if only one of Bearer and `X-API-Key` has the form of a credential of ours, the other one.
 *
 * @returns null if there is none; an empty text if there is one that cannot be read, which is rejected
 * @throws AccessError if two different ones are presented
 */
export function presentedCredential(request: RequestHeaders, isOurs: IsOurs): PresentedCredential | null {
  const presented = presentedByHeader(request, isOurs);
  if (presented !== null) return presented;
  const { access } = cookieSecrets(request.headers);
  return access === null ? null : { carrier: 'cookie', text: access };
}

/**
 * The refresh token in the cookies of a browser; null if a header presents a credential,
 * because then no cookie is read.
 *
 * @param isRefused whether the credential in a header is not valid and counts as none
 * @throws AccessError if two different credentials are presented
 */
export function presentedRefreshToken(request: RequestHeaders, isOurs: IsOurs, isRefused = false): string | null {
  if (request.headers.cookie === undefined) return null;
  if (!isRefused && presentedByHeader(request, isOurs) !== null) return null;
  return cookieSecrets(request.headers).refresh;
}

/**
 * Reads the raw headers: of a repeated `Authorization`, Node silently drops all but the first, and a proxy may have
 * read another one. This is also less work than to read them by name, for which Node must first sort them.
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

/** The value of a header that may be repeated, but only with the same value. */
function same(before: string | undefined, value: string): string {
  if (before !== undefined && before !== value) throw contradictoryCredentials();
  return value;
}

/** The text after `Bearer`; empty if it cannot be read; null if the scheme is another one. */
function bearerOf(authorization: string): string | null {
  // The form that nearly every client sends. The patterns below cost as much as the hash of an access token.
  if (authorization.startsWith('Bearer ') && !authorization.includes(' ', 7)) return authorization.slice(7);
  if (!BEARER.test(authorization)) return null;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';
}

// The name of a scheme is a token (RFC 9110 §5.6.2) and ends before the first character that no token contains.
const BEARER = /^bearer(?![-!#$%&'*+.^_`|~0-9a-z])/i;
