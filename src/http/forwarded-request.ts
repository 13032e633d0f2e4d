import type { AuthenticatedRequest, ReadForwarded } from '../credentials/asked-request.ts';
import { signatureRefused } from '../identity/access-error.ts';

/**
 * Reads the request that a gateway asks `/v1/verify` about: `X-Forwarded-Method` and `X-Forwarded-Uri`, and
 * `X-Forwarded-Host` if the gateway sends it. Any client can write these headers, so they count from our own proxies only.
 *
 * @param isTrustedProxy whether the peer of a request is one of our proxies
 */
export function createReadForwarded(isTrustedProxy: (request: AuthenticatedRequest) => boolean): ReadForwarded {
  return (request) => {
    const { headers } = request;
    const method = headers['x-forwarded-method'];
    const target = headers['x-forwarded-uri'];
    if ((method === undefined && target === undefined) || !isTrustedProxy(request)) return null;
    const host = headers['x-forwarded-host'];
    if (method === undefined || target === undefined) throw signatureRefused('SIGNATURE_INCOMPLETE');
    // Node joins a repeated header with commas. A gateway that adds its own value to that of the client is misconfigured.
    if (!isMethod(method) || !isTarget(target) || !(host === undefined || isHost(host)))
      throw signatureRefused('SIGNATURE_MALFORMED');
    return { method, target, forwardedHost: host ?? null };
  };
}

type Header = string | string[];

const isMethod = (given: Header): given is string => typeof given === 'string' && /^[A-Za-z-]{1,32}$/.test(given);
/** A comma with a space would be a second value. No URL has a space. */
const isTarget = (given: Header): given is string => typeof given === 'string' && /^\/\S*$/.test(given);
const isHost = (given: Header): given is string => typeof given === 'string' && /^[^\s,/?#@]{1,255}$/.test(given);
