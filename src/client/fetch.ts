// For servers whose handlers take a `Request` and return a `Response`: Deno, Bun, workers, Next.js.
import { decide, type GuardOptions } from './guard.ts';
import type { Verified } from './verification.ts';

export type { GuardOptions } from './guard.ts';

/**
 * Creates a function that returns what the credential of a request stands for, or the response to a request that must not
 * pass.
 *
 * @example
 * ```ts
 * const authenticate = guard({ verify, permission: 'orders:read' });
 *
 * async function handle(request: Request): Promise<Response> {
 *   const verified = await authenticate(request);
 *   if (verified instanceof Response) return verified;
 *   return Response.json({ user: verified.userId });
 * }
 * ```
 */
export function guard<Incoming extends Pick<Request, 'headers'> = Request>(options: GuardOptions<Incoming>) {
  return async (request: Incoming): Promise<Verified | Response> => {
    const values = (name: string) => valuesOf(request.headers.get(name));
    const decision = await decide({ values, clientAddress: options.clientAddress?.(request) }, options);
    if ('ok' in decision) return decision;
    const { status, headers, body } = decision;
    return new Response(body, { status, headers });
  };
}

/**
 * The values of a header, which `Headers` has joined with `, `. No credential contains `, `. Other schemes use it
 * between parameters, but each parameter has a `=`. A next value begins with the name of a scheme, is an API key or is
 * empty.
 */
function valuesOf(joined: string | null): string[] {
  return joined === null ? [] : joined.split(/, (?=[^\s,="]*(?:[\s,]|$))/);
}
