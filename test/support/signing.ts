// Signs requests as README says it, with nothing of the service.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Credential } from './account.ts';

/** A request as its client signs it. */
export interface Signed {
  method?: string;
  /** Path and query. */
  target?: string;
  body?: string | Uint8Array;
  /** By the clock of the client, in milliseconds. */
  timestamp?: number;
  nonce?: string;
}

export const newNonce = (): string => randomBytes(16).toString('base64url');

/** The headers of a request that this key signs, in the profile of Rekey. */
export function signedHeaders(
  { id, secret }: Credential,
  { method = 'GET', target = '/v1/verify', body = '', timestamp = Date.now(), nonce = newNonce() }: Signed = {},
): Record<string, string> {
  const digest = createHash('sha256').update(body).digest('hex');
  const text = [method, target, timestamp, nonce, digest].join('\n');
  const hmac = createHmac('sha256', secret).update(text).digest('hex');
  return {
    'x-signature': `kid=${id};hmac-sha256=${hmac}`,
    'x-timestamp': String(timestamp),
    'x-nonce': nonce,
  };
}

/** `Content-Digest` of a body. */
export const digestOf = (body: string | Uint8Array): string =>
  `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

export interface HttpSigned extends Signed {
  /** The host that the client addresses. */
  authority: string;
  /** What is signed, in this order. */
  components?: readonly string[];
  /** The values of covered headers. */
  fields?: Record<string, string>;
  /** Replaces parameters of the signature; null removes one. */
  parameters?: Record<string, string | number | null>;
  label?: string;
}

/** What every signature by RFC 9421 must cover. */
export const COVERED = ['@method', '@authority', '@path', '@query', 'content-digest'];

/** The headers of a request that this key signs by RFC 9421. Without `created`, the client signs now. */
export function httpSignedHeaders({ id, secret }: Credential, request: HttpSigned): Record<string, string> {
  const { method = 'GET', target = '/v1/verify', body = '', timestamp = Date.now(), nonce = newNonce() } = request;
  const { authority, components = COVERED, fields = {}, parameters = {}, label = 'rekey' } = request;
  const [path, ...query] = target.split('?');
  const values: Record<string, string> = {
    '@method': method,
    '@authority': authority,
    '@path': path!,
    '@query': `?${query.join('?')}`,
    'content-digest': digestOf(body),
    ...fields,
  };
  const given = { created: Math.floor(timestamp / 1000), nonce, keyid: id, alg: 'hmac-sha256', ...parameters };
  const list = Object.entries(given)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `;${name}=${typeof value === 'number' ? value : `"${value}"`}`);
  const input = `(${components.map((name) => `"${name}"`).join(' ')})${list.join('')}`;
  const lines = components.map((name) => `"${name}": ${values[name]}`);
  const base = [...lines, `"@signature-params": ${input}`].join('\n');
  return {
    'content-digest': digestOf(body),
    'signature-input': `${label}=${input}`,
    signature: `${label}=:${createHmac('sha256', secret).update(base).digest('base64')}:`,
  };
}
