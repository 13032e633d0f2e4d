// `__Host-`: only over HTTPS, only for this very host, for every path (RFC 6265bis §4.1.3.2).
const ACCESS = '__Host-rekey-access';
const REFRESH = '__Host-rekey-refresh';
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict';

/**
 * The secrets that a browser keeps for somebody who logged in with `cookies: true`; both null unless the request also
 * carries `X-Rekey-CSRF`, a header that no other site can make a browser send.
 */
export function cookieSecrets(headers: Readonly<Record<string, string | string[] | undefined>>): {
  access: string | null;
  refresh: string | null;
} {
  const { cookie } = headers;
  if (typeof cookie !== 'string' || headers['x-rekey-csrf'] === undefined) return { access: null, refresh: null };
  const found = new Map(
    cookie.split(';').map((pair) => {
      const separator = pair.indexOf('=');
      return [pair.slice(0, separator).trim(), pair.slice(separator + 1).trim()];
    }),
  );
  return { access: found.get(ACCESS) || null, refresh: found.get(REFRESH) || null };
}

/** `Set-Cookie` values that make a browser keep these tokens for as long as each is good. */
export function keepCookies(tokens: {
  accessToken: string;
  accessTokenExpiresAt: Date;
  refreshToken: string;
  refreshTokenExpiresAt: Date;
}): string[] {
  return [
    `${ACCESS}=${tokens.accessToken}; ${ATTRIBUTES}; Expires=${tokens.accessTokenExpiresAt.toUTCString()}`,
    `${REFRESH}=${tokens.refreshToken}; ${ATTRIBUTES}; Expires=${tokens.refreshTokenExpiresAt.toUTCString()}`,
  ];
}

/** `Set-Cookie` values that make a browser forget both. */
export function forgetCookies(): string[] {
  return [ACCESS, REFRESH].map((name) => `${name}=; ${ATTRIBUTES}; Max-Age=0`);
}
