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
import { hideStrangers } from './visibility.ts';

/** What Node hands to Yoga along with each request. */
export interface ServerContext {
  req: IncomingMessage;
  res: ServerResponse;
  /** The body as it arrived, and its text. */
  rawBody: Buffer;
  body: string;
}

/** An operation as it came over HTTP, and the media type of its answer. */
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

/** The executable schema, with its guards in place. */
export function createSchema(extension?: SchemaExtension) {
  const schema = makeExecutableSchema({
    typeDefs: extension ? [typeDefs, extension.typeDefs] : typeDefs,
    resolvers: extension ? [resolvers, extension.resolvers].flat() : resolvers,
  });
  // A scalar's resolver takes the place of the whole type, its description included.
  for (const type of Object.values(schema.getTypeMap())) type.description ??= type.astNode?.description?.value;
  return hideStrangers(guardRootFields(constrainArguments(schema)));
}

/**
 * The GraphQL edge. The plugins, read from top to bottom, are the life of an operation; what is HTTP is not theirs (their
 * `onRequest` and `onResponse` are never called) but the door's, which has refused everything that is no operation.
 */
export function createGraphQL({ logger, authenticate, createContext, extension }: YogaOptions) {
  const schema = createSchema(extension);
  const yoga = new YogaServer<ServerContext, GraphQLContext>({
    schema,
    maxRequestBodySize: false, // The door has measured it. Yoga would send it through a stream, at a third of a request's cost.
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
    page: graphiqlPage(),
    /**
     * Executes the operation in this body. Of the headers Yoga gets what it needs: it copies and searches whatever it is
     * given. Its adapter for Node, which this goes past, takes as long as all the rest.
     */
    answer({ rawBody, body, accept, req, res }: OperationRequest): Response | Promise<Response> {
      const operation = new yoga.fetchAPI.Request(ENDPOINT, { method: 'POST', headers: { accept } });
      return yoga.handle(operation, { req, res, rawBody, body, waitUntil });
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
