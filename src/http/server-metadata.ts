import type { IncomingMessage, ServerResponse } from 'node:http';
import { SCOPES } from '../identity/scope.ts';
import { respondJson } from './respond.ts';
import type { Route } from './router.ts';

const WELL_KNOWN = '/.well-known/oauth-authorization-server';
/** How long clients may keep the metadata, in seconds. It changes with the configuration and the version only. */
const KEEP_SECONDS = 3600;

/**
 * Authorization server metadata, RFC 8414. There is none unless the issuer is an `https` URL, because a client compares
 * the two. For an issuer with a path, the path follows the well-known one (§3.1).
 *
 * The service has no authorization and no token endpoint: sessions begin and are refreshed by GraphQL.
 */
export function serverMetadataRoutes(issuer: string): [path: string, route: Route][] {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  if (url?.protocol !== 'https:') return [];
  const at = (path: string) => `${issuer.replace(/\/$/, '')}${path}`;
  const metadata = {
    issuer,
    jwks_uri: at('/.well-known/jwks.json'),
    introspection_endpoint: at('/v1/introspect'),
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    revocation_endpoint: at('/v1/revoke'),
    revocation_endpoint_auth_methods_supported: ['none'],
    scopes_supported: SCOPES,
    response_types_supported: [],
    grant_types_supported: [],
  };
  const headers = { 'Cache-Control': `public, max-age=${KEEP_SECONDS}` };
  const handle = (_request: IncomingMessage, response: ServerResponse) => respondJson(response, 200, metadata, headers);
  const route = { methods: ['GET', 'HEAD'], cors: ['GET'], handle };
  // Behind a proxy that removes the path of the issuer, and without one.
  const path = url.pathname.replace(/\/$/, '');
  return [...new Set([WELL_KNOWN, `${WELL_KNOWN}${path}`])].map((each) => [each, route]);
}
