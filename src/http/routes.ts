import { createGraphQLEndpoint, type GraphQLEndpointOptions } from './graphql.ts';
import { createIntrospect, type IntrospectOptions } from './introspect.ts';
import type { JwtKeySet } from './jwks.ts';
import { createJwks } from './jwks.ts';
import { createReadiness, type Readiness } from './readiness.ts';
import type { Handler, Route } from './router.ts';
import { createVerify } from './verify.ts';

export interface Endpoints extends IntrospectOptions {
  graphql: GraphQLEndpointOptions;
  jwtKeys: JwtKeySet;
  readiness: Readiness;
  scrape: (response: Parameters<Handler>[1]) => unknown;
}

/** Every endpoint of the service, by its path. */
export function createRoutes({ graphql, jwtKeys, readiness, scrape, ...introspection }: Endpoints): Map<string, Route> {
  const jwks = createJwks(jwtKeys);
  const ready = createReadiness(readiness);
  const read = { methods: ['GET', 'HEAD'] };
  return new Map<string, Route>([
    ['/graphql', { handle: createGraphQLEndpoint(graphql) }],
    // Gateways send the method of the request that they verify.
    ['/v1/verify', { writesAllHeaders: true, handle: createVerify(introspection.authenticate) }],
    ['/v1/introspect', { methods: ['POST'], handle: createIntrospect(introspection) }],
    ['/.well-known/jwks.json', { ...read, handle: (_request, response) => jwks(response) }],
    ['/livez', { ...read, handle: (_request, response) => response.setHeader('Cache-Control', 'no-store').end('ok') }],
    ['/readyz', { ...read, handle: (_request, response) => ready(response) }],
    ['/metrics', { ...read, handle: (_request, response) => scrape(response) }],
  ]);
}
