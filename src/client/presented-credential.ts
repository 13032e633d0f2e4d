import { utf8 } from './bytes.ts';

/** Reads the values of a header: one for each time that the request has it. */
export type HeaderValues = (name: string) => readonly string[];

/** The secret that a request presents, or why it has none that could be valid. */
export type Presented = { secret: string } | 'none' | 'invalid' | 'contradictory';

/**
 * The one credential of a request, by the rules of `/v1/verify`: `Authorization: Bearer …` or `X-API-Key`. Another scheme
 * is ignored. If only one of the two has the form of a credential of Rekey, the other one is ignored. Different values of
 * one header contradict each other: a proxy may have read another one.
 */
export function presentedCredential(values: HeaderValues): Presented {
  const [authorization, ...moreOfIt] = values('authorization');
  const [apiKeyHeader = '', ...moreKeys] = values('x-api-key');
  const areEqual = moreOfIt.every((value) => value === authorization) && moreKeys.every((key) => key === apiKeyHeader);
  if (!areEqual) return 'contradictory';
  const bearer = authorization === undefined ? null : bearerOf(authorization);
  const apiKey = trimmed(apiKeyHeader);
  if (apiKey === '') return bearer === null ? 'none' : { secret: bearer };
  if (bearer !== null && bearer !== apiKey) {
    if (isOurs(bearer)) return isOurs(apiKey) ? 'contradictory' : { secret: bearer };
    // An imported secret must be alone in the request.
    if (!isOurs(apiKey)) return 'invalid';
  }
  // The service takes an access token as a Bearer only. The verifier presents every secret as a Bearer.
  return isAccessToken(apiKey) ? 'invalid' : { secret: apiKey };
}

/** The text after `Bearer`; empty if it cannot be read; null if the scheme is another one. */
function bearerOf(authorization: string): string | null {
  if (!/^bearer(?![-!#$%&'*+.^_`|~0-9a-z])/i.test(authorization)) return null;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';
}

/** Removes the white space that HTTP allows around a value. `trim` also removes other characters. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isWhiteSpace(text[start]!)) start++;
  while (end > start && isWhiteSpace(text[end - 1]!)) end--;
  return text.slice(start, end);
}

const isWhiteSpace = (character: string) => character === ' ' || character === '\t';

/** Whether a text has the form of a secret or an access token that Rekey issues. It need not be valid. */
function isOurs(text: string): boolean {
  return isSecret(text) || isAccessToken(text);
}

const SECRET = /^rk[adrsip]_[0-9A-Za-z]{36}$/;

function isSecret(text: string): boolean {
  return SECRET.test(text) && checksum(text.slice(0, -6)) === text.slice(-6);
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** CRC-32 as six digits of base62. */
function checksum(text: string): string {
  let crc = ~0;
  for (const byte of utf8(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = ~crc >>> 0;
  let digits = '';
  for (; digits.length < 6; rest = Math.floor(rest / 62)) digits = DIGITS[rest % 62] + digits;
  return digits;
}

/** How the header of every access token of Rekey begins. */
const BEGINNING = 'eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6';
/** Base64url without padding, in its only spelling: the unused bits of the last character are zero. */
const PART = '(?=[\\w-])(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?';
const COMPACT_JWS = new RegExp(`^${PART}\\.${PART}\\.${PART}$`);

function isAccessToken(text: string): boolean {
  return text.length <= 8192 && text.startsWith(BEGINNING) && COMPACT_JWS.test(text);
}
