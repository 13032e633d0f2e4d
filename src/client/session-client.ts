import type { RekeyErrorEntry } from './error.ts';
import {
  LoginDocument,
  type LoginMutation,
  LogoutDocument,
  type LogoutMutation,
  RefreshSessionDocument,
  type RefreshSessionMutation,
} from './generated/graphql.ts';
import {
  dataOf,
  type Operation,
  type OperationResponse,
  operationRequest,
  readOperation,
  send,
  type VariablesArgument,
} from './operation.ts';

/** Where a session survives the end of the process or the page: a file, a keychain. It holds one refresh token. */
export interface RefreshTokenStore {
  /** The stored refresh token; null if there is none. It is called before every refresh, so processes may share a store. */
  load(): string | null | Promise<string | null>;
  /** Replaces the stored refresh token; null removes it. A refresh token works once, so a lost one ends the session. */
  save(refreshToken: string | null): void | Promise<void>;
}

export interface SessionClientOptions {
  /** The URL of the service, e.g. `https://rekey.example.com`. */
  url: string;
  /** For browsers: the tokens are in cookies that scripts cannot read. Defaults to false: the tokens are in memory. */
  cookies?: boolean;
  /** Keeps the refresh token. Defaults to the memory of this client. Not used with `cookies`. */
  store?: RefreshTokenStore;
  /** Other origins that `fetch` may send the access token to, e.g. `https://api.example.com` behind a gateway. */
  origins?: readonly string[];
  /** Sends the requests. Defaults to the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

export interface LoginCredentials {
  email: string;
  password: string;
}

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

export interface SessionClient {
  /** Starts a session. The result says whether it began. */
  login(input: LoginCredentials): Promise<LoginMutation['login']>;
  /**
   * Revokes the session on every replica.
   *
   * @throws RekeyError with the code `UNAUTHENTICATED` if the session is over. With another code, the session may continue:
   *   call it again.
   */
  logout(): Promise<LogoutMutation['logout']>;
  /**
   * Executes one operation as the user and returns its `data`. If the access token is no longer valid, it refreshes the
   * session and executes the operation again.
   *
   * @throws RekeyError with the code `UNAUTHENTICATED` if the session is over, and for every other failure
   */
  execute<Result, Variables>(
    document: Operation<Result, Variables>,
    ...variables: VariablesArgument<Variables>
  ): Promise<Result>;
  /**
   * Sends a request as the user, for GraphQL clients and for your own services. It refreshes the session like `execute`.
   * The request must be for the service or for one of `origins`.
   *
   * @throws TypeError for any other origin, because it would receive the access token
   */
  fetch: typeof globalThis.fetch;
}

/**
 * Creates a client for a user who logs in.
 *
 * @example
 * ```ts
 * const session = createSessionClient({ url: 'https://rekey.example.com' });
 * const login = await session.login({ email, password });
 * if (login.__typename !== 'LoginSuccess') throw new Error(login.message);
 * const { viewer } = await session.execute(ViewerDocument);
 * await session.logout();
 * ```
 */
export function createSessionClient(options: SessionClientOptions): SessionClient {
  const session = new Session(options);
  return {
    login: (input) => session.login(input),
    logout: () => session.logout(),
    execute: (document, ...[variables]) => session.execute(document, variables),
    fetch: (input, init) => session.fetch(new Request(input, init)),
  };
}

class Session {
  readonly #url: string;
  readonly #cookies: boolean;
  readonly #store: RefreshTokenStore;
  readonly #origins: ReadonlySet<string>;
  readonly #send: (request: Request) => Promise<Response>;
  #accessToken: string | null = null;
  /** Counts the changes of the tokens, so that the refusal of an earlier token starts no refresh. */
  #version = 0;
  #refreshing: Promise<boolean> | null = null;
  /** Whether the service has rejected the refresh token in the cookie. */
  #isOver = false;

  constructor({
    url,
    cookies = false,
    store = inMemory(),
    origins = [],
    fetch = globalThis.fetch,
  }: SessionClientOptions) {
    this.#url = url;
    this.#cookies = cookies;
    this.#store = inTurn(store);
    this.#origins = new Set([url, ...origins].map((each) => new URL(each).origin));
    this.#send = (request) => send(fetch, request);
  }

  async login(input: LoginCredentials): Promise<LoginMutation['login']> {
    const variables = { input: { ...input, cookies: this.#cookies } };
    const { login } = await this.#executeAlone<LoginMutation>(LoginDocument, variables);
    if (login.__typename === 'LoginSuccess') await this.#keep(login.tokens);
    return login;
  }

  async logout(): Promise<LogoutMutation['logout']> {
    // The service ignores an expired access token here, and answers as if there were none.
    const response = await this.fetch(operationRequest(this.#url, LogoutDocument), true);
    const { logout } = await dataOf<LogoutMutation>(response);
    await this.#keep(null);
    return logout;
  }

  async execute<Result>(document: object, variables?: unknown): Promise<Result> {
    return dataOf(await this.fetch(operationRequest(this.#url, document, variables)));
  }

  /** @param readsBody whether a response without a refusal as its status may contain one */
  async fetch(request: Request, readsBody = this.#cookies): Promise<Response> {
    if (!this.#origins.has(new URL(request.url).origin)) {
      throw new TypeError('Only the service and `origins` may receive the access token. Add this origin to `origins`.');
    }
    if (!this.#cookies && this.#accessToken === null) await this.#renew(this.#version);
    const version = this.#version;
    const response = await this.#send(this.#present(request.clone()));
    if (!(await isRefused(response, readsBody))) {
      this.#isOver = false;
      return response;
    }
    return (await this.#renew(version)) ? this.#send(this.#present(request)) : response;
  }

  /** Adds the access token, or lets the browser add its cookies. */
  #present(request: Request): Request {
    if (this.#cookies) {
      request.headers.set('x-rekey-csrf', '1');
      return new Request(request, { credentials: 'include' });
    }
    if (this.#accessToken !== null) request.headers.set('authorization', `Bearer ${this.#accessToken}`);
    return request;
  }

  /** Executes an operation that carries its own proof. The access token may be dead, so it stays behind. */
  async #executeAlone<Result>(document: object, variables: unknown): Promise<Result> {
    const request = operationRequest(this.#url, document, variables);
    return dataOf(await this.#send(this.#cookies ? this.#present(request) : request));
  }

  /**
   * Refreshes the session unless its tokens have changed since `version`. Concurrent calls share one refresh.
   *
   * @returns whether there may be a valid access token now
   * @throws RekeyError if the service cannot be reached or cannot decide. The session then continues.
   */
  async #renew(version: number): Promise<boolean> {
    if (version !== this.#version) return true;
    if (this.#isOver) return false;
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<boolean> {
    const version = this.#version;
    const refreshToken = this.#cookies ? '' : await this.#store.load();
    if (refreshToken === null) return false;
    const exchange = () =>
      this.#executeAlone<RefreshSessionMutation>(RefreshSessionDocument, { input: { refreshToken } });
    // Repeated at once, an exchange whose response was lost returns the same tokens.
    const { refreshSession } = await exchange().catch((error) => {
      if (['NETWORK', 'OUTCOME_UNKNOWN'].includes(error.code)) return exchange();
      throw error;
    });
    if (version !== this.#version) return true; // A login or a logout was faster.
    const isRefreshed = refreshSession.__typename === 'RefreshSessionSuccess';
    await this.#keep(isRefreshed ? refreshSession.tokens : null);
    return isRefreshed;
  }

  async #keep(tokens: Tokens | null): Promise<void> {
    this.#version++;
    this.#isOver = this.#cookies && tokens === null;
    if (this.#cookies) return;
    this.#accessToken = tokens?.accessToken ?? null;
    await this.#store.save(tokens?.refreshToken ?? null);
  }
}

/** Whether the access token was refused before anything was executed, so that the request may be sent again. */
async function isRefused(response: Response, readsBody: boolean): Promise<boolean> {
  if (response.status === 401) return refusalIn(await readOperation(response.clone()))?.path === undefined;
  // With the cookies of a browser, which has dropped that of an expired token, the service executes what is public.
  const isJson = response.headers.get('content-type')?.includes('json');
  if (!readsBody || response.status !== 200 || !isJson) return false;
  const body = await readOperation(response.clone());
  return refusalIn(body) !== undefined && Object.values(body?.data ?? {}).every((field) => field === null);
}

function refusalIn(body: OperationResponse | null): RekeyErrorEntry | undefined {
  return body?.errors?.find(({ extensions }) => extensions?.code === 'UNAUTHENTICATED');
}

function inMemory(): RefreshTokenStore {
  let stored: string | null = null;
  return {
    load: () => stored,
    save: (refreshToken) => {
      stored = refreshToken;
    },
  };
}

/** The same store with one call at a time: an earlier token must not replace a later one. */
function inTurn(store: RefreshTokenStore): RefreshTokenStore {
  let turn: Promise<unknown> = Promise.resolve();
  const next = <Value>(call: () => Value | Promise<Value>): Promise<Value> => {
    const result = turn.then(call);
    turn = result.catch(() => undefined);
    return result;
  };
  return { load: () => next(() => store.load()), save: (refreshToken) => next(() => store.save(refreshToken)) };
}
