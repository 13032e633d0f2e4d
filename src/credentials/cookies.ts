import { repeatedCookie } from '../identity/access-error.ts';
import { trimOws } from '../kernel/white-space.ts';

// `__Host-`: only over HTTPS, only for this very host, for every path (RFC 6265bis §4.1.3.2).
const ACCESS = '__Host-rekey-access';
const REFRESH = '__Host-rekey-refresh';
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict';

/**
 * The secrets that a browser keeps for somebody who logged in with `cookies: true`; both null unless the request also
 * carries `X-Rekey-CSRF`, a header that no other site can make a browser send.
 *
 * A name is compared as it stands: a name with U+00A0 before it is the name of another cookie, which another host may
 * have set. The order of two cookies with one name says nothing (RFC 6265 §4.2.2), so neither is chosen.
 *
 * @throws AccessError where one of our names occurs twice
 */
export function cookieSecrets(headers: Readonly<Record<string, string | string[] | undefined>>): {
  access: string | null;
  refresh: string | null;
} {
  const { cookie } = headers;
  if (typeof cookie !== 'string' || headers['x-rekey-csrf'] === undefined) return { access: null, refresh: null };
  const pairs = cookie.split(';').map(trimOws);
  return { access: secretIn(pairs, ACCESS), refresh: secretIn(pairs, REFRESH) };
}

function secretIn(pairs: readonly string[], name: string): string | null {
  const beginning = `${name}=`;
  const index = pairs.findIndex((pair) => pair.startsWith(beginning));
  if (index < 0) return null;
  if (pairs.some((pair, other) => other > index && pair.startsWith(beginning))) throw repeatedCookie(name);
  return pairs[index]!.slice(beginning.length) || null;
}

/**
 * `Set-Cookie` values that make a browser keep these tokens for as long as each is good. By `Max-Age`, which counts from
 * the answer: an `Expires` is compared with the clock of the client, and one that is ahead drops a new cookie at once.
 */
export function keepCookies(
  tokens: { accessToken: string; accessTokenExpiresAt: Date; refreshToken: string; refreshTokenExpiresAt: Date },
  now: Date,
): string[] {
  const maxAge = (end: Date) => `Max-Age=${Math.max(0, Math.ceil((end.getTime() - now.getTime()) / 1000))}`;
  return [
    `${ACCESS}=${tokens.accessToken}; ${ATTRIBUTES}; ${maxAge(tokens.accessTokenExpiresAt)}`,
    `${REFRESH}=${tokens.refreshToken}; ${ATTRIBUTES}; ${maxAge(tokens.refreshTokenExpiresAt)}`,
  ];
}

/** `Set-Cookie` values that make a browser forget both. */
export function forgetCookies(): string[] {
  return [ACCESS, REFRESH].map((name) => `${name}=; ${ATTRIBUTES}; Max-Age=0`);
}
