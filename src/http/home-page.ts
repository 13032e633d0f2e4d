import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHtmlPage } from './html-page.ts';
import { respondJson } from './respond.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}
dt{font-family:ui-monospace,monospace}dd{margin:0 0 .75rem 1.5rem}`;

/** The endpoints for people and for clients, each with what it is for. */
const ENDPOINTS: readonly { path: string; text: string; isLink: boolean }[] = [
  { path: '/graphql', text: 'GraphQL. In a browser: GraphiQL, with the whole schema.', isLink: true },
  { path: '/v1/verify', text: 'Forward authentication for gateways.', isLink: false },
  { path: '/v1/introspect', text: 'Token introspection (RFC 7662).', isLink: false },
  { path: '/v1/revoke', text: 'Token revocation (RFC 7009).', isLink: false },
  { path: '/v1/revocations', text: 'The feed of revocations, as a long poll.', isLink: false },
  { path: '/.well-known/jwks.json', text: 'The public keys of the access tokens.', isLink: true },
  { path: '/openapi.json', text: 'The endpoints above but GraphQL, as OpenAPI 3.1.', isLink: true },
  { path: '/readyz', text: 'Whether this replica is ready.', isLink: true },
];

const HTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Rekey</title><meta name="viewport" content="width=device-width">
<style>${STYLE}</style></head>
<body><h1>Rekey</h1><p>This is a credential service: it issues, verifies, rotates and revokes credentials.</p><dl>
${ENDPOINTS.map(({ path, text, isLink }) => `<dt>${isLink ? `<a href="${path}">${path}</a>` : path}</dt><dd>${text}</dd>`).join('\n')}
</dl></body></html>
`;

const CONTENT_SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/** `GET /`: a small page for a browser; JSON with the same endpoints for any other client. It reveals no version. */
export function createHomePage() {
  const page = createHtmlPage(async () => ({ html: HTML, contentSecurityPolicy: CONTENT_SECURITY_POLICY }));
  const endpoints = Object.fromEntries(ENDPOINTS.map(({ path, text }) => [path, text]));
  return (request: IncomingMessage, response: ServerResponse): unknown => {
    if (request.headers.accept?.includes('text/html')) return page(request, response);
    return respondJson(response, 200, { name: 'rekey', endpoints });
  };
}
