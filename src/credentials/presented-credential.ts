import { contradictoryCredentials } from '../identity/access-error.ts';
import { trimOws } from '../kernel/white-space.ts';
import { cookieSecrets } from './cookies.ts';

/** Where a request carries its credential. A signature carries the id of the key that has signed the request. */
export type Carrier = 'bearer' | 'apiKeyHeader' | 'cookie' | 'signature';

/** The credential that a request presents. */
export interface PresentedCredential {
  readonly carrier: Carrier;
  /** Empty for a signature that was not read yet. */
  readonly text: string;
  /** Whether the request has a header of a signature, which may be of another service. Left out if it has none. */
  readonly maybeSigned?: true;
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
 * of it, and proxies log it), and never the body. Beside or instead of these, the headers of a signature.
 *
 * Headers that may be for another service are ignored: `Authorization` with another scheme (RFC 9110 §11.4), an empty
 * `X-API-Key`, and, if only one of Bearer and `X-API-Key` has the form of a credential of ours, the other one. If neither
 * has it, it is not known which of them is for this service, and the request is rejected.
 *
 * @returns null if there is none; an empty text if there is one that cannot be read, which is rejected
 * @throws AccessError if two different ones are presented
 */
export function presentedCredential(request: RequestHeaders, isOurs: IsOurs): PresentedCredential | null {
  const { secret, maybeSigned } = presentedByHeader(request, isOurs);
  if (maybeSigned) return secret ? { ...secret, maybeSigned } : SIGNATURE;
  return secret ?? presentedByCookie(request);
}

const SIGNATURE: PresentedCredential = { carrier: 'signature', text: '', maybeSigned: true };

/** What the same request presents if its signature is of another service. */
export function withoutSignature(
  { carrier, text }: PresentedCredential,
  request: RequestHeaders,
): PresentedCredential | null {
  return carrier === 'signature' ? presentedByCookie(request) : { carrier, text };
}

function presentedByCookie({ headers }: RequestHeaders): PresentedCredential | null {
  const { access } = cookieSecrets(headers);
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
  if (!isRefused && presentedByHeader(request, isOurs).secret !== null) return null;
  return cookieSecrets(request.headers).refresh;
}

interface ByHeader {
  secret: PresentedCredential | null;
  maybeSigned: boolean;
}

/**
 * Reads the raw headers: of a repeated `Authorization`, Node silently drops all but the first, and a proxy may have
 * read another one. This is also less work than to read them by name, for which Node must first sort them.
 */
function presentedByHeader({ rawHeaders }: RequestHeaders, isOurs: IsOurs): ByHeader {
  let authorization: string | undefined;
  let apiKeyHeader: string | undefined;
  let maybeSigned = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (isNamed(name, 'authorization')) authorization = same(authorization, rawHeaders[index + 1]!);
    else if (isNamed(name, 'x-api-key')) apiKeyHeader = same(apiKeyHeader, rawHeaders[index + 1]!);
    else if (isOfSignature(name)) maybeSigned = true;
  }
  const bearer = authorization === undefined ? null : bearerOf(authorization);
  return { secret: secretOf(bearer, trimOws(apiKeyHeader ?? ''), isOurs), maybeSigned };
}

function secretOf(bearer: string | null, apiKey: string, isOurs: IsOurs): PresentedCredential | null {
  if (apiKey === '') return bearer === null ? null : { carrier: 'bearer', text: bearer };
  if (bearer === null || bearer === apiKey) return { carrier: 'apiKeyHeader', text: apiKey };
  if (isOurs(bearer)) {
    if (isOurs(apiKey)) throw contradictoryCredentials();
    return { carrier: 'bearer', text: bearer };
  }
  // An imported secret must be alone in the request.
  return { carrier: 'apiKeyHeader', text: isOurs(apiKey) ? apiKey : '' };
}

/** Whether a request has a header of a signature, which may be of another service. */
export function isMaybeSigned({ rawHeaders }: Pick<RequestHeaders, 'rawHeaders'>): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) if (isOfSignature(rawHeaders[index]!)) return true;
  return false;
}

/** `Signature` alone is not ours: `Signature-Input` says what it is. */
function isOfSignature(name: string): boolean {
  switch (name.length) {
    case 7:
      return isNamed(name, 'x-nonce');
    case 11:
      return isNamed(name, 'x-signature') || isNamed(name, 'x-timestamp');
    case 15:
      return isNamed(name, 'signature-input');
    default:
      return false;
  }
}

/** Whether a header's name, in any case, is this one in lower case. */
function isNamed(name: string, lowerCase: string): boolean {
  // Many headers share a length, and few of them also the first letter.
  return (
    name.length === lowerCase.length &&
    (name.charCodeAt(0) | 0x20) === lowerCase.charCodeAt(0) &&
    name.toLowerCase() === lowerCase
  );
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
