import type { IncomingMessage } from 'node:http';
import { type GraphQLSchema, getOperationAST } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Authenticate } from '../../credentials/authenticator.ts';
import type { AcceptedCredential } from '../../credentials/cached-credential.ts';
import { isMaybeSigned } from '../../credentials/presented-credential.ts';
import { AccessError } from '../../identity/access-error.ts';
import type { LiveSubscription } from '../../live/live-subscription.ts';
import { selectsOnlyPublicFields } from '../authorization.ts';
import { badInput } from '../bad-input.ts';
import type { GraphQLContext } from '../context.ts';
import type { ContextOf } from '../create-context.ts';
import { refusedRequest } from '../errors.ts';
import { parseDocument } from '../request/parse-document.ts';
import type { Operation } from '../request/read-operation.ts';
import type { ServerContext } from '../yoga.ts';
import type { ChosenOperation } from './use-operation.ts';

export interface AuthenticationOptions {
  authenticate: Authenticate;
  /** See `Authenticator.authenticateAgain`. */
  authenticateAgain: (request: IncomingMessage) => Promise<AcceptedCredential>;
  createContext: (parts: ContextOf) => GraphQLContext;
}

type Checked = YogaInitialContext & ServerContext & ChosenOperation;

/**
 * Authenticates the request and creates the context of the resolvers. A subscription gets a place among the live
 * connections.
 *
 * Clients send the same header with every request. So a credential that is not valid counts as none if the operation
 * selects only `@public` fields: `login` and `refreshSession` return a valid one.
 *
 * A signature covers the body as it was sent. So it is checked before the body is parsed.
 */
export function useAuthentication(
  schema: GraphQLSchema,
  { authenticate, authenticateAgain, createContext }: AuthenticationOptions,
): Plugin<GraphQLContext, ServerContext> {
  /** What was decided about signed requests. A second check would find the nonce used. */
  const decisions = new WeakMap<IncomingMessage, Promise<AcceptedCredential | null>>();

  const acceptedOf = async ({ req, isProved, rawBody, document, operation }: Checked) => {
    try {
      if (isProved && isMaybeSigned(req)) return await authenticateAgain(req);
      return await (decisions.get(req) ?? authenticate(req, async () => rawBody));
    } catch (error) {
      if (isRefusal(error) && selectsOnlyPublicFields(schema, document, operation)) return 'refused';
      throw error;
    }
  };
  return {
    onRequestParse({ serverContext: { req, isProved, rawBody, read } }) {
      if (isProved || !isMaybeSigned(req)) return undefined;
      const decision = Promise.resolve().then(() => authenticate(req, async () => rawBody));
      decisions.set(req, decision);
      return decision.then(
        () => undefined,
        (error) => {
          if (!isRefusal(error) || !isPublic(schema, read)) throw asGraphQLError(error);
        },
      );
    },
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
        throw asGraphQLError(error);
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

/**
 * Whether an error rejects the credential, and says nothing about the service or the rest of the request. A credential that
 * has reached its own rate limit is valid.
 */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof AccessError) || error.rate) return false;
  return error.code === 'UNAUTHENTICATED' || error.code === 'RATE_LIMITED';
}

function asGraphQLError(error: unknown): unknown {
  return error instanceof AccessError ? refusedRequest(error) : error;
}

/** Whether a body that is not parsed yet is an operation that selects only `@public` fields. */
function isPublic(schema: GraphQLSchema, read: () => Operation): boolean {
  try {
    const { query, operationName } = read();
    const document = parseDocument(query);
    const operation = getOperationAST(document, operationName);
    return operation != null && selectsOnlyPublicFields(schema, document, operation);
  } catch {
    return false;
  }
}
