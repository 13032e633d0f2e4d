import { decide, type GuardOptions, pass } from './guard.ts';
import { type NodeRequest, valuesIn } from './node.ts';

export { type GuardOptions, verifiedOf } from './guard.ts';

/** What the guard reads of a request of Fastify. */
export interface FastifyRequest {
  raw: NodeRequest;
  /** The address of the client, by the option `trustProxy`. */
  ip: string;
}

/** What the guard calls of a reply of Fastify. */
export interface FastifyReply {
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body: string): unknown;
}

/**
 * Creates a hook that lets a request pass with a valid credential, and responds to every other request.
 *
 * @example
 * ```ts
 * fastify.addHook('onRequest', guard({ verify, permission: 'orders:read' }));
 * fastify.get('/', async (request) => ({ user: verifiedOf(request).userId }));
 * ```
 */
export function guard<Incoming extends FastifyRequest = FastifyRequest>(options: GuardOptions<Incoming>) {
  const { clientAddress = ({ ip }: Incoming) => ip } = options;
  return async (request: Incoming, reply: FastifyReply): Promise<unknown> => {
    const decision = await decide({ values: valuesIn(request.raw), clientAddress: clientAddress(request) }, options);
    if ('ok' in decision) return pass(request, decision);
    reply.code(decision.status);
    reply.headers(decision.headers);
    // Fastify ends the request if a hook returns the reply.
    reply.send(decision.body);
    return reply;
  };
}
