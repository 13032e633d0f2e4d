import { repeatedCookie } from '../identity/access-error.ts';
import { trimOws } from '../kernel/white-space.ts';

// `__Host-`: only over HTTPS, only for this exact host, for every path (RFC 6265bis §4.1.3.2).
const ACCESS = '__Host-rekey-access';
const REFRESH = '__Host-rekey-refresh';
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict';

/**
 * The secrets in the cookies of a browser that logged in with `cookies: true`. Both are null unless the request also
 * carries `X-Rekey-CSRF`, a header that no other site can make a browser send.
 *
 * Names must match exactly: a name with U+00A0 before it is another cookie, which another host may have set. The order
 * of two cookies with one name has no meaning (RFC 6265 §4.2.2), so neither is used.
 *
 * @throws AccessError if one of our names occurs twice
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
 * `Set-Cookie` values for these tokens, which expire with them. They use `Max-Age`, which counts from the response. An
 * `Expires` is compared with the clock of the client, and a clock that is ahead would drop a new cookie at once.
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

/** `Set-Cookie` values that delete both cookies. */
export function clearCookies(): string[] {
  return [ACCESS, REFRESH].map((name) => `${name}=; ${ATTRIBUTES}; Max-Age=0`);
}
