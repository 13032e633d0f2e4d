// The mutations of sessions and one query, as the service answers them. The test ends tokens, loses answers and holds them.

export interface Sent {
  operation: string;
  authorization: string | null;
  csrf: string | null;
  credentials: string;
  redirect: string;
  variables: { input?: { refreshToken?: string; cookies?: boolean } };
}

/** What happens to the answer of an operation on its way. */
export type OnTheWay = (answer: Response) => Response | Promise<Response>;

export class FakeSessions {
  readonly url = 'https://rekey.example.com';
  readonly sent: Sent[] = [];
  /** By operation. It is called for each answer. */
  readonly onTheWay: Record<string, OnTheWay | undefined> = {};
  readonly #cookies: boolean;
  #issued = 0;
  #accessToken: string | null = null;
  #refreshToken: string | null = null;
  /** The exchange that may be repeated. */
  #lastExchanged: string | null = null;

  constructor({ cookies = false } = {}) {
    this.#cookies = cookies;
  }

  /** The access token expires. */
  expire(): void {
    this.#accessToken = null;
  }

  /** The session is revoked. */
  revoke(): void {
    this.#accessToken = this.#refreshToken = this.#lastExchanged = null;
  }

  get refreshToken(): string | null {
    return this.#refreshToken;
  }

  /** How often an operation was sent. */
  count(operation: string): number {
    return this.sent.filter((each) => each.operation === operation).length;
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { query, variables = {} } = await request.json();
    const operation: string = /(?:query|mutation) (\w+)/.exec(query)![1]!;
    const authorization = request.headers.get('authorization');
    this.sent.push({
      operation,
      authorization,
      csrf: request.headers.get('x-rekey-csrf'),
      credentials: request.credentials,
      redirect: request.redirect,
      variables,
    });
    const answer = this.#answer(operation, variables, authorization);
    const mediaType = 'application/graphql-response+json';
    if (request.headers.get('accept')?.includes(mediaType)) answer.headers.set('content-type', mediaType);
    return (this.onTheWay[operation] ?? ((response) => response))(answer);
  };

  #answer(operation: string, { input = {} }: Sent['variables'], authorization: string | null): Response {
    const isKnown = this.#cookies ? this.#accessToken !== null : authorization === `Bearer ${this.#accessToken}`;
    switch (operation) {
      case 'Login': {
        const { password } = input as { password?: string };
        if (password !== 'right') return data({ login: { __typename: 'InvalidCredentialsError', message: 'No.' } });
        return data({ login: { __typename: 'LoginSuccess', user: { id: 'usr_1' }, tokens: this.#issue() } });
      }
      case 'RefreshSession': {
        const presented = this.#cookies ? this.#refreshToken : input.refreshToken;
        if (presented !== null && presented === this.#lastExchanged)
          return data({ refreshSession: { __typename: 'RefreshSessionSuccess', tokens: this.#tokens() } });
        if (presented === null || presented !== this.#refreshToken) {
          const rejected = { __typename: 'RefreshTokenRejectedError', message: 'No.', reason: 'UNKNOWN' };
          return data({ refreshSession: rejected });
        }
        this.#lastExchanged = this.#cookies ? null : presented;
        return data({ refreshSession: { __typename: 'RefreshSessionSuccess', tokens: this.#issue() } });
      }
      case 'Logout': {
        // A token that is not valid counts as none, because the field is public.
        if (!isKnown) return refusal(200, { data: null, path: ['logout'] });
        this.revoke();
        return data({ logout: { __typename: 'LogoutSuccess', session: { id: 'ses_1' } } });
      }
      default:
        if (isKnown) return data({ viewer: { user: { id: 'usr_1' } } });
        return authorization === null ? refusal(200, { data: null, path: ['viewer'] }) : refusal(401, {});
    }
  }

  #issue() {
    this.#issued++;
    this.#accessToken = `access-${this.#issued}`;
    this.#refreshToken = `refresh-${this.#issued}`;
    return this.#tokens();
  }

  #tokens() {
    const isHidden = this.#cookies;
    return { accessToken: isHidden ? '' : this.#accessToken, refreshToken: isHidden ? '' : this.#refreshToken };
  }
}

export const data = (body: object) => Response.json({ data: body });

/** A response with the error UNAUTHENTICATED: of the whole request, or of one field. */
export function refusal(status: number, { path, ...body }: { path?: string[]; data?: object | null }): Response {
  const errors = [{ message: 'The credential is not valid.', path, extensions: { code: 'UNAUTHENTICATED' } }];
  return Response.json({ errors, ...body }, { status });
}
