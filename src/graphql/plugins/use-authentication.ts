import type { GraphQLSchema } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Authenticate } from '../../credentials/authenticator.ts';
import type { AcceptedCredential } from '../../credentials/cached-credential.ts';
import { AccessError } from '../../identity/access-error.ts';
import type { LiveSubscription } from '../../live/live-subscription.ts';
import { selectsOnlyPublicFields } from '../authorization.ts';
import { badInput } from '../bad-input.ts';
import type { GraphQLContext } from '../context.ts';
import type { ContextOf } from '../create-context.ts';
import { refusedRequest } from '../errors.ts';
import type { ServerContext } from '../yoga.ts';
import type { ChosenOperation } from './use-operation.ts';

export interface AuthenticationOptions {
  authenticate: Authenticate;
  createContext: (parts: ContextOf) => GraphQLContext;
}

type Checked = YogaInitialContext & ServerContext & ChosenOperation;

/**
 * Authenticates the request and creates the context of the resolvers. A subscription gets a place among the live
 * connections.
 *
 * Clients send the same header with every request. So a credential that is not valid counts as none if the operation
 * selects only `@public` fields: `login` and `refreshSession` return a valid one.
 */
export function useAuthentication(
  schema: GraphQLSchema,
  { authenticate, createContext }: AuthenticationOptions,
): Plugin<GraphQLContext, ServerContext> {
  const acceptedOf = async ({ req, rawBody, document, operation }: Checked) => {
    try {
      return await authenticate(req, async () => rawBody);
    } catch (error) {
      const code = error instanceof AccessError ? error.code : undefined;
      const isRefused = code === 'UNAUTHENTICATED' || code === 'RATE_LIMITED';
      if (isRefused && selectsOnlyPublicFields(schema, document, operation)) return 'refused';
      throw error;
    }
  };
  return {
    async onContextBuilding({ context, extendContext }) {
      const checked = context as unknown as Checked;
      try {
        const found = await acceptedOf(checked);
        const isRefused = found === 'refused';
        const accepted = isRefused ? null : found;
        const subscription = subscribe(checked, accepted);
        const { req: request, res: response } = checked;
        const principal = accepted?.principal ?? null;
        extendContext(createContext({ request, response, principal, isRefused, subscription }));
      } catch (error) {
        throw error instanceof AccessError ? refusedRequest(error) : error;
      }
    },
  };
}

function subscribe({ operation, connect }: Checked, accepted: AcceptedCredential | null): LiveSubscription | null {
  if (operation.operation !== 'subscription') return null;
  if (connect) return connect(accepted);
  const message =
    'Subscriptions need a stream. Send `Accept: text/event-stream`, or use a WebSocket with the subprotocol graphql-transport-ws.';
  throw badInput(message, 'always');
}
