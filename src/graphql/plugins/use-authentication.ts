import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Authenticate } from '../../credentials/authenticator.ts';
import { AccessError } from '../../identity/access-error.ts';
import type { Principal } from '../../identity/principal.ts';
import { selectsOnlyPublicFields } from '../authorization.ts';
import type { GraphQLContext } from '../context.ts';
import { refusedRequest } from '../errors.ts';
import type { ServerContext } from '../yoga.ts';
import type { ChosenOperation } from './use-operation.ts';

export interface AuthenticationOptions {
  authenticate: Authenticate;
  /** @param isRefused whether the presented credential is not valid and counts as none */
  createContext: (
    request: IncomingMessage,
    response: ServerResponse,
    principal: Principal | null,
    isRefused: boolean,
  ) => GraphQLContext;
}

type Checked = YogaInitialContext & ServerContext & ChosenOperation;

/**
 * Authenticates the request and creates the context of the resolvers.
 *
 * Clients send the same header with every request. So a credential that is not valid counts as none if the operation
 * selects only `@public` fields: `login` and `refreshSession` return a valid one.
 */
export function useAuthentication(
  schema: GraphQLSchema,
  { authenticate, createContext }: AuthenticationOptions,
): Plugin<GraphQLContext, ServerContext> {
  const principalOf = async ({ req, rawBody, document, operation }: Checked): Promise<Principal | null | 'refused'> => {
    try {
      return (await authenticate(req, async () => rawBody))?.principal ?? null;
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
        const principal = await principalOf(checked);
        const isRefused = principal === 'refused';
        extendContext(createContext(checked.req, checked.res, isRefused ? null : principal, isRefused));
      } catch (error) {
        throw error instanceof AccessError ? refusedRequest(error) : error;
      }
    },
  };
}
