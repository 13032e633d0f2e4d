import {
  BootstrapDocument,
  LoginDocument,
  RefreshSessionDocument,
  type TypedDocumentString,
} from './generated/graphql.ts';

export interface RekeyClientOptions {
  /** The URL of the service, e.g. `https://rekey.example.com`. */
  url: string;
  /**
   * The credential of the caller. A function is called before every request, so that the credential may change. It may
   * renew the session itself: `LoginDocument`, `RefreshSessionDocument` and `BootstrapDocument` are sent without it.
   *
   * @example
   * ```ts
   * const rekey = new RekeyClient({
   *   url: 'https://rekey.example.com',
   *   async credential() {
   *     if (Date.parse(tokens.accessTokenExpiresAt) > Date.now() + 10_000) return tokens.accessToken;
   *     const input = { refreshToken: tokens.refreshToken };
   *     const { refreshSession } = await rekey.execute(RefreshSessionDocument, { input });
   *     if (refreshSession.__typename !== 'RefreshSessionSuccess') throw new Error(refreshSession.message);
   *     tokens = refreshSession.tokens;
   *     return tokens.accessToken;
   *   },
   * });
   * ```
   */
  credential?: string | (() => string | undefined | Promise<string | undefined>);
  fetch?: typeof globalThis.fetch;
}

/** One entry of `errors` in a response. */
export interface RekeyErrorEntry {
  message: string;
  path?: readonly (string | number)[];
  extensions?: { code?: string; retryAfterSeconds?: number; requestId?: string };
}

/**
 * A failure that the caller cannot handle field by field: no credential, an invalid one, no permission, too many
 * requests, an outage. Expected outcomes are not errors; they are members of the result's union.
 */
export class RekeyError extends Error {
  /**
   * `extensions.code` of the first error; check this instead of the status. `NETWORK` if there was no GraphQL response.
   */
  readonly code: string;
  readonly errors: readonly RekeyErrorEntry[];
  /** Seconds after which a retry makes sense. */
  readonly retryAfterSeconds: number | undefined;

  constructor(errors: readonly RekeyErrorEntry[], options?: ErrorOptions) {
    super(
      errors[0]?.message ?? 'The response is not a GraphQL response. Check `url`, and that the service is running.',
      options,
    );
    this.name = 'RekeyError';
    this.errors = errors;
    this.code = errors[0]?.extensions?.code ?? 'NETWORK';
    this.retryAfterSeconds = errors[0]?.extensions?.retryAfterSeconds;
  }
}

/** These carry their own proof. An expired access token with them proves nothing, and the service may reject it. */
const WITHOUT_CREDENTIAL: ReadonlySet<unknown> = new Set([BootstrapDocument, LoginDocument, RefreshSessionDocument]);

/** Sends the typed documents of this package, or any others of the same kind. */
export class RekeyClient {
  readonly #options: RekeyClientOptions;

  constructor(options: RekeyClientOptions) {
    this.#options = options;
  }

  /**
   * Runs one operation and returns its `data`.
   *
   * @throws RekeyError if the response has errors or is not a GraphQL response
   */
  async execute<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    ...[variables]: Variables extends Record<string, never> ? [] : [Variables]
  ): Promise<Result> {
    const { url, credential, fetch = globalThis.fetch } = this.#options;
    const needed = WITHOUT_CREDENTIAL.has(document) ? undefined : credential;
    const presented = typeof needed === 'function' ? await needed() : needed;
    let answer: { data?: Result | null; errors?: RekeyErrorEntry[] };
    try {
      const response = await fetch(new URL('/graphql', url), {
        method: 'POST',
        headers: {
          accept: 'application/graphql-response+json',
          'content-type': 'application/json',
          ...(presented ? { authorization: `Bearer ${presented}` } : {}),
        },
        body: JSON.stringify({ query: document.toString(), variables: variables ?? {} }),
      });
      answer = await response.json();
    } catch (cause) {
      throw new RekeyError([], { cause });
    }
    if (answer.errors?.length || answer.data == null) throw new RekeyError(answer.errors ?? []);
    return answer.data;
  }
}
