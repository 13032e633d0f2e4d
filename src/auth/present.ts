import { contradictoryCredentials } from '../access/access-error.ts';

/** What a request carries to say who it comes from. */
export type Presented = { carrier: 'bearer' | 'apiKeyHeader'; text: string };

/** Headers as Node gives them: names in lower case. */
export type HeaderValues = { readonly [name: string]: string | string[] | undefined };

/**
 * The one credential of a request: `Authorization: Bearer …` (RFC 6750 §2.1, the scheme in any case) or `X-API-Key`.
 * Never the URL, never the body (RFC 6750 §2.3 warns of the first, and proxies log it).
 *
 * @returns null where there is none; an empty text where there is one that cannot be read, and so is refused
 * @throws AccessError where two different ones are presented
 */
export function presentedCredential(headers: HeaderValues): Presented | null {
  const { authorization } = headers;
  const apiKey = headers['x-api-key'];
  if (authorization === undefined && apiKey === undefined) return null;
  const bearer = authorization === undefined ? null : bearerOf(single(authorization));
  if (apiKey === undefined) return { carrier: 'bearer', text: bearer ?? '' };
  const key = single(apiKey).trim();
  if (bearer !== null && bearer !== key) throw contradictoryCredentials();
  return { carrier: 'apiKeyHeader', text: key };
}

function bearerOf(authorization: string): string {
  const match = /^bearer +(\S+) *$/i.exec(authorization);
  return match?.[1] ?? '';
}

/** Node joins repeated headers, or lists them; either way a repeated credential is a contradiction. */
function single(value: string | string[]): string {
  if (typeof value === 'string') return value;
  if (new Set(value).size > 1) throw contradictoryCredentials();
  return value[0] ?? '';
}
