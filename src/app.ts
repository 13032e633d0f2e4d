import { createCanary } from './canary/create-canary.ts';
import { type Config, valuesOf } from './config.ts';
import { createEndpoints, type EndpointOverrides } from './create-endpoints.ts';
import { createFeatures } from './create-features.ts';
import type { Authenticate } from './credentials/authenticator.ts';
import { createAuthentication } from './credentials/create-authentication.ts';
import { CredentialTypes } from './credentials/credential-types.ts';
import { tracedAuthentication, tracedDecisions } from './credentials/traced-authentication.ts';
import { createExplanations } from './explanations/create-explanations.ts';
import type { Feature } from './feature.ts';
import { features as allFeatures } from './features.ts';
import { createClientAddress } from './http/client-address.ts';
import { endpointOf } from './http/endpoint-of.ts';
import { requestIdOf } from './http/request-id.ts';
import { currentRequestId } from './kernel/request-context.ts';
import { createLive } from './live/create-live.ts';
import type { LiveTimes } from './live/live-connection.ts';
import { createPlatform, type Part, type PlatformOverrides } from './platform.ts';
import { runParts } from './run-parts.ts';

/** What tests and benchmarks replace. */
export interface Overrides extends PlatformOverrides, EndpointOverrides {
  /** Milliseconds between two rounds of housekeeping. */
  housekeepingMs?: number;
  /** Milliseconds between the starts of two canary runs. */
  canaryMs?: number;
  /** Times of live connections. */
  live?: Partial<LiveTimes>;
  features?: readonly Feature[];
}

/** All parts of one replica. It is ready for requests after `start` has resolved. */
export type App = Awaited<ReturnType<typeof createApp>>;

/** Creates the parts of a replica and connects them with each other. No other function does this. */
export async function createApp(config: Config, overrides: Overrides = {}) {
  const features: readonly Feature[] = overrides.features ?? allFeatures;
  const { platform, part } = await createPlatform(config, features, overrides);
  const { tracing, database } = platform;
  const types = new CredentialTypes(features.flatMap((feature) => feature.credentials ?? []));

  const connected = createFeatures(platform, config, types);
  const { audit, limits, sessions, accounts, policies, apiKeys, signingKeys } = connected;

  // Authentication.
  const credentialRejected = (kind: string, reason: string, ipAddress: string | null) =>
    audit.rejections.note({ type: 'credential.rejected', subjectId: null, reason, data: { kind }, ipAddress });
  const addressOf = createClientAddress(config.trustedProxies);
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
  const live = createLive(platform, valuesOf('live', config), { authenticator, times: overrides.live });
  const canary = createCanary(
    platform,
    { enabled: config.canary, everyMs: overrides.canaryMs },
    {
      introspect: (credential) => authenticator.introspect(credential),
      persistKey(em, { ownerId, ...key }) {
        accounts.persistUnreachable(em, { id: ownerId, name: 'canary', createdAt: key.createdAt });
        apiKeys.persistPowerless(em, { ...key, userId: ownerId, name: 'canary' });
      },
    },
  );

  const endpoints = createEndpoints({
    ...{ platform, config, overrides, types, features: connected },
    ...{ authenticator, authenticate, addressOf, credentialRejected, explanations, live },
  });
  const parts: readonly Part[] = [
    ...[part, audit, limits, sessions, policies, apiKeys, signingKeys],
    ...[authentication, live, canary, explanations],
  ];

  return {
    config,
    ...platform,
    authenticator,
    jwtKeys: sessions.jwtKeys,
    audit,
    canary: canary.canary,
    live: live.connections,
    ...endpoints,
    imports: { keys: apiKeys.imports, users: accounts.imports },
    purgeSessions: sessions.purge,
    /** Returns the setup token to show to the operator, if one was generated. */
    announceSetupToken: ({ replace = config.databaseUrl === null } = {}) =>
      accounts.setupToken.announce(database.fork(), replace),
    ...runParts(parts, platform, overrides.housekeepingMs),
  };
}
