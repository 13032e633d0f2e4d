import type { IncomingMessage, ServerResponse } from 'node:http';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { type YogaLogger, YogaServer } from 'graphql-yoga';
import { AccessError } from '../access/access-error.ts';
import type { Principal } from '../access/principal.ts';
import type { Logger } from '../kernel/logger.ts';
import { guardRootFields } from './authorization.ts';
import type { GraphQLContext } from './context.ts';
import { createDocumentCaches } from './document-cache.ts';
import { createMaskError, refusedRequest } from './errors.ts';
import { resolvers } from './generated/resolvers.ts';
import { typeDefs } from './generated/type-defs.ts';
import { graphiqlPage } from './graphiql.ts';
import { useDocumentLimits } from './plugins/use-document-limits.ts';
import { hideStrangers } from './visibility.ts';

/** What Node hands to Yoga along with each request. */
export interface ServerContext {
  req: IncomingMessage;
  res: ServerResponse;
}

export interface YogaOptions {
  logger: Logger;
  /** Who asks: see `Authenticator.authenticate`. */
  authenticate: (request: IncomingMessage) => Principal | null | Promise<Principal | null>;
  createContext: (request: IncomingMessage, response: ServerResponse, principal: Principal | null) => GraphQLContext;
}

/** The executable schema, with its guards in place. */
export function createSchema() {
  const schema = makeExecutableSchema({ typeDefs, resolvers });
  // A scalar's resolver takes the place of the whole type, its description included.
  for (const type of Object.values(schema.getTypeMap())) type.description ??= type.astNode?.description?.value;
  return hideStrangers(guardRootFields(schema));
}

/**
 * The GraphQL edge. The plugins, read from top to bottom, are the life of an operation; what is HTTP is not theirs (their
 * `onRequest` and `onResponse` are never called) but the door's, which has refused everything that is no operation.
 */
export function createGraphQL({ logger, authenticate, createContext }: YogaOptions) {
  const yoga = new YogaServer<ServerContext, GraphQLContext>({
    schema: createSchema(),
    maxRequestBodySize: false, // The door has measured it. Yoga would send it through a stream, at a third of a request's cost.
    batching: false,
    multipart: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    parserAndValidationCache: createDocumentCaches(),
    logging: yogaLogger(logger),
    maskedErrors: { maskError: createMaskError(logger) },
    plugins: [useDocumentLimits()],
    context: async ({ req, res }) => {
      try {
        return createContext(req, res, await authenticate(req));
      } catch (error) {
        throw error instanceof AccessError ? refusedRequest(error) : error;
      }
    },
  });

  return {
    page: graphiqlPage(),
    /**
     * Executes the operation in this body. Of the headers Yoga gets what it needs: it copies and searches whatever it is
     * given. Its adapter for Node, which this goes past, takes as long as all the rest.
     */
    answer(body: Buffer, req: IncomingMessage, res: ServerResponse): Response | Promise<Response> {
      const headers = {
        accept: req.headers.accept ?? '*/*',
        'content-type': 'application/json',
        'content-length': String(body.length),
      };
      const operation = new yoga.fetchAPI.Request(ENDPOINT, { method: 'POST', headers, body: body.toString('utf8') });
      return yoga.handle(operation, { req, res, waitUntil });
    },
  };
}

/** For plugins that go on after the answer. There are none. */
const waitUntil = () => undefined;

/** A request must have an address. Whichever the client used, nothing here depends on it. */
const ENDPOINT = 'http://rekey/graphql';

/** Yoga reports masked errors too; those are logged once, with their request id, where they are masked. */
function yogaLogger(logger: Logger): YogaLogger {
  return {
    debug: (...args) => logger.trace({ yoga: args.map(String) }),
    info: (...args) => logger.debug({ yoga: args.map(String) }),
    warn: (...args) => logger.warn({ yoga: args.map(String) }),
    error: () => undefined,
  };
}
