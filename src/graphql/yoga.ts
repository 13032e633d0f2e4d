import type { IncomingMessage, ServerResponse } from 'node:http';
import { type IExecutableSchemaDefinition, makeExecutableSchema } from '@graphql-tools/schema';
import { type YogaLogger, YogaServer } from 'graphql-yoga';
import type { Logger } from '../kernel/logger.ts';
import { guardRootFields } from './authorization.ts';
import type { GraphQLContext } from './context.ts';
import { createDocumentCaches } from './document-cache.ts';
import { createMaskError } from './errors.ts';
import { resolvers } from './generated/resolvers.ts';
import { typeDefs } from './generated/type-defs.ts';
import { graphiqlPage } from './graphiql.ts';
import { type AuthenticationOptions, useAuthentication } from './plugins/use-authentication.ts';
import { useCheckedVariables } from './plugins/use-checked-variables.ts';
import { useDocumentLimits } from './plugins/use-document-limits.ts';
import { useOperation } from './plugins/use-operation.ts';
import { constrainArguments } from './request/constraints.ts';
import { hideInvisibleUsers } from './visibility.ts';

/** What Node passes to Yoga with each request. */
export interface ServerContext {
  req: IncomingMessage;
  res: ServerResponse;
  /** The body as it arrived, and its text. */
  rawBody: Buffer;
  body: string;
}

/** An operation as it came over HTTP, and the media type of its response. */
export interface OperationRequest extends ServerContext {
  accept: string;
}

/** What tests add to the schema: SDL and resolvers. */
export interface SchemaExtension {
  typeDefs: string;
  resolvers: NonNullable<IExecutableSchemaDefinition['resolvers']>;
}

export interface YogaOptions extends AuthenticationOptions {
  logger: Logger;
  extension?: SchemaExtension | undefined;
}

/** The executable schema, with all checks. */
export function createSchema(extension?: SchemaExtension) {
  const schema = makeExecutableSchema({
    typeDefs: extension ? [typeDefs, extension.typeDefs] : typeDefs,
    resolvers: extension ? [resolvers, extension.resolvers].flat() : resolvers,
  });
  // The resolver of a scalar replaces the whole type, including its description.
  for (const type of Object.values(schema.getTypeMap())) type.description ??= type.astNode?.description?.value;
  return hideInvisibleUsers(guardRootFields(constrainArguments(schema)));
}

/**
 * The GraphQL layer. The plugins, from top to bottom, are the steps of an operation. They do not handle HTTP (their
 * `onRequest` and `onResponse` are never called). The endpoint does, and has rejected everything that is no operation.
 */
export function createGraphQL({ logger, authenticate, createContext, extension }: YogaOptions) {
  const schema = createSchema(extension);
  const yoga = new YogaServer<ServerContext, GraphQLContext>({
    schema,
    maxRequestBodySize: false, // The endpoint limits it. Yoga would use a stream, at a third of a request's cost.
    batching: false,
    multipart: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    parserAndValidationCache: createDocumentCaches(),
    logging: yogaLogger(logger),
    maskedErrors: { maskError: createMaskError(logger) },
    plugins: [
      useOperation(),
      useDocumentLimits(schema),
      useAuthentication(schema, { authenticate, createContext }),
      useCheckedVariables(),
    ],
  });

  return {
    page: graphiqlPage,
    /**
     * Executes the operation in this body. Yoga gets only the headers that it needs, because it copies and searches all
     * of them. Its adapter for Node, which this bypasses, takes as long as everything else.
     */
    answer({ rawBody, body, accept, req, res }: OperationRequest): Response | Promise<Response> {
      const operation = new yoga.fetchAPI.Request(ENDPOINT, { method: 'POST', headers: { accept } });
      return yoga.handle(operation, { req, res, rawBody, body, waitUntil });
    },
  };
}

/** For plugins that continue after the response. There are none. */
const waitUntil = () => undefined;

/** A request must have a URL. Nothing here depends on the one that the client used. */
const ENDPOINT = 'http://rekey/graphql';

/** Yoga also reports masked errors. These are logged once, with their request id, where they are masked. */
function yogaLogger(logger: Logger): YogaLogger {
  return {
    debug: (...args) => logger.trace({ yoga: args.map(String) }),
    info: (...args) => logger.debug({ yoga: args.map(String) }),
    warn: (...args) => logger.warn({ yoga: args.map(String) }),
    error: () => undefined,
  };
}
