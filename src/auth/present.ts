import { contradictoryCredentials } from '../access/access-error.ts';
import { cookieSecrets } from './cookies.ts';

/** What a request carries to say who it comes from. */
export type Presented = { carrier: 'bearer' | 'apiKeyHeader' | 'cookie'; text: string };

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
 * Read from the headers as they came: where one is repeated, Node drops all but the first `Authorization` without a word,
 * and a proxy in front may have looked at another one than we do. It is also less work than to look at them by name,
 * for which Node first has to sort them.
 *
 * @returns null where there is none; an empty text where there is one that cannot be read, and so is refused
 * @throws AccessError where two different ones are presented
 */
export function presentedCredential(request: RequestHeaders): Presented | null {
  const { rawHeaders } = request;
  let authorization: string | undefined;
  let apiKeyHeader: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (isNamed(name, 'authorization')) authorization = same(authorization, rawHeaders[index + 1]!);
    else if (isNamed(name, 'x-api-key')) apiKeyHeader = same(apiKeyHeader, rawHeaders[index + 1]!);
  }
  const bearer = authorization === undefined ? null : bearerOf(authorization);
  if (apiKeyHeader !== undefined) {
    const apiKey = apiKeyHeader.trim();
    if (bearer !== null && bearer !== apiKey) throw contradictoryCredentials();
    return { carrier: 'apiKeyHeader', text: apiKey };
  }
  if (bearer !== null) return { carrier: 'bearer', text: bearer };
  const { access } = cookieSecrets(request.headers);
  return access === null ? null : { carrier: 'cookie', text: access };
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

function bearerOf(authorization: string): string {
  // As nearly everybody writes it. The pattern below costs as much as the hash of an access token.
  if (authorization.startsWith('Bearer ') && !authorization.includes(' ', 7)) return authorization.slice(7);
  const match = /^bearer +(\S+) *$/i.exec(authorization);
  return match?.[1] ?? '';
}
