import type { IncomingMessage } from 'node:http';
import { findUser, findUserByEmail, findUsersByEmails, keepUsers } from './accounts/account.queries.ts';
import { createAccounts } from './accounts/create-accounts.ts';
import { EMAIL, EmailIndex } from './accounts/email.ts';
import { eraseApiKeyAddresses, lockApiKeysOf } from './api-keys/api-key.queries.ts';
import { createApiKeys } from './api-keys/create-api-keys.ts';
import { createAudit } from './audit/create-audit.ts';
import { createCanary } from './canary/create-canary.ts';
import { createCoalescing } from './coalescing/create-coalescing.ts';
import { type Config, valuesOf } from './config.ts';
import { createCredentialPolicies } from './credential-policies/create-credential-policies.ts';
import { keepBounds } from './credential-policies/credential-policy.queries.ts';
import type { Authenticate } from './credentials/authenticator.ts';
import { createAuthentication } from './credentials/create-authentication.ts';
import { CredentialTypes } from './credentials/credential-types.ts';
import { tracedAuthentication, tracedDecisions } from './credentials/traced-authentication.ts';
import { createDaemonTokens } from './daemon-tokens/create-daemon-tokens.ts';
import { createExplanations } from './explanations/create-explanations.ts';
import type { Feature } from './feature.ts';
import { features as allFeatures } from './features.ts';
import type { Services } from './graphql/context.ts';
import { createContextFactory } from './graphql/create-context.ts';
import { createGraphQL, type SchemaExtension } from './graphql/yoga.ts';
import { createClientAddress, createProxyTrust } from './http/client-address.ts';
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
import { createLimits } from './limits/create-limits.ts';
import { WorkOfRequests } from './limits/request-work.ts';
import { createLive } from './live/create-live.ts';
import type { LiveTimes } from './live/live-connection.ts';
import { RevocationStream } from './live/revocation-stream.ts';
import { createPlatform, type Part, type PlatformOverrides } from './platform.ts';
import { runParts } from './run-parts.ts';
import { createSessions } from './sessions/create-sessions.ts';
import { lockSessionsOf } from './sessions/session.queries.ts';
import { createSigningKeys } from './signing-keys/create-signing-keys.ts';
import { createWorkspaces } from './workspaces/create-workspaces.ts';
import { lockAccess, lockMembership, lockRole } from './workspaces/workspace.queries.ts';

/** What tests and benchmarks replace. */
export interface Overrides extends PlatformOverrides {
  /** Milliseconds between two rounds of housekeeping. */
  housekeepingMs?: number;
  /** Milliseconds between the starts of two canary runs. */
  canaryMs?: number;
  /** How long an operation may take, in milliseconds. */
  operationMs?: number;
  /** Times of live connections. */
  live?: Partial<LiveTimes>;
  /** The text of `/metrics`, for a replica that is one of several workers. */
  scrape?: () => Promise<string>;
  features?: readonly Feature[];
  /** The SDL and the resolvers of features that are not in the schema. */
  schema?: SchemaExtension;
}

/** All parts of one replica. It is ready for requests after `start` has resolved. */
export type App = Awaited<ReturnType<typeof createApp>>;

/** Creates the parts of a replica and connects them with each other. No other function does this. */
export async function createApp(config: Config, overrides: Overrides = {}) {
  const features: readonly Feature[] = overrides.features ?? allFeatures;
  const { platform, part } = await createPlatform(config, features, overrides);
  const { logger, tracing, database, databaseClock, sealer } = platform;
  const types = new CredentialTypes(features.flatMap((feature) => feature.credentials ?? []));

  // The features, each with the values of its own variables.
  const audit = createAudit(platform, valuesOf('audit', config), { keepUsers });
  const emails = new EmailIndex((canonical) => sealer.index(EMAIL, canonical));
  const { rejections } = audit;
  const limits = createLimits(platform, valuesOf('limits', config), {
    accountOf: (email) => emails.nameOf(email),
    exceeded: ({ limit, subjectId, userId: actorUserId, address: ipAddress }) =>
      rejections.note({
        ...{ type: 'limit.exceeded', reason: 'RATE_LIMITED', data: { limit } },
        ...{ subjectId, actorUserId, ipAddress },
      }),
  });
  const workspaces = createWorkspaces(platform, {
    findUserByEmail: (em, email) => findUserByEmail(em, emails.indexes(email)),
  });
  const sessions = createSessions(platform, valuesOf('sessions', config), { limits: limits.limits, rejections });
  const accounts = createAccounts(platform, valuesOf('accounts', config), {
    emails,
    sessions: sessions.service,
    workspaces: workspaces.memberships,
    holdings: {
      async lock(em, userId) {
        await workspaces.memberships.lockWorkspacesOf(em, userId);
        await lockApiKeysOf(em, userId);
        await lockSessionsOf(em, userId);
      },
      leaveWorkspaces: (scope, userId) => workspaces.memberships.leaveAll(scope, userId),
      eraseAddresses: eraseApiKeyAddresses,
    },
    limits: limits.limits,
    rejections,
  });
  const policies = createCredentialPolicies(platform, {
    types,
    lastUsedSeconds: config.lastUsedSeconds,
    lockManaged: (unitOfWork, workspaceId) => workspaces.service.lockForChange(unitOfWork, workspaceId),
  });
  const apiKeys = createApiKeys(platform, valuesOf('api-keys', config), {
    ...{ lockMembership, lockRole, keepBounds },
    findOwners: (em, addresses) => findUsersByEmails(em, emails, addresses),
  });
  const daemonTokens = createDaemonTokens(platform, { lockAccess, keepBounds });
  const signingKeys = createSigningKeys(platform, valuesOf('signing-keys', config), { lockAccess, keepBounds });

  // Authentication.
  const credentialRejected = (kind: string, reason: string, ipAddress: string | null) =>
    rejections.note({ type: 'credential.rejected', subjectId: null, reason, data: { kind }, ipAddress });
  const addressOf = createClientAddress(config.trustedProxies);
  const isTrustedProxy = createProxyTrust(config.trustedProxies);
  const explanations = createExplanations(platform, {
    // Each message over a WebSocket is a request of its own.
    requestIdOf: (request) => currentRequestId() ?? requestIdOf(request),
    endpointOf,
  });
  const authentication = createAuthentication(platform, valuesOf('credentials', config), {
    types,
    accessTokens: sessions.accessTokens,
    signatures: signingKeys.signatures,
    failures: limits.limits.failures,
    rates: limits.credentials,
    addressOf,
    addressRefused: apiKeys.addressRefused,
    rejected: credentialRejected,
    mayBeImported: apiKeys.mayBeImported,
    observer: tracing ? tracedDecisions(explanations.decisions, tracing) : explanations.decisions,
  });
  const { authenticator } = authentication;
  const untraced: Authenticate = (request, readBody, readForwarded) =>
    authenticator.authenticate(request, readBody, readForwarded);
  const authenticate = tracing ? tracedAuthentication(untraced, tracing) : untraced;
  const introspect = (credential: string) => authenticator.introspect(credential);
  const live = createLive(platform, valuesOf('live', config), { authenticator, times: overrides.live });
  const canary = createCanary(
    platform,
    { enabled: config.canary, everyMs: overrides.canaryMs },
    {
      introspect,
      persistKey(em, { ownerId, ...key }) {
        accounts.persistUnreachable(em, { id: ownerId, name: 'canary', createdAt: key.createdAt });
        apiKeys.persistPowerless(em, { ...key, userId: ownerId, name: 'canary' });
      },
    },
  );

  // The endpoints.
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
    scrape: overrides.scrape ?? (() => platform.registry.metrics()),
  });
  const origins = createOrigins(config.allowedOrigins, isTrustedProxy);
  const router = {
    logger,
    cors: createCors(origins),
    metrics: createRequestMetrics(platform.registry),
    tracing: tracing && createRequestTracing(tracing),
  };
  const parts: readonly Part[] = [
    ...[part, audit, limits, sessions, policies, apiKeys, signingKeys],
    ...[authentication, live, canary, explanations],
  ];

  return {
    config,
    ...platform,
    authenticator,
    services,
    jwtKeys: sessions.jwtKeys,
    audit,
    canary: canary.canary,
    live: live.connections,
    /** The paths of all endpoints. */
    paths: [...routes.keys()],
    handle: createRouter(routes, router),
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
    imports: { keys: apiKeys.imports, users: accounts.imports },
    purgeSessions: sessions.purge,
    /** Returns the setup token to show to the operator, if one was generated. */
    announceSetupToken: ({ replace = config.databaseUrl === null } = {}) =>
      accounts.setupToken.announce(database.fork(), replace),
    ...runParts(parts, platform, overrides.housekeepingMs),
  };
}
