import { RekeyError, type RekeyErrorEntry } from './error.ts';

/**
 * The text of one GraphQL operation with its types: a document of this package, or one that the client preset of GraphQL
 * Code Generator writes with `documentMode: 'string'`. A plain string works, too; its result is `unknown`.
 */
export interface Operation<Result, Variables> {
  toString(): string;
  /** Its hash, by which a service with a list of documents knows it. */
  __meta__?: Record<string, unknown> | undefined;
  /** Never present. It carries the types. */
  __apiType?: ((variables: Variables) => Result) | undefined;
}

/** The variables of an operation as an argument. It may be left out if no variable is required. */
export type VariablesArgument<Variables> =
  Record<string, never> extends Variables ? [variables?: Variables] : [variables: Variables];

/**
 * A request that executes one operation. `url` is the URL of the service. The hash of the document is its name in the list
 * of a service that executes only listed documents (REKEY_TRUSTED_DOCUMENTS). Any other service reads the text.
 */
export function operationRequest(
  url: string,
  document: Pick<Operation<unknown, unknown>, '__meta__' | 'toString'>,
  variables: unknown = {},
): Request {
  return new Request(new URL('/graphql', url), {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json' },
    body: JSON.stringify({ query: document.toString(), documentId: document.__meta__?.hash, variables }),
    // The service never redirects. Another server must not receive a password or a token.
    redirect: 'manual',
  });
}

/** The body of a GraphQL response. */
export interface OperationResponse {
  data?: Record<string, unknown> | null;
  errors?: RekeyErrorEntry[];
}

/**
 * Sends a request.
 *
 * @throws RekeyError with the code `NETWORK` if no response comes
 */
export async function send(fetch: typeof globalThis.fetch, request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    if (cause instanceof RekeyError) throw cause;
    throw new RekeyError('NETWORK', 'No response. Check `url`, and that the service is running.', { cause });
  }
}

/** Reads a GraphQL response; null if it is something else. */
export async function readOperation(response: Response): Promise<OperationResponse | null> {
  const body = Object(await response.json().catch(() => null));
  return body.errors?.[0]?.message || body.data ? body : null;
}

/**
 * The `data` of a GraphQL response.
 *
 * @throws RekeyError if the response has errors or is not a GraphQL response
 */
export async function dataOf<Result>(response: Response): Promise<Result> {
  const body = await readOperation(response);
  if (body === null) {
    const message = 'The response is not GraphQL. Check `url`, and that the service is running.';
    throw new RekeyError('NETWORK', message);
  }
  const [first] = body.errors ?? [];
  if (!first) return body.data as Result;
  const { code = 'INTERNAL_SERVER_ERROR', retryAfterSeconds } = first.extensions ?? {};
  throw new RekeyError(code, first.message, { errors: body.errors!, retryAfterSeconds });
}
