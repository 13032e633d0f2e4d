import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Origins } from './origins.ts';

/** How long a browser may remember a preflight, in seconds. Browsers shorten it to two hours at most. */
const PREFLIGHT_SECONDS = 7200;
const REQUEST_HEADERS =
  'Accept, Authorization, Content-Digest, Content-Type, Signature, Signature-Input, X-API-Key, X-Nonce, X-Rekey-Csrf, X-Request-Id, X-Signature, X-Timestamp';
const RESPONSE_HEADERS = 'Retry-After, WWW-Authenticate, X-Request-Id';

/**
 * CORS (the Fetch standard, §3.2) for listed origins. Without any, no response has a CORS header.
 *
 * @returns a function that sets the headers of a response, and returns true if it has answered a preflight
 */
export function createCors(origins: Origins) {
  return (request: IncomingMessage, response: ServerResponse, methods: readonly string[]): boolean => {
    if (!origins.anyListed) return false;
    // Also for a request without an origin: a cache must not use its response for another page.
    response.setHeader('Vary', 'Origin');
    const { origin } = request.headers;
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (origins.isListed(origin)) {
      response.setHeader('Access-Control-Allow-Origin', origin!);
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      if (isPreflight) {
        response.setHeader('Access-Control-Allow-Methods', methods.join(', '));
        response.setHeader('Access-Control-Allow-Headers', REQUEST_HEADERS);
        response.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
      } else {
        response.setHeader('Access-Control-Expose-Headers', RESPONSE_HEADERS);
      }
    }
    if (isPreflight) response.writeHead(204).end();
    return isPreflight;
  };
}

export type Cors = ReturnType<typeof createCors>;
