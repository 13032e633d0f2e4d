import type { IncomingMessage, ServerResponse } from 'node:http';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { createYoga, type YogaLogger } from 'graphql-yoga';
import { AccessError } from '../access/access-error.ts';
import type { Principal } from '../access/principal.ts';
import type { Logger } from '../kernel/logger.ts';
import { guardRootFields } from './authorization.ts';
import type { GraphQLContext } from './context.ts';
import { createDocumentCaches } from './document-cache.ts';
import { createMaskError, refusedRequest } from './errors.ts';
import { resolvers } from './generated/resolvers.ts';
import { typeDefs } from './generated/type-defs.ts';
import { GRAPHIQL, graphiqlPage } from './graphiql.ts';
import { useDocumentLimits } from './plugins/use-document-limits.ts';
import { useJsonPostsOnly } from './plugins/use-json-posts-only.ts';
import { useNoStore } from './plugins/use-no-store.ts';
import { usePageHeaders } from './plugins/use-page-headers.ts';

const LARGEST_BODY = 256 * 1024;

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
  return guardRootFields(schema);
}

/** The GraphQL edge. The plugins, read from top to bottom, are the life of a request. */
export function createGraphQL({ logger, authenticate, createContext }: YogaOptions) {
  const page = graphiqlPage();
  return createYoga<ServerContext, GraphQLContext>({
    schema: createSchema(),
    graphqlEndpoint: '/graphql',
    maxRequestBodySize: LARGEST_BODY,
    batching: false,
    multipart: false,
    cors: false,
    landingPage: false,
    parserAndValidationCache: createDocumentCaches(),
    logging: yogaLogger(logger),
    graphiql: GRAPHIQL,
    renderGraphiQL: () => page.html,
    maskedErrors: { maskError: createMaskError(logger) },
    plugins: [useNoStore(), usePageHeaders(page.contentSecurityPolicy), useJsonPostsOnly(), useDocumentLimits()],
    context: async ({ req, res }) => {
      try {
        return createContext(req, res, await authenticate(req));
      } catch (error) {
        throw error instanceof AccessError ? refusedRequest(error) : error;
      }
    },
  });
}

/** Yoga reports masked errors too; those are logged once, with their request id, where they are masked. */
function yogaLogger(logger: Logger): YogaLogger {
  return {
    debug: (...args) => logger.trace({ yoga: args.map(String) }),
    info: (...args) => logger.debug({ yoga: args.map(String) }),
    warn: (...args) => logger.warn({ yoga: args.map(String) }),
    error: () => undefined,
  };
}
