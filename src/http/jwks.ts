import type { ServerResponse } from 'node:http';
import { respondJson } from './respond.ts';

/** How long others may cache the keys, in seconds. A new key is published for longer than this before it signs. */
const KEEP_SECONDS = 300;

export interface JwtKeySet {
  readonly jwks: { keys: unknown[] };
}

/** The public keys of the access tokens (RFC 7517 §5), for offline verification. */
export function createJwks(keys: JwtKeySet) {
  return (response: ServerResponse): void =>
    respondJson(response, 200, keys.jwks, { 'Cache-Control': `public, max-age=${KEEP_SECONDS}` });
}
