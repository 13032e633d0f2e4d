import type { IncomingMessage, ServerResponse } from 'node:http';
import { type GraphQLSchema, getOperationAST } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Authenticate } from '../../credentials/authenticator.ts';
import type { AcceptedCredential } from '../../credentials/cached-credential.ts';
import { isMaybeSigned } from '../../credentials/presented-credential.ts';
import { AccessError } from '../../identity/access-error.ts';
import type { Principal } from '../../identity/principal.ts';
import { selectsOnlyPublicFields } from '../authorization.ts';
import type { GraphQLContext } from '../context.ts';
import { refusedRequest } from '../errors.ts';
import { parseDocument } from '../request/parse-document.ts';
import { readOperation } from '../request/read-operation.ts';
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
 *
 * A signature covers the body as it was sent. So it is checked before the body is parsed.
 */
export function useAuthentication(
  schema: GraphQLSchema,
  { authenticate, createContext }: AuthenticationOptions,
): Plugin<GraphQLContext, ServerContext> {
  /** What was decided about signed requests. A second check would find the nonce used. */
  const decisions = new WeakMap<IncomingMessage, Promise<AcceptedCredential | null>>();

  const principalOf = async ({ req, rawBody, document, operation }: Checked): Promise<Principal | null | 'refused'> => {
    try {
      const accepted = await (decisions.get(req) ?? authenticate(req, async () => rawBody));
      return accepted?.principal ?? null;
    } catch (error) {
      if (isRefusal(error) && selectsOnlyPublicFields(schema, document, operation)) return 'refused';
      throw error;
    }
  };
  return {
    onRequestParse({ serverContext: { req, rawBody, body } }) {
      if (!isMaybeSigned(req)) return undefined;
      const decision = Promise.resolve().then(() => authenticate(req, async () => rawBody));
      decisions.set(req, decision);
      return decision.then(
        () => undefined,
        (error) => {
          if (!isRefusal(error) || !isPublic(schema, body)) throw asGraphQLError(error);
        },
      );
    },
    async onContextBuilding({ context, extendContext }) {
      const checked = context as unknown as Checked;
      try {
        const principal = await principalOf(checked);
        const isRefused = principal === 'refused';
        extendContext(createContext(checked.req, checked.res, isRefused ? null : principal, isRefused));
      } catch (error) {
        throw asGraphQLError(error);
      }
    },
  };
}

/** Whether an error rejects the credential, and says nothing about the service or the rest of the request. */
function isRefusal(error: unknown): boolean {
  return error instanceof AccessError && (error.code === 'UNAUTHENTICATED' || error.code === 'RATE_LIMITED');
}

function asGraphQLError(error: unknown): unknown {
  return error instanceof AccessError ? refusedRequest(error) : error;
}

/** Whether a body that is not parsed yet is an operation that selects only `@public` fields. */
function isPublic(schema: GraphQLSchema, body: string): boolean {
  try {
    const { query, operationName } = readOperation(body);
    const document = parseDocument(query);
    const operation = getOperationAST(document, operationName);
    return operation != null && selectsOnlyPublicFields(schema, document, operation);
  } catch {
    return false;
  }
}
