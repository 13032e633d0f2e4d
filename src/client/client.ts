import { dataOf, type Operation, operationRequest, send, type VariablesArgument } from './operation.ts';

export interface ClientOptions {
  /** The URL of the service, e.g. `https://rekey.example.com`. */
  url: string;
  /** An API key or a daemon token. A function is called before every request, so that the credential may change. */
  credential?: string | (() => string | undefined | Promise<string | undefined>);
  /** Sends the requests. Use the `fetch` of a signer to sign them. Defaults to the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

export interface Client {
  /**
   * Executes one operation and returns its `data`.
   *
   * @throws RekeyError if the response has errors or is not a GraphQL response
   */
  execute<Result, Variables>(
    document: Operation<Result, Variables>,
    ...variables: VariablesArgument<Variables>
  ): Promise<Result>;
}

/**
 * Creates a client for a service that has an API key, a daemon token or a signing key. For users who log in, see
 * `createSessionClient`.
 *
 * @example
 * ```ts
 * const rekey = createClient({ url: 'https://rekey.example.com', credential: process.env.API_KEY });
 * const { viewer } = await rekey.execute(ViewerDocument);
 * ```
 */
export function createClient({ url, credential, fetch = globalThis.fetch }: ClientOptions): Client {
  return {
    async execute(document, ...[variables]) {
      const request = operationRequest(url, document, variables);
      const presented = typeof credential === 'function' ? await credential() : credential;
      if (presented !== undefined) request.headers.set('authorization', `Bearer ${presented}`);
      return dataOf(await send(fetch, request));
    },
  };
}
