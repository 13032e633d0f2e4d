import type { IncomingMessage } from 'node:http';

/** The endpoints that authenticate, the most frequent one first. */
const ENDPOINTS = ['/v1/verify', '/graphql', '/v1/introspect', '/v1/revocations'];

/** The path of the endpoint that a request addresses, if that authenticates. It is one of few texts. */
export function endpointOf({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  for (const path of ENDPOINTS) {
    if (url.startsWith(path) && (url.length === path.length || url[path.length] === '?')) return path;
  }
  return 'other';
}
