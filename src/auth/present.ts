import { contradictoryCredentials } from '../access/access-error.ts';
import { cookieSecrets } from './cookies.ts';

/** What a request carries to say who it comes from. */
export type Presented = { carrier: 'bearer' | 'apiKeyHeader' | 'cookie'; text: string };

/** A request's headers as Node gives them: once by name in lower case, and once as they came, names and values by turns. */
export interface RequestHeaders {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly rawHeaders?: readonly string[];
}

/**
 * The one credential of a request: `Authorization: Bearer …` (RFC 6750 §2.1, the scheme in any case) or `X-API-Key`.
 * Never the URL, never the body (RFC 6750 §2.3 warns of the first, and proxies log it). Where there is neither, the
 * cookie of a browser that logged in with `cookies: true`.
 *
 * @returns null where there is none; an empty text where there is one that cannot be read, and so is refused
 * @throws AccessError where two different ones are presented
 */
export function presentedCredential(request: RequestHeaders): Presented | null {
  const authorization = only(request, 'authorization');
  const apiKey = only(request, 'x-api-key')?.trim();
  if (authorization === undefined && apiKey === undefined) {
    const { access } = cookieSecrets(request.headers);
    return access === null ? null : { carrier: 'cookie', text: access };
  }
  const bearer = authorization === undefined ? null : bearerOf(authorization);
  if (apiKey === undefined) return { carrier: 'bearer', text: bearer ?? '' };
  if (bearer !== null && bearer !== apiKey) throw contradictoryCredentials();
  return { carrier: 'apiKeyHeader', text: apiKey };
}

function bearerOf(authorization: string): string {
  // As nearly everybody writes it. The pattern below costs as much as the hash of an access token.
  if (authorization.startsWith('Bearer ') && !authorization.includes(' ', 7)) return authorization.slice(7);
  const match = /^bearer +(\S+) *$/i.exec(authorization);
  return match?.[1] ?? '';
}

/**
 * The one value of this header. Where it is repeated, Node drops all but the first `Authorization` without a word, and a
 * proxy in front may have looked at another one than we do: different ones are a contradiction.
 */
function only({ headers, rawHeaders = [] }: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  let first: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const each = rawHeaders[index]!;
    if (each.length !== name.length || each.toLowerCase() !== name) continue;
    first ??= rawHeaders[index + 1]!;
    if (rawHeaders[index + 1] !== first) throw contradictoryCredentials();
  }
  return first ?? String(value);
}
