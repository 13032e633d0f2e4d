import { hex } from './bytes.ts';
import { macOf, messageSignatureProfile, rekeyProfile, type SignatureProfile } from './signature.ts';

export interface SignerOptions {
  /** The id of the signing key: `sgk_…`. */
  keyId: string;
  /** The secret of the signing key: `rks_…`. */
  secret: string;
  /** `rekey`: the header `X-Signature`. `rfc9421`: HTTP message signatures. Defaults to `rekey`. */
  profile?: 'rekey' | 'rfc9421';
  /** Sends the requests. Defaults to the global `fetch`. */
  fetch?: typeof globalThis.fetch;
  /** The wall clock: milliseconds since the epoch. Defaults to `Date.now`. */
  now?: () => number;
}

export interface Signer {
  /**
   * Returns a signed copy of a request. The copy may be sent once. The request itself stays readable, so that it can be
   * signed again. The body is read into memory.
   *
   * @throws TypeError if the request has a signature of Rekey
   */
  sign(request: Request): Promise<Request>;
  /**
   * Signs a request and sends it. If it is refused because of its timestamp, `fetch` corrects its clock by the header
   * `Date` of the response and sends the request once more.
   */
  fetch: typeof globalThis.fetch;
}

const PROFILES: Record<NonNullable<SignerOptions['profile']>, SignatureProfile> = {
  rekey: rekeyProfile,
  rfc9421: messageSignatureProfile,
};

/** A clock that differs by less is not the reason of a refusal: the service accepts 300 s by default. */
const NOTICEABLE_SKEW_MS = 30_000;

/**
 * Creates a signer for a signing key.
 *
 * @throws TypeError if `keyId` or `secret` has another form
 *
 * @example
 * ```ts
 * const signer = createSigner({ keyId: 'sgk_01JDQ8Z3W4F5G6H7J8K9M0N1P2', secret: process.env.SIGNING_SECRET });
 * await signer.fetch('https://api.example.com/orders', { method: 'POST', body: '{"amount":1}' });
 * ```
 */
export function createSigner({
  keyId,
  secret,
  profile = 'rekey',
  fetch = globalThis.fetch,
  now = Date.now,
}: SignerOptions): Signer {
  if (!/^sgk_[0-9A-Za-z]+$/.test(keyId)) throw new TypeError('`keyId` must be the id of a signing key: `sgk_…`.');
  if (!/^rks_[0-9A-Za-z]+$/.test(secret)) throw new TypeError('`secret` must be the secret of a signing key: `rks_…`.');
  const mac = macOf(secret);
  /** What the clock of the service is ahead of this one, in milliseconds. */
  let skew = 0;

  const sign = async (original: Request): Promise<Request> => {
    if (isSigned(original.headers)) throw new TypeError('The request is signed already. Sign the original request.');
    const request = withoutEmptyQuery(original);
    const body = new Uint8Array(await request.clone().arrayBuffer());
    const headers = new Headers(request.headers);
    const timestamp = Math.floor(now() + skew);
    const nonce = hex(crypto.getRandomValues(new Uint8Array(16)));
    const method = request.method.toUpperCase();
    const signable = { method, url: new URL(request.url), body, keyId, timestamp, nonce };
    for (const [name, value] of Object.entries(await PROFILES[profile](signable, mac, headers))) {
      headers.set(name, value);
    }
    return body.length > 0 ? new Request(request, { headers, body }) : new Request(request.clone(), { headers });
  };

  return {
    sign,
    async fetch(input, init) {
      const request = new Request(input, init);
      const response = await fetch(await sign(request));
      const date = Date.parse(response.headers.get('date') ?? '');
      if (response.status !== 401 || Number.isNaN(date)) return response;
      const measured = date - now();
      const reason = await reasonOf(response.clone());
      // A gateway may answer with a page of its own, without the reason.
      const isLikely = reason === undefined && Math.abs(measured - skew) > NOTICEABLE_SKEW_MS;
      if (reason !== 'TIMESTAMP_OUT_OF_RANGE' && !isLikely) return response;
      skew = measured;
      return fetch(await sign(request));
    },
  };
}

function isSigned(headers: Headers): boolean {
  return headers.has('x-signature') || /keyid="sgk_/.test(headers.get('signature-input') ?? '');
}

/** `https://host/path?` without the last character: some runtimes send it and others do not. */
function withoutEmptyQuery(request: Request): Request {
  const url = new URL(request.url);
  if (url.search !== '' || !request.url.includes('?')) return request;
  url.search = '';
  return new Request(url, request.clone());
}

/** Why the service has refused a request; undefined if the response does not say so. */
async function reasonOf(response: Response): Promise<unknown> {
  const body = Object(await response.json().catch(() => null));
  return body.reason ?? body.errors?.[0]?.extensions?.reason;
}
