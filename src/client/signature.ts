import { base64, hex, sha256, utf8 } from './bytes.ts';
import { contentDigest } from './content-digest.ts';

/** What a signature covers besides the time. */
export interface Signable {
  /** In upper case. */
  method: string;
  url: URL;
  body: Uint8Array<ArrayBuffer>;
  keyId: string;
  /** Milliseconds since the epoch. */
  timestamp: number;
  /** 16 to 128 of the characters `A-Z a-z 0-9 _ -`; never used before. */
  nonce: string;
}

/** HMAC-SHA-256 with the secret of the signing key. */
export type Mac = (text: string) => Promise<Uint8Array>;

/** Makes the headers that sign a request. `others` are the signatures that other parties have added. */
export type SignatureProfile = (signable: Signable, mac: Mac, others: Headers) => Promise<Record<string, string>>;

/** `X-Signature`, `X-Timestamp` and `X-Nonce`. A gateway, which has no body, needs `Content-Digest`, too. */
export const rekeyProfile: SignatureProfile = async ({ method, url, body, keyId, timestamp, nonce }, mac) => {
  const digest = await sha256(body);
  const signed = [method, url.pathname + url.search, timestamp, nonce, hex(digest)].join('\n');
  return {
    'content-digest': contentDigest(digest),
    'x-signature': `kid=${keyId};hmac-sha256=${hex(await mac(signed))}`,
    'x-timestamp': String(timestamp),
    'x-nonce': nonce,
  };
};

/** The name of our signature among those of other parties (RFC 9421 §4). */
const LABEL = 'rekey';

/** HTTP message signatures (RFC 9421) with `Content-Digest` (RFC 9530). */
export const messageSignatureProfile: SignatureProfile = async (signable, mac, others) => {
  const digest = contentDigest(await sha256(signable.body));
  const { parameters, base } = signatureBase(signable, digest);
  const add = (name: string, value: string) => {
    const before = others.get(name);
    return `${before === null ? '' : `${before}, `}${LABEL}=${value}`;
  };
  return {
    'content-digest': digest,
    'signature-input': add('signature-input', parameters),
    signature: add('signature', `:${base64(await mac(base))}:`),
  };
};

/** The signature base and the parameters that it ends with (RFC 9421 §2.5). */
export function signatureBase({ method, url, keyId, timestamp, nonce }: Omit<Signable, 'body'>, digest: string) {
  const covered = {
    '@method': method,
    '@authority': url.host,
    '@path': url.pathname,
    '@query': url.search || '?',
    'content-digest': digest,
  };
  const names = Object.keys(covered).map((name) => `"${name}"`);
  const created = Math.floor(timestamp / 1000);
  const parameters = `(${names.join(' ')});created=${created};nonce="${nonce}";keyid="${keyId}";alg="hmac-sha256"`;
  const lines = Object.entries({ ...covered, '@signature-params': parameters });
  return { parameters, base: lines.map(([name, value]) => `"${name}": ${value}`).join('\n') };
}

/** Imports the secret once. The key cannot be exported again. */
export function macOf(secret: string): Mac {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  let key: Promise<CryptoKey> | undefined;
  return async (text) => {
    key ??= crypto.subtle.importKey('raw', utf8(secret), algorithm, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', await key, utf8(text)));
  };
}
