import type { IncomingMessage, ServerResponse } from 'node:http';
import { type IExecutableSchemaDefinition, makeExecutableSchema } from '@graphql-tools/schema';
import type { FormattedExecutionResult } from 'graphql';
import { type YogaLogger, YogaServer } from 'graphql-yoga';
import type { Coalescing } from '../coalescing/coalescing.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import type { Logger } from '../kernel/logger.ts';
import type { LiveSubscription } from '../live/live-subscription.ts';
import { guardRootFields } from './authorization.ts';
import type { GraphQLContext } from './context.ts';
import { createDocumentCaches } from './document-cache.ts';
import { createMaskError, type MaskErrorOptions } from './errors.ts';
import { resolvers } from './generated/resolvers.ts';
import { typeDefs } from './generated/type-defs.ts';
import { graphiqlPage } from './graphiql.ts';
import type { IntrospectionAccess } from './introspection.ts';
import { LONGEST_OPERATION_MS, limitMutations } from './operation-time.ts';
import { type AuthenticationOptions, useAuthentication } from './plugins/use-authentication.ts';
import { useCheckedVariables } from './plugins/use-checked-variables.ts';
import { type CoalescingOptions, useCoalescing } from './plugins/use-coalescing.ts';
import { useDocumentLimits } from './plugins/use-document-limits.ts';
import { useIntrospectionAccess } from './plugins/use-introspection-access.ts';
import { useOperation } from './plugins/use-operation.ts';
import { type Outcome, type OutcomeReceiver, useOutcome } from './plugins/use-outcome.ts';
import { useSharedEvents } from './plugins/use-shared-events.ts';
import { useTimeLimit } from './plugins/use-time-limit.ts';
import { constrainArguments } from './request/constraints.ts';
import { type Operation, operationOf, readOperation } from './request/read-operation.ts';
import { documentsIn } from './request/trusted-documents.ts';
import type { CookieResponse } from './token-cookies.ts';
import { hideInvisibleUsers } from './visibility.ts';

/** An operation, as it came over HTTP or over a WebSocket. */
export interface OperationRequest {
  /** The request, or the one that opened the WebSocket. */
  req: IncomingMessage;
  /** Whether the request was proved when it opened the WebSocket. */
  isProved: boolean;
  /** Takes the cookies of the response, and says when the client is gone; null over a WebSocket. */
  res: (CookieResponse & Pick<ServerResponse, 'once' | 'off'>) | null;
  /** The body as it arrived, which a signature may cover. */
  rawBody: Buffer;
  /**
   * Gives a subscription its place among the live connections; null if the client cannot read a stream.
   *
   * @throws AccessError `RATE_LIMITED` if there are too many
   */
  connect: ((accepted: AcceptedCredential | null) => LiveSubscription) | null;
  /** Calls the listener when the client disconnects. Returns a function that removes it. */
  onDisconnect: (listener: () => void) => () => void;
}

/** What the plugins of Yoga receive with each operation. */
export interface ServerContext extends OperationRequest, OutcomeReceiver {
  /** @throws GraphQLError `BAD_USER_INPUT` if it is no operation */
  read: () => Operation;
  /** For plugins that continue after the response. There are none. */
  waitUntil: () => void;
}

/** What tests add to the schema: SDL and resolvers. */
export interface SchemaExtension {
  typeDefs: string;
  resolvers: NonNullable<IExecutableSchemaDefinition['resolvers']>;
}

export interface YogaOptions extends AuthenticationOptions, MaskErrorOptions, Pick<CoalescingOptions, 'readAgain'> {
  introspection: IntrospectionAccess;
  /** The only documents that are executed, by their SHA-256 in hex; null: every document is. */
  trustedDocuments: ReadonlyMap<string, string> | null;
  /** How long an operation may take, in milliseconds. Tests replace it. */
  longestMs?: number | undefined;
  extension?: SchemaExtension | undefined;
  coalescing: Coalescing;
}

/** The executable schema, with all checks. */
export function createSchema(extension?: SchemaExtension) {
  const schema = makeExecutableSchema({
    typeDefs: extension ? [typeDefs, extension.typeDefs] : typeDefs,
    resolvers: extension ? [resolvers, extension.resolvers].flat() : resolvers,
  });
  // The resolver of a scalar replaces the whole type, including its description.
  for (const type of Object.values(schema.getTypeMap())) type.description ??= type.astNode?.description?.value;
  return limitMutations(hideInvisibleUsers(guardRootFields(constrainArguments(schema))));
}

/**
 * The GraphQL layer. The plugins, from top to bottom, are the steps of an operation. They do not handle HTTP (their
 * `onRequest` and `onResponse` are never called). The endpoint does, and has rejected everything that is no operation.
 */
export function createGraphQL({
  logger,
  outage,
  refusedLater,
  introspection,
  trustedDocuments,
  longestMs = LONGEST_OPERATION_MS,
  extension,
  coalescing,
  ...authentication
}: YogaOptions) {
  const schema = createSchema(extension);
  const textOf = documentsIn(trustedDocuments);
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
    maskedErrors: { maskError: createMaskError({ logger, outage, refusedLater }) },
    plugins: [
      useOperation(),
      useDocumentLimits(schema),
      useAuthentication(schema, authentication),
      useIntrospectionAccess(introspection),
      useCheckedVariables(),
      useTimeLimit({ longestMs, logger }),
      useCoalescing(schema, { coalescing, ...authentication }),
      useSharedEvents(schema),
      useOutcome(),
    ],
  });

  return {
    page: () => graphiqlPage({ introspection, onlyListed: trustedDocuments !== null }),
    /**
     * Executes an operation that came over HTTP: a response in this media type, or the results of a subscription. Yoga
     * gets only the headers that it needs, because it copies and searches all of them. Its adapter for Node, which this
     * bypasses, takes as long as everything else.
     */
    async answer({
      accept,
      body,
      ...operation
    }: Omit<OperationRequest, 'isProved'> & { accept: string; body: string }): Promise<
      Response | AsyncIterable<FormattedExecutionResult>
    > {
      const request = new yoga.fetchAPI.Request(ENDPOINT, { method: 'POST', headers: { accept } });
      const read = () => readOperation(body, textOf);
      const context: ServerContext = { ...operation, isProved: false, read, waitUntil, receivesResults: false };
      const response = await yoga.handle(request, context);
      return (context.outcome as AsyncIterable<FormattedExecutionResult> | undefined) ?? response;
    },
    /**
     * Executes an operation that came over a WebSocket.
     *
     * @param payload what the client sent as the operation, parsed
     */
    async execute({
      payload,
      ...operation
    }: Omit<OperationRequest, 'isProved'> & { payload: unknown }): Promise<Outcome> {
      const request = new yoga.fetchAPI.Request(ENDPOINT, { method: 'POST' });
      const read = () => operationOf(payload, textOf);
      const context: ServerContext = { ...operation, isProved: true, read, waitUntil, receivesResults: true };
      await yoga.handle(request, context);
      if (!context.outcome) throw new Error('Yoga did not report the result of an operation.');
      return context.outcome;
    },
  };
}

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
