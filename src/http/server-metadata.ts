import type { ServerResponse } from 'node:http';
import { SCOPES } from '../identity/scope.ts';
import { respondJson, respondWith } from './respond.ts';
import type { Route } from './router.ts';

const WELL_KNOWN = '/.well-known/oauth-authorization-server';
/** How long clients may keep the metadata, in seconds. It changes with the configuration and the version only. */
const KEEP_SECONDS = 3600;

/**
 * Authorization server metadata, RFC 8414. There is none unless the issuer is an `https` URL, because clients compare the
 * two. The service has no authorization endpoint and no token endpoint: sessions begin and are refreshed by GraphQL.
 */
export function createServerMetadata(issuer: string) {
  if (urlOf(issuer)) return respondWith(describe(issuer), { keepSeconds: KEEP_SECONDS });
  return (response: ServerResponse): void => {
    const error_description = 'The issuer of this service is not an https URL. The operator can set REKEY_ISSUER.';
    respondJson(response, 404, { error: 'not_found', error_description });
  };
}

/** The second path of the metadata, for an issuer with a path: it follows the well-known path (§3.1). */
export function metadataOfPath(issuer: string, route: Route): [path: string, route: Route][] {
  const path = urlOf(issuer)?.pathname.replace(/\/$/, '') ?? '';
  return path === '' ? [] : [[`${WELL_KNOWN}${path}`, route]];
}

function urlOf(issuer: string): URL | null {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  return url?.protocol === 'https:' ? url : null;
}

function describe(issuer: string) {
  const base = issuer.replace(/\/$/, '');
  return {
    issuer,
    jwks_uri: `${base}/.well-known/jwks.json`,
    introspection_endpoint: `${base}/v1/introspect`,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    revocation_endpoint: `${base}/v1/revoke`,
    revocation_endpoint_auth_methods_supported: ['none'],
    scopes_supported: SCOPES,
    response_types_supported: [],
    grant_types_supported: [],
  };
}
