import { decide, type GuardOptions, pass } from './guard.ts';
import { type NodeRequest, type NodeResponse, valuesIn } from './node.ts';

export { type GuardOptions, verifiedOf } from './guard.ts';

/** What the guard reads of a request of Express. */
export interface ExpressRequest extends NodeRequest {
  /** The address of the client, by the setting `trust proxy`. */
  ip?: string | undefined;
}

/**
 * Creates a middleware that lets a request pass with a valid credential, and responds to every other request.
 *
 * @example
 * ```ts
 * app.use(guard({ verify, permission: 'orders:read' }));
 * app.get('/', (request, response) => response.json({ user: verifiedOf(request).userId }));
 * ```
 */
export function guard<Incoming extends ExpressRequest = ExpressRequest>(options: GuardOptions<Incoming>) {
  const { clientAddress = ({ ip }: Incoming) => ip } = options;
  return async (request: Incoming, response: NodeResponse, next: (error?: unknown) => void): Promise<void> => {
    try {
      const decision = await decide({ values: valuesIn(request), clientAddress: clientAddress(request) }, options);
      if ('ok' in decision) {
        pass(request, decision);
      } else {
        response.writeHead(decision.status, decision.headers);
        response.end(decision.body);
        return;
      }
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}
