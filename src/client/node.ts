// For servers of `node:http`, and for every framework that hands out its requests and responses.
import { decide, type GuardOptions } from './guard.ts';
import type { HeaderValues } from './presented-credential.ts';
import type { Verified } from './verification.ts';

export type { GuardOptions } from './guard.ts';

/** What the guard reads of an `IncomingMessage`. */
export interface NodeRequest {
  rawHeaders: readonly string[];
  socket?: { remoteAddress?: string | undefined } | null;
}

/** What the guard calls of a `ServerResponse`. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

/**
 * Creates a function that returns what the credential of a request stands for. It returns null for a request that must not
 * pass, after it has responded. The address of the client is the peer's: behind a proxy, set `clientAddress`.
 *
 * @example
 * ```ts
 * const authenticate = guard({ verify, permission: 'orders:read' });
 *
 * createServer(async (request, response) => {
 *   const verified = await authenticate(request, response);
 *   if (verified) response.end(verified.userId);
 * });
 * ```
 */
export function guard<Incoming extends NodeRequest = NodeRequest>(options: GuardOptions<Incoming>) {
  const { clientAddress = peerOf } = options;
  return async (request: Incoming, response: NodeResponse): Promise<Verified | null> => {
    const decision = await decide({ values: valuesIn(request), clientAddress: clientAddress(request) }, options);
    if ('ok' in decision) return decision;
    response.writeHead(decision.status, decision.headers);
    response.end(decision.body);
    return null;
  };
}

/** Reads the raw headers: of a repeated `Authorization`, Node silently drops all but the first. */
export function valuesIn({ rawHeaders }: NodeRequest): HeaderValues {
  return (name) => rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === name);
}

/** The address of the peer. */
function peerOf({ socket }: NodeRequest): string | undefined {
  return socket?.remoteAddress;
}
