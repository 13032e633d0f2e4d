import type { IncomingMessage } from 'node:http';
import { findUser } from './accounts/account.queries.ts';
import { createCoalescing } from './coalescing/create-coalescing.ts';
import type { Config } from './config.ts';
import type { Features } from './create-features.ts';
import type { AuthenticatedRequest } from './credentials/asked-request.ts';
import type { Authenticate, Authenticator } from './credentials/authenticator.ts';
import type { CredentialTypes } from './credentials/credential-types.ts';
import type { createExplanations } from './explanations/create-explanations.ts';
import type { Services } from './graphql/context.ts';
import { createContextFactory } from './graphql/create-context.ts';
import { createGraphQL, type SchemaExtension } from './graphql/yoga.ts';
import { createProxyTrust } from './http/client-address.ts';
import { createCors } from './http/cors.ts';
import { endpointOf } from './http/endpoint-of.ts';
import { createReadForwarded } from './http/forwarded-request.ts';
import { createOrigins } from './http/origins.ts';
import { requestIdOf } from './http/request-id.ts';
import { createRequestMetrics } from './http/request-metrics.ts';
import { createRequestTracing } from './http/request-tracing.ts';
import { createRouter } from './http/router.ts';
import { createRoutes } from './http/routes.ts';
import { createWebSocketEndpoint } from './http/web-socket.ts';
import type { Principal } from './identity/principal.ts';
import { currentRequestId } from './kernel/request-context.ts';
import { WorkOfRequests } from './limits/request-work.ts';
import type { createLive } from './live/create-live.ts';
import { RevocationStream } from './live/revocation-stream.ts';
import type { Platform } from './platform.ts';

/** What tests, benchmarks and workers replace. */
export interface EndpointOverrides {
  /** How long an operation may take, in milliseconds. */
  operationMs?: number;
  /** The text of `/metrics`, for a replica that is one of several workers. */
  scrape?: () => Promise<string>;
  /** The SDL and the resolvers of features that are not in the schema. */
  schema?: SchemaExtension;
}

export interface EndpointsOptions {
  platform: Platform;
  config: Config;
  overrides: EndpointOverrides;
  types: CredentialTypes;
  features: Features;
  authenticator: Authenticator;
  authenticate: Authenticate;
  /** The address of the client. */
  addressOf: (request: AuthenticatedRequest) => string;
  /** A credential was rejected, for the audit log. */
  credentialRejected: (kind: string, reason: string, ipAddress: string | null) => void;
  explanations: ReturnType<typeof createExplanations>;
  live: ReturnType<typeof createLive>;
}

/** The endpoints of one replica: GraphQL, over HTTP and WebSockets, and all others. */
export function createEndpoints({
  platform,
  config,
  overrides,
  types,
  features,
  authenticator,
  authenticate,
  addressOf,
  credentialRejected,
  explanations,
  live,
}: EndpointsOptions) {
  const { logger, tracing, database, databaseClock, sealer } = platform;
  const { audit, emails, limits, workspaces, sessions, accounts, policies, apiKeys, daemonTokens, signingKeys } =
    features;
  const isTrustedProxy = createProxyTrust(config.trustedProxies);
  const introspect = (credential: string) => authenticator.introspect(credential);
  const services: Services = {
    accounts: accounts.service,
    users: accounts.users,
    invitations: accounts.invitations,
    passwordResets: accounts.passwordResets,
    emails,
    sealer,
    sessions: sessions.service,
    refresh: sessions.refresh,
    apiKeys: apiKeys.service,
    apiKeyUpdates: apiKeys.updates,
    apiKeyMetadata: apiKeys.metadata,
    auditLog: audit.log,
    personalReads: audit.personalReads,
    credentialPolicies: policies.service,
    workspaces: workspaces.service,
    daemonTokens: daemonTokens.service,
    signingKeys: signingKeys.service,
    credentialTypes: types,
    explanations: explanations.service,
    introspect,
    revocationsFrom: (view, after) => RevocationStream.open(live.log, view, after),
  };
  const work = new WorkOfRequests({ database, turns: limits.turns, confirm: types.confirm, addressOf });
  const graphql = createGraphQL({
    logger,
    introspection: config.introspection ?? (config.databaseUrl === null ? 'open' : 'administrators'),
    trustedDocuments: config.trustedDocuments,
    longestMs: overrides.operationMs,
    outage: platform.outage,
    refusedLater: (error) => explanations.decisions.refusedLater(currentRequestId() ?? '', '/graphql', error),
    authenticate,
    authenticateAgain: (request) => authenticator.authenticateAgain(request),
    readAgain: (request) => authenticator.readAgain(request),
    coalescing: createCoalescing(platform),
    createContext: createContextFactory({ services, work, fork: database.fork, now: databaseClock.now }),
    extension: overrides.schema,
  });
  const connections = { live: live.connections, addressOf };
  const usernameOf = async (request: IncomingMessage, principal: Principal, userId: string) => {
    const user = await findUser({ em: database.fork }, userId);
    const reader = { principal, origin: work.originOf(request) };
    if (user && principal.userId !== userId)
      await audit.personalReads.record(reader, [{ userId, field: 'User.email' }]);
    return user?.email ?? null;
  };
  let isStopping = false;
  const { routes, metricsRoutes } = createRoutes({
    graphql,
    authenticate,
    readForwarded: createReadForwarded(isTrustedProxy),
    introspect,
    metadataOf: ({ credentialId }) => apiKeys.metadata.read(database.reads, credentialId),
    usernameOf: config.introspectionUsername ? usernameOf : null,
    issuer: config.issuer,
    jwtKeys: sessions.jwtKeys,
    possession: {
      kinds: [
        ...[apiKeys.possession, daemonTokens.possession, signingKeys.possession, ...sessions.possession],
        apiKeys.importedPossession,
      ],
      workFor: (request) => work.revocation(request, null),
      failures: limits.limits.failures,
      rejected: (token, address) => credentialRejected(types.kindOf(token), 'NOT_VALID', address),
    },
    log: live.log,
    ...connections,
    refusedLater: (request, error, reason) =>
      explanations.decisions.refusedLater(requestIdOf(request), endpointOf(request), error, reason),
    metricsApart: config.metricsPort !== null,
    platform,
    isStopping: () => isStopping,
    scrape: overrides.scrape ?? (() => platform.registry.metrics()),
  });
  const origins = createOrigins(config.allowedOrigins, isTrustedProxy);
  const router = {
    logger,
    cors: createCors(origins),
    metrics: createRequestMetrics(platform.registry),
    tracing: tracing && createRequestTracing(tracing),
  };
  return {
    services,
    /** The paths of all endpoints. */
    paths: [...routes.keys()],
    handle: createRouter(routes, router),
    /** From now on, `/readyz` returns 503: this replica will accept no more requests. */
    announceStop() {
      isStopping = true;
    },
    /** For `REKEY_METRICS_PORT`. */
    handleMetrics: createRouter(metricsRoutes, router),
    upgrade: createWebSocketEndpoint({
      execute: graphql.execute,
      authenticate,
      ...connections,
      origins,
      mostOperations: config.liveSubscriptions,
      clock: platform.clock,
      logger,
    }),
  };
}
