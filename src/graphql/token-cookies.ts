import type { ServerResponse } from 'node:http';
import { clearCookies, keepCookies } from '../credentials/cookies.ts';
import type { SessionTokens } from '../credentials/session-issuer.ts';
import { badInput } from './bad-input.ts';

/** A response that can set cookies. */
export type CookieResponse = Pick<ServerResponse, 'appendHeader'>;

/** How the tokens of one field travel: in the bodies of request and response, or in the cookies of a browser. */
export interface TokenTransport {
  /** The refresh token that the client presents; null where it presents none. */
  readonly refreshToken: string | null;
  /** Returns the tokens as the body of the response holds them. In cookie mode the response sets cookies instead. */
  deliver(tokens: SessionTokens): SessionTokens;
  /** Deletes the cookies of the tokens. */
  clear(): void;
}

/** The cookie mode: the browser keeps the tokens where scripts cannot read them, if the client asks for it. */
export class TokenCookies implements TokenTransport {
  readonly #response: CookieResponse | null;
  readonly #now: () => Date;
  #refreshToken: string | null;

  /**
   * @param response null if cookies cannot be set
   * @param presented the refresh token in the cookies of the request; null if there is none, or no CSRF header
   */
  constructor(response: CookieResponse | null, presented: string | null, now: () => Date) {
    this.#response = response;
    this.#refreshToken = presented;
    this.#now = now;
  }

  /**
   * The transport that a login asks for.
   *
   * @throws GraphQLError `BAD_USER_INPUT` if it asks for cookies, and they cannot be set
   */
  forLogin({ cookies }: { cookies: boolean }): TokenTransport {
    if (cookies && !this.#response) {
      throw badInput('`cookies: true` needs an HTTP response. Send this operation by POST.', 'field');
    }
    return cookies ? this : inBody(null);
  }

  /** The transport of a refresh: an empty token stands for the one in the cookie. */
  present({ refreshToken }: { refreshToken: string }): TokenTransport {
    return refreshToken === '' ? this : inBody(refreshToken);
  }

  get refreshToken(): string | null {
    return this.#refreshToken;
  }

  deliver(tokens: SessionTokens): SessionTokens {
    this.#refreshToken = tokens.refreshToken; // The next field of this operation uses the new token.
    for (const cookie of keepCookies(tokens, this.#now())) this.#response?.appendHeader('Set-Cookie', cookie);
    return { ...tokens, accessToken: '', refreshToken: '' };
  }

  clear(): void {
    if (this.#refreshToken === null) return;
    this.#refreshToken = null;
    for (const cookie of clearCookies()) this.#response?.appendHeader('Set-Cookie', cookie);
  }
}

function inBody(refreshToken: string | null): TokenTransport {
  return { refreshToken, deliver: (tokens) => tokens, clear: () => undefined };
}
