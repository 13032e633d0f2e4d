import type { ReadForwarded } from '../credentials/asked-request.ts';
import type { Platform } from '../platform.ts';
import { createFollowerPositions } from './follower.ts';
import { createGraphQLEndpoint, type GraphQLEndpointOptions } from './graphql.ts';
import { createHomePage } from './home-page.ts';
import { createIntrospect, type IntrospectOptions } from './introspect.ts';
import { createJwks, type JwtKeySet } from './jwks.ts';
import { createMetricsEndpoint } from './metrics.ts';
import { createOpenApi } from './openapi.ts';
import { createReadiness } from './readiness.ts';
import { createRevocations, type RevocationsOptions } from './revocations.ts';
import { createRevoke, type RevokeOptions } from './revoke.ts';
import type { Route } from './router.ts';
import { createServerMetadata, metadataOfPath } from './server-metadata.ts';
import { createVerify } from './verify.ts';

export interface Endpoints extends Omit<IntrospectOptions, 'followers'>, RevocationsOptions {
  graphql: Omit<GraphQLEndpointOptions, 'live' | 'addressOf'>;
  readForwarded: ReadForwarded;
  jwtKeys: JwtKeySet;
  possession: RevokeOptions;
  /** Whether `/metrics` has a port of its own. */
  metricsApart: boolean;
  platform: Pick<Platform, 'health' | 'replica' | 'shared' | 'registry'>;
  /** Whether this replica is about to stop. */
  isStopping: () => boolean;
  /** The metrics, in the format of Prometheus. */
  scrape: () => Promise<string>;
}

/** Every endpoint of the service by its path, and those on the port for metrics. */
export function createRoutes({
  graphql,
  readForwarded,
  jwtKeys,
  possession,
  metricsApart,
  platform,
  isStopping,
  scrape,
  ...access
}: Endpoints): { routes: Map<string, Route>; metricsRoutes: Map<string, Route> } {
  const { health, replica, shared, registry } = platform;
  const jwks = createJwks(jwtKeys);
  const ready = createReadiness({
    database: () => health.problem(),
    leaseHeld: () => replica.leaseRemaining() > 0,
    sharedCache: shared && (() => shared.state()),
    isStopping,
  });
  const followers = createFollowerPositions(replica);
  const metrics = createMetricsEndpoint(scrape, registry.contentType);
  const read = { methods: ['GET', 'HEAD'] };
  const openApi = createOpenApi(!metricsApart);
  const verify = createVerify(access.authenticate, { readForwarded, followers, refusedLater: access.refusedLater });
  const metadata = createServerMetadata(access.issuer);
  const serverMetadata: Route = { ...read, cors: ['GET'], handle: (_request, response) => metadata(response) };
  const routes = new Map<string, Route>([
    ['/', { ...read, handle: createHomePage() }],
    ['/graphql', { handle: createGraphQLEndpoint({ ...graphql, ...access }), cors: ['POST'] }],
    // Gateways send the method of the request that they verify.
    ['/v1/verify', { writesAllHeaders: true, handle: verify }],
    ['/v1/introspect', { methods: ['POST'], handle: createIntrospect({ ...access, followers }) }],
    ['/v1/revoke', { methods: ['POST'], handle: createRevoke(possession), cors: ['POST'] }],
    ['/v1/revocations', { methods: ['GET'], handle: createRevocations(access), cors: ['GET'] }],
    ['/.well-known/jwks.json', { ...read, handle: (_request, response) => jwks(response) }],
    ['/.well-known/oauth-authorization-server', serverMetadata],
    ...metadataOfPath(access.issuer, serverMetadata),
    ['/openapi.json', { ...read, cors: ['GET'], handle: (_request, response) => openApi(response) }],
    ['/livez', { ...read, handle: (_request, response) => response.setHeader('Cache-Control', 'no-store').end('ok') }],
    ['/readyz', { ...read, handle: (_request, response) => ready(response) }],
    ['/metrics', { ...read, handle: (_request, response) => metrics(response) }],
  ]);
  const metricsRoutes = new Map([...routes].filter(([path]) => path === '/metrics'));
  if (metricsApart) routes.delete('/metrics');
  return { routes, metricsRoutes };
}
