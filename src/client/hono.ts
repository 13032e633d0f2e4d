import * as fetch from './fetch.ts';
import { type GuardOptions, pass } from './guard.ts';

export { type GuardOptions, verifiedOf } from './guard.ts';

/** What the guard reads of a context of Hono. */
export interface HonoContext {
  req: { raw: Request };
}

/**
 * Creates a middleware that lets a request pass with a valid credential, and responds to every other request. Hono does not
 * know the address of the client: set `clientAddress`, e.g. with `getConnInfo`.
 *
 * @example
 * ```ts
 * app.use(guard({ verify, permission: 'orders:read' }));
 * app.get('/', (context) => context.json({ user: verifiedOf(context).userId }));
 * ```
 */
export function guard<Context extends HonoContext = HonoContext>(options: GuardOptions<Context>) {
  return async (context: Context, next: () => Promise<void>): Promise<Response | undefined> => {
    const clientAddress = options.clientAddress?.(context);
    const authenticate = fetch.guard({ ...options, clientAddress: () => clientAddress });
    const verified = await authenticate(context.req.raw);
    if (verified instanceof Response) return verified;
    pass(context, verified);
    await next();
    return undefined;
  };
}
