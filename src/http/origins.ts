import type { IncomingMessage } from 'node:http';
import { originOf } from '../kernel/origin.ts';

/** Which web pages may use the service from a browser. */
export interface Origins {
  /** Whether the operator has listed this origin. */
  isListed(origin: string | undefined): boolean;
  /** Whether the page that sends this request is the service's own (GraphiQL), or is listed. */
  isAllowed(request: IncomingMessage): boolean;
  /** Whether the operator has listed any. */
  readonly anyListed: boolean;
}

/**
 * @param listed origins as `originOf` spells them
 * @param isTrustedProxy whether the peer's `X-Forwarded-Proto` and `X-Forwarded-Host` are believed
 */
export function createOrigins(
  listed: readonly string[],
  isTrustedProxy: (request: IncomingMessage) => boolean,
): Origins {
  const isListed = (origin: string | undefined) => {
    const known = originOf(origin ?? '');
    return known !== null && listed.includes(known);
  };
  return {
    anyListed: listed.length > 0,
    isListed,
    isAllowed(request) {
      const { origin } = request.headers;
      if (isListed(origin)) return true;
      const behindProxy = isTrustedProxy(request);
      const scheme = (behindProxy && schemeOf(first(request.headers['x-forwarded-proto']))) || 'http';
      const host = (behindProxy && first(request.headers['x-forwarded-host'])) || request.headers.host;
      const own = originOf(`${scheme}://${host}`);
      return own !== null && own === originOf(origin ?? '');
    },
  };
}

/** Some proxies name the scheme of the WebSocket. The page has the other one. */
function schemeOf(forwarded: string): string {
  return forwarded.replace(/^ws(?=s?$)/i, 'http');
}

/** The first entry of a list that proxies extend: the one about the client's own connection. */
function first(header: string | string[] | undefined): string {
  return String(header ?? '')
    .split(',', 1)[0]!
    .trim();
}
